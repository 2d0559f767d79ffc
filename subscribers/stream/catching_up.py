"""Gives a client what lies before the ring, read from the log for this client alone, as fast as it takes it.

Rules kept here:
- Few readers at once, in turns: the others wait, with heartbeats, and go on from their exact positions.
- What a reader fetches ahead is bounded; the next poll waits until the client has taken the last one.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from typing import Final

from eventlog.reading import LogReader
from eventlog.record import Record
from schemas.errors import VigilError
from subscribers.http.problems import unavailable
from subscribers.stream.client import Client
from subscribers.stream.frames import id_line
from subscribers.stream.hub import SPAN_BYTES, Hub, in_one_order
from subscribers.stream.placing import gone
from subscribers.stream.positions import Vector, covers, moved
from timeline.filters import Filters

TURN_SECONDS: Final = 20.0
# Decoding so many keeps the clients that follow waiting for some milliseconds.
RECORDS: Final = 100
FETCH_BYTES: Final = 256 * 1024
POLL_SECONDS: Final = 1.0


async def catch_up(hub: Hub, client: Client, position: Vector, filters: Filters) -> Vector:
    """Deliver what follows a position until the ring goes on from there; return where that is.

    Raises:
        Problem: the log does not answer (503), or does not go back so far any more (410).
    """
    while not client.over and not covers(position, hub.ring.start):
        async with _turn(hub, client, position):
            if not client.over:
                position = await _read(hub, client, position, filters)
    return position


@contextlib.asynccontextmanager
async def _turn(hub: Hub, client: Client, position: Vector) -> AsyncIterator[None]:
    """Wait for one of the readers, with heartbeats, and hold it; or until it is over with the client."""
    waiting = asyncio.create_task(hub.turns.acquire())
    waiting.add_done_callback(lambda _: client.wake.set())
    try:
        while not waiting.done() and not client.over:
            if client.is_due:
                await client.heartbeat(position)
            await client.wake.wait()
            client.wake.clear()
        yield
    finally:
        if not waiting.cancel():
            hub.turns.release()


async def _read(hub: Hub, client: Client, position: Vector, filters: Filters) -> Vector:
    """Read for one turn at most."""
    ends = time.monotonic() + TURN_SECONDS
    try:
        async with LogReader(hub.bootstrap, fetch_bytes=FETCH_BYTES) as reader:
            await reader.assign([hub.topic], start=hub.offsets(position))
            if await hub.read_to(reader) != position:
                raise gone("the log does not reach back to it any more")
            while not client.over and not covers(position, hub.ring.start) and time.monotonic() < ends:
                batches = await reader.poll(timeout_seconds=POLL_SECONDS, most=RECORDS)
                for frames in _pieces(hub, position, in_one_order(batches), filters):
                    await client.write(frames)
                position = await hub.read_to(reader)
                if client.is_due:
                    await client.heartbeat(position)
                await asyncio.sleep(0)
    except VigilError as error:
        raise unavailable(f"the log does not answer: {error}") from error
    return position


def _pieces(hub: Hub, position: Vector, records: Iterator[Record], filters: Filters) -> Iterator[bytes]:
    """Whole events, some at a time, with the positions after them."""
    piece = bytearray()
    for record in records:
        position = moved(position, record.partition, record.offset + 1)
        told = hub.told(record)
        if told is not None and hub.stream.passes(filters, told.members):
            piece += id_line(hub.text.encode(position)) + told.frame
        if len(piece) >= SPAN_BYTES:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)
