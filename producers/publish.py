"""The thin loop from rows to the log, and its summary.

Rules kept here (INTERFACES, command line):
- read = published + merged + skipped + dead_lettered, whatever happens.
- When more than 20 % of the last 1,000 rows (at least 100) were bad, reading stops; what was sent stays.
- The same file gives the same bytes each time: nothing here asks a clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Final, Protocol

import orjson

from eventlog.record import Header
from producers.rows import DeadLetter, Held, Merged, Published, Row, Skipped
from schemas.errors import Failed
from schemas.topics import DEADLETTERS, events_topic
from timeline.cloud_events import headers_of
from timeline.identity import Assertion, assertion, encode

WINDOW_ROWS: Final = 1000
WINDOW_AT_LEAST: Final = 100
BAD_SHARE: Final = 0.2
_PROGRESS_ROWS: Final = 500


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of the data rows. `withdrawn` comes on top: withdrawals that no row states."""

    read: int = 0
    published: int = 0
    merged: int = 0
    skipped: int = 0
    withdrawn: int = 0
    dead_lettered: int = 0

    def line(self) -> bytes:
        """Return the summary as JSON, in this order."""
        return orjson.dumps(asdict(self))


class Stopped(Failed):
    """Reading ended early; `summary` says what had become of the rows by then."""

    def __init__(self, reason: str, summary: Summary) -> None:
        self.summary = summary
        super().__init__(reason)


class Outlet(Protocol):
    """Where events and dead letters go."""

    def event(self, statement: Assertion) -> None:
        """Take an event."""

    def dead_letter(self, letter: DeadLetter) -> None:
        """Take a row that can never become one."""

    def flush(self) -> None:
        """Return when all that was taken is safe."""


class Log(Protocol):
    """The part of an event log that is written to."""

    def send(self, topic: str, *, key: bytes | None, value: bytes | None, headers: list[Header]) -> None:
        """Take a record."""

    def flush(self) -> None:
        """Return when every record taken so far is safe."""


class LogOutlet:
    """To the topics of a log: events keyed by their id, dead letters as they were found."""

    def __init__(self, log: Log, *, feed: str, topic_prefix: str = "", release: str | None = None) -> None:
        """`release` is what dead letters say of the release that their rows belong to: NAME@DATE."""
        self._log = log
        self._feed = feed
        self._release = release
        self._prefix = topic_prefix

    def event(self, statement: Assertion) -> None:
        """Send an event to the topic of its type."""
        topic = self._prefix + events_topic(statement.document["type"])
        self._log.send(topic, key=statement.id.encode(), value=encode(statement), headers=headers_of(statement))

    def dead_letter(self, letter: DeadLetter) -> None:
        """Send the bytes of a row to the dead letters; headers say why, where it stood, and how long it was."""
        headers: list[Header] = [
            ("vigil_reason", letter.reason.encode()),
            ("vigil_field", (letter.field or "").encode()),
            ("vigil_position", orjson.dumps(letter.position._asdict())),
            ("vigil_feed", self._feed.encode()),
        ]
        if self._release is not None:
            headers.append(("vigil_release", self._release.encode()))
        if letter.context is not None:
            headers.append(("vigil_context", letter.context))
        if letter.sha256 is not None:
            headers += [("vigil_length", str(letter.length).encode()), ("vigil_sha256", letter.sha256.encode())]
        self._log.send(self._prefix + DEADLETTERS, key=None, value=letter.raw, headers=headers)

    def flush(self) -> None:
        """Return when the log has acknowledged all."""
        self._log.flush()


class Lines:
    """As JSON lines without line ends: an event as it would be sent, a dead letter without its bytes."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write

    def event(self, statement: Assertion) -> None:
        """Write an event."""
        self._write(encode(statement))

    def dead_letter(self, letter: DeadLetter) -> None:
        """Write what is wrong with a row."""
        told = {"reason": letter.reason, "field": letter.field, "position": letter.position._asdict()}
        self._write(orjson.dumps({"dead_letter": told}))

    def flush(self) -> None:
        """Do nothing: whoever gave `write` flushes."""


class Nowhere:
    """Into nothing, to count only."""

    def event(self, statement: Assertion) -> None:
        """Drop an event."""

    def dead_letter(self, letter: DeadLetter) -> None:
        """Drop a dead letter."""

    def flush(self) -> None:
        """Do nothing."""


def publish(rows: Iterable[Row], outlet: Outlet, *, on_progress: Callable[[int], object] = lambda _: None) -> Summary:
    """Send what the rows hold; `on_progress` is told from time to time how many were read.

    Raises:
        Stopped: too many rows were bad, or reading failed; what was sent before is safe.
        Failed, Transient: the outlet did not take a record.
    """
    count = _Count()
    for row in _until_stopped(rows, count):
        if isinstance(row, Published):
            outlet.event(assertion(row.event))
        elif isinstance(row, DeadLetter):
            outlet.dead_letter(row)
        if count.seen % _PROGRESS_ROWS == 0:
            on_progress(count.seen)
    outlet.flush()
    on_progress(count.seen)
    if count.failure is not None:
        raise Stopped(count.failure, count.summary())
    return count.summary()


def _until_stopped(rows: Iterable[Row], count: _Count) -> Iterator[Row]:
    """Yield and count rows until reading fails or too many of them are bad."""
    try:
        for row in rows:
            count.add(row)
            yield row
            if count.failure is not None:
                return
    except Failed as error:
        count.failure = str(error)


class _Count:
    """How many rows of each kind there were, and whether the last of them were too bad to go on."""

    def __init__(self) -> None:
        self.failure: str | None = None
        self._published = self._merged = self._skipped = self._dead = self._held = 0
        self._bad: deque[bool] = deque(maxlen=WINDOW_ROWS)
        self._bad_in_window = 0

    @property
    def seen(self) -> int:
        """Rows that were read so far."""
        return self._published + self._merged + self._skipped + self._dead + self._held

    def add(self, row: Row) -> None:
        """Count a row; sets `failure` when it is one bad row too many."""
        if isinstance(row, Held):
            self._held += 1
        elif isinstance(row, DeadLetter):
            self._dead += 1
            self._held -= row.late
        elif isinstance(row, Skipped):
            self._skipped += 1
        else:
            self._published += isinstance(row, Published)
            self._merged += isinstance(row, Merged)
            # A parser that holds rows holds all of them first.
            self._held -= self._held > 0
        self._watch(bad=isinstance(row, DeadLetter))

    def summary(self) -> Summary:
        """Return the summary; rows that were held when reading stopped became nothing and count as skipped."""
        skipped = self._skipped + self._held
        read = self._published + self._merged + skipped + self._dead
        return Summary(read, self._published, self._merged, skipped, 0, self._dead)

    def _watch(self, *, bad: bool) -> None:
        window = self._bad
        self._bad_in_window += bad - (len(window) == WINDOW_ROWS and window[0])
        window.append(bad)
        if bad and len(window) >= WINDOW_AT_LEAST and self._bad_in_window > BAD_SHARE * len(window):
            self.failure = (
                f"{self._bad_in_window} of the last {len(window)} rows were bad, so reading stopped; "
                "what was sent before stays. See the dead letters for the reasons"
            )
