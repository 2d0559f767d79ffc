"""The aggregates topic: the newest windows of every scope.

Written in transactions, so it is read committed: what a fenced roller wrote before it noticed is no result.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from eventlog.reading import read_to_end
from eventlog.record import Record
from schemas.topics import AGGREGATES
from timeline.times import microseconds

Aggregate = dict[str, Any]
"""`scope`, `clock`, `windows`, as JSON types."""
WORLD = "world"


async def read_aggregates(bootstrap: str, *, topic_prefix: str = "") -> dict[str, Aggregate]:
    """Return the newest aggregate of each scope that has current events."""
    newest: dict[str, Aggregate] = {}
    async for batch in read_to_end(bootstrap, topic_prefix + AGGREGATES):
        take_in(newest, batch)
    return newest


async def read_clock(bootstrap: str, *, topic_prefix: str = "") -> int | None:
    """Return the newest clock that was told, in microseconds; None before the first."""
    newest = await read_aggregates(bootstrap, topic_prefix=topic_prefix)
    return microseconds(newest[WORLD]["clock"]) if WORLD in newest else None


def take_in(newest: dict[str, Aggregate], batch: list[Record]) -> None:
    """Bring the newest aggregates up to date with records in the order of the topic."""
    for scope, aggregate in map(_decoded, batch):
        if aggregate is None:
            newest.pop(scope, None)
        else:
            newest[scope] = aggregate


def at_the_clock(newest: dict[str, Aggregate]) -> Iterator[Aggregate]:
    """Yield the aggregates by scope, all at the newest clock.

    A scope is written only when its windows change; its record stays valid, and the world's names the newest clock.
    """
    if WORLD not in newest:
        return
    clock = newest[WORLD]["clock"]
    for scope in sorted(newest):
        yield {**newest[scope], "clock": clock}


def _decoded(record: Record) -> tuple[str, Aggregate | None]:
    scope = (record.key or b"").decode()
    return scope, None if record.value is None else orjson.loads(record.value)
