"""A hub: follows one topic for all clients of its stream, and wakes them once for whatever came together.

Rules kept here:
- It reads committed records only, of all partitions, with one reader, and keeps them in a ring; a client costs a
  cursor. At the start it reads back so far that clients who come again after a restart find what they missed there.
- It reads no faster than clients take that could take more; one that waits for its network does not hold it up.
- It follows or it ends: standing still with something left to read is an error. While no broker answers it waits, and
  the heartbeats say so.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import logging
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Protocol

from eventlog.reading import LogReader, Position
from eventlog.record import Record
from eventlog.topics import topic_ids
from schemas.errors import Transient
from subscribers.stream.positions import PositionText, Vector, covers
from subscribers.stream.ring import Ring, Span
from subscribers.stream.told import STREAMS, Told
from timeline.filters import Filters

RING_RECORDS: Final = 10_000
RING_BYTES: Final = 32 * 1024 * 1024
SUBSCRIBERS: Final = 2_000
# So many clients read the log by themselves at once.
READERS: Final = 4
POLL_RECORDS: Final = 500
POLL_SECONDS: Final = 1.0
SPAN_BYTES: Final = 64 * 1024
SPANS: Final = 256
WATCH_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 5.0
STALL_SECONDS: Final = 60.0
GIVE_WAY_SECONDS: Final = 1.0

_LOGGER = logging.getLogger("vigil.stream")


class Follower(Protocol):
    """What a hub knows of a client."""

    wake: asyncio.Event

    def takes(self, before: int) -> bool:
        """Whether it stands in the ring before this number, and would go on if it were given the time."""


class Hub:
    """One stream for its clients; `ring` and `text` are there once it is `ready`.

    Everything is called from the event loop that runs it. `lag` is in records; `reached` is whether the broker answered
    when it was asked last; `most` is how many clients there may be, `cut_off` how many were cut off.
    """

    ring: Ring
    text: PositionText

    def __init__(
        self,
        name: str,
        *,
        bootstrap: str,
        topic_prefix: str = "",
        ring_records: int = RING_RECORDS,
        ring_bytes: int = RING_BYTES,
        subscribers: int = SUBSCRIBERS,
    ) -> None:
        """`name` is that of a stream: `alerts` or `timeline`."""
        self.stream = STREAMS[name]
        self.bootstrap, self.topic = bootstrap, topic_prefix + self.stream.topic
        self.ready = asyncio.Event()
        self.turns = asyncio.Semaphore(READERS)
        self.most = subscribers
        self.lag = self.cut_off = 0
        self.reached, self.ended = True, False
        self._topic_prefix = topic_prefix
        self._records, self._bytes = ring_records, ring_bytes
        self._clients: set[Follower] = set()
        self._spans: dict[tuple[int, Filters], Span] = {}
        self._asking, self._asked = asyncio.Lock(), -math.inf
        self._bounds: tuple[Vector, Vector] = (), ()
        self._reader: LogReader

    @property
    def subscribers(self) -> int:
        """How many clients there are."""
        return len(self._clients)

    async def run(self) -> None:
        """Follow the topic until cancelled.

        Raises: VigilError when it cannot go on; the process has to end then.
        """
        ids = await asyncio.to_thread(topic_ids, self.bootstrap, [self.stream.topic], prefix=self._topic_prefix)
        async with LogReader(self.bootstrap) as self._reader:
            await self._begin(ids[self.stream.topic])
            watch = asyncio.create_task(self._watch())
            try:
                while not watch.done():
                    await self._follow()
                await watch
            finally:
                watch.cancel()

    def end(self) -> None:
        """Let every client go; they come again when the next process is there."""
        self.ended = True
        self._wake_all()

    @contextlib.contextmanager
    def joined(self, client: Follower) -> Iterator[None]:
        """Count a client in; its `wake` is set when there may be something for it."""
        self._clients.add(client)
        try:
            yield
        finally:
            self._clients.remove(client)

    def span(self, cursor: int, own: Vector | None, filters: Filters) -> Span:
        """Return what comes for a client from a cursor on; clients at one place with the same filters share it."""
        if own is not None:
            return self._span(cursor, own, filters)
        found = self._spans.get((cursor, filters))
        if found is None:
            if len(self._spans) >= SPANS:
                self._spans.clear()
            found = self._spans[cursor, filters] = self._span(cursor, None, filters)
        return found

    def told(self, record: Record) -> Told | None:
        """Return what is told of a record; None of one that others wrote and that says nothing."""
        try:
            return None if record.value is None else self.stream.tell(record)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
            facts = {**place, "error": repr(error)}
            _LOGGER.error("a record cannot be told, and is passed over", extra={"facts": facts})
            return None

    async def bounds(self, *, since: float) -> tuple[Vector, Vector]:
        """First and end offset of each partition, as they were at this time (monotonic) or later.

        Raises: Transient when no broker answers.
        """
        async with self._asking:
            if self._asked < since:
                asked = time.monotonic()
                said = await self._reader.bounds(timeout_seconds=ANSWER_SECONDS)
                both = [said[self.topic, partition] for partition in range(len(said))]
                self._bounds = tuple(first for first, _ in both), tuple(end for _, end in both)
                self._asked = asked
        return self._bounds

    def offsets(self, position: Vector) -> dict[Position, int]:
        """Return where a reader begins that has this position."""
        return {(self.topic, partition): offset for partition, offset in enumerate(position)}

    async def read_to(self, reader: LogReader) -> Vector:
        """Return how far a reader of this topic has come."""
        positions = await reader.positions()
        return tuple(positions[self.topic, partition] for partition in range(len(positions)))

    async def _begin(self, log: str) -> None:
        """Read back as much as the ring may hold, and then to what is the end now."""
        await self._reader.assign([self.topic], from_end=True)
        first, ends = await self.bounds(since=time.monotonic())
        back = self._records // len(ends)
        start = tuple(max(low, end - back) for low, end in zip(first, ends, strict=True))
        await self._reader.assign([self.topic], start=self.offsets(start))
        self.text = PositionText(log, len(start))
        self.ring = Ring(start, self.text.encode, records=self._records, size=self._bytes)
        while not covers(self.ring.now, ends):
            await self._follow()
        self.ready.set()
        _LOGGER.info("stream ready", extra={"facts": {"topic": self.topic, "count": self.ring.end}})

    async def _follow(self) -> None:
        """Take in what came, and wake everybody once."""
        before = self.ring.end
        most = min(POLL_RECORDS, max(1, self._records // 4))
        for record in in_one_order(await self._reader.poll(timeout_seconds=POLL_SECONDS, most=most)):
            told = self.told(record)
            if told is not None:
                self.ring.append(record.partition, record.offset, told)
        self.ring.settle(await self.read_to(self._reader))
        if self.ring.end != before:
            self._spans.clear()
            self._wake_all()
            await self._give_way()

    async def _give_way(self) -> None:
        """Let the clients take what came, before more pushes it out of the ring."""
        until = time.monotonic() + GIVE_WAY_SECONDS
        await asyncio.sleep(0)
        while time.monotonic() < until:
            half = (self.ring.first + self.ring.end) // 2
            if not any(client.takes(half) for client in self._clients):
                break
            await asyncio.sleep(0)

    async def _watch(self) -> None:
        """Look now and then how far the log goes. Raises: Transient when reading stands still before that."""
        progress, since = self.ring.now, time.monotonic()
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                _, ends = await self.bounds(since=time.monotonic())
            except Transient:
                self.reached, since = False, time.monotonic()
                continue
            self.reached = True
            self.lag = sum(max(0, end - mine) for mine, end in zip(self.ring.now, ends, strict=True))
            if self.ring.now != progress or not self.lag:
                progress, since = self.ring.now, time.monotonic()
            elif time.monotonic() - since > STALL_SECONDS:
                raise Transient(f"{self.topic} is not read on, with {self.lag} records left")

    def _span(self, cursor: int, own: Vector | None, filters: Filters) -> Span:
        passes = None if filters == Filters() else lambda members: self.stream.passes(filters, members)
        return self.ring.span(cursor, own, passes, most=SPAN_BYTES)

    def _wake_all(self) -> None:
        for client in self._clients:
            client.wake.set()


def in_one_order(batches: Iterable[Iterable[Record]]) -> Iterator[Record]:
    """Records of several partitions by the time at which the log took them, those of one in their order.

    Merged and not sorted: a broker's clock may step back, offsets never do.
    """
    return heapq.merge(*batches, key=lambda record: (record.timestamp_ms, record.partition))


async def run_hubs(hubs: Mapping[str, Hub]) -> None:
    """Run these until cancelled. Raises: VigilError of the first that cannot go on; all have let their clients go."""
    tasks = [asyncio.create_task(hub.run()) for hub in hubs.values()]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            await task
    finally:
        for hub in hubs.values():
            hub.end()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
