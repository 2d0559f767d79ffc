"""The timeline topic: every accepted assertion, and the fold that all answers about other days come from."""

from __future__ import annotations

from eventlog.reading import read_to_end
from eventlog.record import Record
from schemas.topics import TIMELINE
from timeline.identity import Assertion, decode


async def read_assertions(bootstrap: str, *, topic_prefix: str = "") -> list[Assertion]:
    """Return every assertion of the timeline up to its present end; the same one may stand there twice."""
    assertions = []
    async for batch in read_to_end(bootstrap, topic_prefix + TIMELINE):
        assertions += [_decoded(record) for record in batch if record.value is not None]
    return assertions


def _decoded(record: Record) -> Assertion:
    return decode(record.value or b"", dict(record.headers)["vigil_content"].decode())
