"""Where a client begins: after the position that it comes with, at the first record, or now."""

from __future__ import annotations

import asyncio
import time

from schemas.errors import Transient
from subscribers.http.problems import Problem, unavailable
from subscribers.stream.hub import Hub
from subscribers.stream.positions import OtherLog, Unreadable, Vector, covers

READY_SECONDS = 5.0
_UNREADABLE = "the position is none that this service gave out, or is damaged; give the id of the last event as it came"


async def place(hub: Hub, position: str | None, *, everything: bool = False) -> Vector:
    """Return where a client begins: after this position, else at the first record, else now.

    Raises:
        Problem: the position is unreadable (400) or gone (410); there are too many clients, or the log does not
            answer (503).
    """
    await _admitted(hub)
    if position is not None:
        return await _known(hub, position)
    if everything:
        first, _ = await _bounds(hub)
        return first
    return hub.ring.now


def gone(why: str) -> Problem:
    """Return the problem of a position from which nobody can go on."""
    detail = f"the position is gone: {why}; begin without one (now), or with all=true (the first record)"
    return Problem(410, "The position is gone", detail, kind="position-gone")


async def _admitted(hub: Hub) -> None:
    try:
        async with asyncio.timeout(READY_SECONDS):
            await hub.ready.wait()
    except TimeoutError as error:
        raise unavailable("the stream is not ready: the log has not been read yet; come again") from error
    if hub.subscribers >= hub.most:
        raise unavailable(f"there are {hub.most} subscribers already, which is the limit; come again later")


async def _known(hub: Hub, text: str) -> Vector:
    try:
        position = hub.text.decode(text)
    except Unreadable as error:
        raise Problem(400, "No position", _UNREADABLE, kind="bad-position") from error
    except OtherLog as error:
        raise gone("it is of another log than this one") from error
    if covers(hub.ring.now, position) and covers(position, hub.ring.start):
        return position
    first, ends = await _bounds(hub)
    if not covers(position, first):
        raise gone("the log does not reach back to it any more")
    if not covers(ends, position):
        raise gone("it lies past the end of the log")
    return position


async def _bounds(hub: Hub) -> tuple[Vector, Vector]:
    """First and end offset of each partition; asked for once, however many want to know."""
    try:
        return await hub.bounds(since=time.monotonic())
    except Transient as error:
        raise unavailable("the log does not answer; come again in a moment") from error
