"""Rebuilding: everything is deleted at once, and made again from the log, by whoever projects it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from eventlog.reading import LogReader
from schemas.errors import Transient
from subscribers.read_model.database import migrate, unreachable
from subscribers.read_model.following import LOOK_SECONDS, Follower
from subscribers.read_model.lag import Place, Position, read_positions
from subscribers.read_model.projection import Projection, empty

RIVAL_SECONDS: Final = 4 * LOOK_SECONDS
"""A projection that runs has written its positions anew after so long."""
STALL_SECONDS: Final = 60.0

OnProgress = Callable[[int, int], object]
"""Is told how many offsets are applied, and of how many."""


class Rebuilt(NamedTuple):
    """Who made it again, and how many offsets it took."""

    by: Literal["the running projection", "this command"]
    applied: int


async def rebuild(engine: Engine, *, bootstrap: str, topic_prefix: str, on_progress: OnProgress) -> Rebuilt:
    """Empty the tables, and wait until they hold all that the log does now; without a projection this one makes them.

    Raises:
        Failed: no broker answers, or a topic is missing; then nothing is deleted.
        Transient: the broker or the database does not answer, or nothing moves any more.
    """
    async with LogReader(bootstrap) as reader:
        follower = Follower(reader, Projection(engine, topic_prefix=topic_prefix), bootstrap, topic_prefix)
        ends = {place: end for place, (_, end) in (await follower.open()).items()}
        await asyncio.to_thread(migrate, engine)
        await asyncio.to_thread(empty, engine)
        runs = await _another_runs(engine)
        await follower.stand()
        moved, left = time.monotonic(), -1
        while (now_left := _left(await asyncio.to_thread(_positions, engine), ends)) > 0 or left < 0:
            on_progress(sum(ends.values()) - now_left, sum(ends.values()))
            if now_left != left:
                left, moved = now_left, time.monotonic()
            elif time.monotonic() - moved > STALL_SECONDS:
                raise Transient("nothing is applied any more; look at what the projection says, `vigil status`")
            await (asyncio.sleep(LOOK_SECONDS / 4) if runs else follower.step())
        on_progress(sum(ends.values()), sum(ends.values()))
    return Rebuilt("the running projection" if runs else "this command", sum(ends.values()))


async def _another_runs(engine: Engine) -> bool:
    """Whether somebody else writes positions now that there are none."""
    deadline = time.monotonic() + RIVAL_SECONDS
    while time.monotonic() < deadline:
        if await asyncio.to_thread(_positions, engine):
            return True
        await asyncio.sleep(LOOK_SECONDS / 10)
    return False


def _positions(engine: Engine) -> dict[Place, Position]:
    try:
        with engine.connect() as connection:
            return read_positions(connection)
    except DBAPIError as error:
        raise unreachable(engine, error) from error


def _left(stored: Mapping[Place, Position], ends: Mapping[Place, int]) -> int:
    return sum(max(0, end - (stored[place].next_offset if place in stored else 0)) for place, end in ends.items())
