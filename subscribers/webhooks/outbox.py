"""The outbox: every message in the order in which it is sent, and how far each endpoint is; one SQLite file.

Rules kept here:
- A message is put in once, by its id; its place in the order never changes. So an endpoint's position is one number,
  and what is decided again after a restart adds nothing.
- Nothing is ever taken out: an endpoint that was away for weeks reads on from its position, page by page.
- The file can be made again from the log. Without it every endpoint is sent again what it was told since it was added.

The database is the worker's; others open it to read. A commit is safe from `kill -9`; a power cut may take back the
last ones, all of them from some moment on, which leads to repeats and to no gap.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Final, NamedTuple, Self

import orjson

from schemas.errors import Failed
from subscribers.webhooks.messages import FILTERED, Message
from subscribers.webhooks.retries import Progress

FILE: Final = "outbox.db"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS messages (
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, decision TEXT NOT NULL,
    scope TEXT NOT NULL, rule TEXT NOT NULL, feed TEXT NOT NULL, first_day TEXT NOT NULL, last_day TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS progress (endpoint TEXT PRIMARY KEY, said TEXT NOT NULL);
"""
_BUSY_SECONDS: Final = 10.0


class Head(NamedTuple):
    """What is asked of a message to know who is sent it; `alert` holds the members that filters ask for."""

    position: int
    at: int
    decision: str
    alert: dict[str, str]


class Outbox:
    """The outbox of a folder."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open it to write, and make it where there is none. Raises: Failed when the file is something else."""
        path = folder / FILE
        path.touch(mode=0o600)
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            connection.close()
            raise Failed(f"{path} is no outbox ({error}); move it away, and what was told is sent once more") from error
        return cls(connection)

    @classmethod
    def look(cls, folder: Path) -> Self | None:
        """Open it to read; None where there is none yet."""
        path = folder / FILE
        if not path.exists():
            return None
        return cls(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS))

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def append(self, messages: Iterable[Message]) -> int:
        """Put in those that are not there yet, in one transaction; return how many."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            added = sum(self._put(message) for message in messages)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        return added

    def heads(self, after: int, *, limit: int) -> list[Head]:
        """Return the next messages after a position, in order."""
        columns = ", ".join(FILTERED)
        rows = self._db.execute(
            f"SELECT position, at, decision, {columns} FROM messages WHERE position > ? ORDER BY position LIMIT ?",  # noqa: S608 - names of ours
            (after, limit),
        )
        return [
            Head(position, at, decision, dict(zip(FILTERED, alert, strict=True)))
            for position, at, decision, *alert in rows
        ]

    def message(self, position: int) -> tuple[str, bytes]:
        """Return id and body of a message."""
        name, body = self._db.execute("SELECT id, body FROM messages WHERE position = ?", (position,)).fetchone()
        return name, zlib.decompress(body)

    def progress(self, endpoint: str) -> Progress:
        """Return how far an endpoint is."""
        found = self._db.execute("SELECT said FROM progress WHERE endpoint = ?", (endpoint,)).fetchone()
        said = {} if found is None else orjson.loads(found[0])
        return Progress(**{name: said[name] for name in _PROGRESS if name in said})

    def save(self, endpoint: str, progress: Progress) -> None:
        """Keep how far an endpoint is."""
        said = orjson.dumps(asdict(progress)).decode()
        self._db.execute("INSERT OR REPLACE INTO progress VALUES (?, ?)", (endpoint, said))

    def forget(self, *, but: Iterable[str]) -> None:
        """Drop the progress of all endpoints but these."""
        kept = set(but)
        for (endpoint,) in self._db.execute("SELECT endpoint FROM progress").fetchall():
            if endpoint not in kept:
                self._db.execute("DELETE FROM progress WHERE endpoint = ?", (endpoint,))

    def _put(self, message: Message) -> int:
        # Asked first: after a restart nearly all are there, and making a body is most of the work.
        if self._db.execute("SELECT 1 FROM messages WHERE id = ?", (message.id,)).fetchone() is not None:
            return 0
        row = (message.id, message.at, message.decision, *(message.transition[name] for name in FILTERED))
        self._db.execute(
            f"INSERT INTO messages (id, at, decision, {', '.join(FILTERED)}, body) VALUES (?,?,?,?,?,?,?,?,?)",  # noqa: S608 - names of ours
            (*row, zlib.compress(message.body())),
        )
        return 1


_PROGRESS: Final = tuple(each.name for each in fields(Progress))
