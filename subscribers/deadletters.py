"""The dead letters topic: what was refused, by whom and why, with all that is needed to try it again.

Rules kept here:
- The id of a letter comes from what was refused, never from when or where: the same row refused twice is one letter.
- Headers of ours stand before the headers that the refused record had, each once; what follows is the record's own.
- That a letter was replayed is a decision of people, so it stands among the commands, keyed by the letter's id.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Literal

import orjson

from eventlog.reading import read_to_end
from eventlog.record import Header, Record
from schemas.command import Replay
from schemas.topics import COMMANDS, DEADLETTERS
from subscribers.commands import command_record, decode_command

ID_DIGITS: Final = 16
_OURS: Final = (
    *("vigil_reason", "vigil_field", "vigil_position", "vigil_feed", "vigil_release", "vigil_context"),
    *("vigil_length", "vigil_sha256"),
)


@dataclass(frozen=True, slots=True)
class Letter:
    """One refused row or record.

    `position` is {file, record, line} of a producer's row, the text topic:partition:offset of the ledger's record.
    `value` is cut when `length`, the number of bytes that were refused, is greater. `own_headers` are those of the
    refused record. `place` is where the letter itself stands, `taken_ms` when the log took it.
    """

    id: str
    origin: Literal["producer", "ledger"]
    feed: str | None
    release: str | None
    reason: str
    field: str | None
    position: dict[str, Any] | str
    key: bytes | None
    value: bytes | None
    context: bytes | None
    length: int
    own_headers: tuple[Header, ...]
    place: str
    taken_ms: int

    @property
    def is_whole(self) -> bool:
        """Whether all bytes of what was refused are here."""
        return self.length == len(self.value or b"")


async def read_letters(bootstrap: str, *, topic_prefix: str = "") -> AsyncGenerator[Letter, None]:
    """Yield every letter up to the topic's present end; in the order of the topic within a partition."""
    async for batch in read_to_end(bootstrap, topic_prefix + DEADLETTERS):
        for record in batch:
            yield decode_letter(record)


async def read_replays(bootstrap: str, *, topic_prefix: str = "") -> dict[str, int]:
    """Return the ids of the letters that were replayed with success, and when: milliseconds since 1970."""
    replayed: dict[str, int] = {}
    async for batch in read_to_end(bootstrap, topic_prefix + COMMANDS):
        for record in batch:
            letter_id = replayed_letter(record)
            if letter_id is not None:
                replayed[letter_id] = record.timestamp_ms
    return replayed


def replayed_letter(record: Record) -> str | None:
    """Return the id of the letter that a command says was replayed; None of any other command, or of what is none."""
    command = decode_command(record)
    return command.dead_letter if isinstance(command, Replay) else None


def replay_command(letter_id: str, event_ids: Sequence[str]) -> tuple[bytes, bytes, list[Header]]:
    """Return key, value and headers of the command that says: this letter has become these events (or was left out)."""
    return command_record(Replay(command="replay", dead_letter=letter_id, events=tuple(event_ids)))


def decode_letter(record: Record) -> Letter:
    """Return the letter of a record of the topic."""
    ours, own = _split(record.headers)
    said = {name: value.decode(errors="replace") for name, value in ours.items()}
    position = said.get("vigil_position", "")
    origin: Literal["producer", "ledger"] = "producer" if position.startswith("{") else "ledger"
    value = record.value
    return Letter(
        id=_identity(record, ours, own, origin=origin),
        origin=origin,
        feed=said.get("vigil_feed") if origin == "producer" else _feed(record.key, own),
        release=said.get("vigil_release"),
        reason=said.get("vigil_reason", ""),
        field=said.get("vigil_field") or None,
        position=orjson.loads(position) if origin == "producer" else position,
        key=record.key,
        value=value,
        context=ours.get("vigil_context"),
        length=int(said.get("vigil_length", len(value or b""))),
        own_headers=own,
        place=f"{record.topic}:{record.partition}:{record.offset}",
        taken_ms=record.timestamp_ms,
    )


def _split(headers: Sequence[Header]) -> tuple[dict[str, bytes], tuple[Header, ...]]:
    ours: dict[str, bytes] = {}
    for number, (name, value) in enumerate(headers):
        if name not in _OURS or name in ours:
            return ours, tuple(headers[number:])
        ours[name] = value
    return ours, ()


def _identity(record: Record, ours: dict[str, bytes], own: tuple[Header, ...], *, origin: str) -> str:
    digest = sha256(origin.encode())
    told = [ours.get(name) for name in ("vigil_feed", "vigil_release", "vigil_context", "vigil_sha256")]
    for part in (*told, record.key, record.value, *(part for name, value in own for part in (name.encode(), value))):
        # Each part with its length before it: no two lists of parts run into the same bytes.
        digest.update(b"-" if part is None else b"%d:" % len(part) + part)
    return digest.hexdigest()[:ID_DIGITS]


def _feed(key: bytes | None, own: tuple[Header, ...]) -> str | None:
    """The feed of a record that the ledger refused: as its CloudEvent says, or else as its key begins."""
    source = dict(own).get("ce_source", b"").decode(errors="replace")
    if source.startswith("vigil:"):
        return source.removeprefix("vigil:")
    feed, colon, _ = (key or b"").decode(errors="replace").partition(":")
    return feed if colon else None
