"""The timeline topic: every accepted assertion, and the fold that all answers about other days come from."""

from __future__ import annotations

from eventlog.reading import read_to_end
from eventlog.record import Record
from schemas.topics import TIMELINE
from timeline.as_of import Taken
from timeline.identity import Assertion, decode
from timeline.times import microseconds


async def read_assertions(bootstrap: str, *, topic_prefix: str = "") -> list[Assertion]:
    """Return every assertion of the timeline up to its present end; the same one may stand there twice."""
    return [each.statement for each in await read_taken(bootstrap, topic_prefix=topic_prefix)]


async def read_taken(bootstrap: str, *, topic_prefix: str = "") -> list[Taken]:
    """Return every assertion of the timeline up to its present end, and when the log took it."""
    taken = []
    async for batch in read_to_end(bootstrap, topic_prefix + TIMELINE):
        taken += [decode_taken(record) for record in batch if record.value is not None]
    return taken


def decode_taken(record: Record) -> Taken:
    """Return the assertion of a record of the topic, and when the log took it."""
    said = dict(record.headers)
    statement = decode(record.value or b"", said["vigil_content"].decode())
    return Taken(statement, microseconds(said["vigil_ingest_time"].decode()))
