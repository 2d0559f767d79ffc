"""How far each watched feed was read. The position is in the log, beside what was published, and nowhere else.

Rules kept here:
- A position is written after what it covers was acknowledged. A crash in between publishes the same assertions again,
  and those are repeats.
- One record for each feed, place that it is read from, and part of it (a file of a folder), keyed by these, so the
  topic is compacted: an older position of the same key says nothing any more.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import orjson

from eventlog.reading import read_to_end
from eventlog.record import Header, Record
from producers.publish import Log
from schemas.topics import FEED_POSITIONS

WHOLE: Final = ""
"""The part of a feed that has no parts."""
State = dict[str, Any]
"""What a kind of provider remembers, as JSON."""
_HEADERS: Final[list[Header]] = [("content-type", b"application/json")]


@dataclass(frozen=True, slots=True)
class Position:
    """How far a part of a feed was read.

    `source` is where it is read from, without secrets; `newest` the greatest publish_time of what was published, as
    canonical text; `trouble` why the last thing that was read could not be read to its end; `checked_ms` when the log
    took the position.
    """

    feed: str
    source: str
    part: str
    state: State
    newest: str | None
    trouble: str | None = None
    checked_ms: int = 0


async def read_positions(bootstrap: str, *, topic_prefix: str = "") -> list[Position]:
    """Return the newest position of each part of each feed, sorted by feed, source and part."""
    newest: dict[tuple[str, str, str], Position] = {}
    async for batch in read_to_end(bootstrap, topic_prefix + FEED_POSITIONS):
        for record in batch:
            if record.value is not None:
                position = _decoded(record)
                newest[position.feed, position.source, position.part] = position
    return [newest[key] for key in sorted(newest)]


def write_position(log: Log, position: Position, *, topic_prefix: str = "") -> None:
    """Write a position and wait until it is safe."""
    members = asdict(replace(position, checked_ms=0))
    del members["checked_ms"]
    key = " ".join(filter(None, (position.feed, position.source, position.part)))
    value = orjson.dumps(members, option=orjson.OPT_SORT_KEYS)
    log.send(topic_prefix + FEED_POSITIONS, key=key.encode(), value=value, headers=_HEADERS)
    log.flush()


def _decoded(record: Record) -> Position:
    return Position(**orjson.loads(record.value or b""), checked_ms=record.timestamp_ms)
