"""Following the log: reads it from where the tables are, and applies what comes, in batches.

The log is the one whose topics have the ids that the tables name: this is looked at again and again, since a cluster
may come back with another log under the same names.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping
from typing import Final

from eventlog.reading import LogReader
from eventlog.topics import topic_ids
from schemas.errors import Failed
from subscribers.log_lines import tell
from subscribers.read_model.lag import Place, Position
from subscribers.read_model.projection import APPLIED, Look, Projection, require_log

MOST_RECORDS: Final = 4000
"""Of one transaction: more would gain nothing and hold the lock for longer."""
LOOK_SECONDS: Final = 1.0
"""How often the log's end is looked at, and written down even when nothing comes."""
IDENTITY_SECONDS: Final = 30.0
"""How often the topics are looked at: whether they are still the same ones."""
BROKER_SECONDS: Final = 15.0
POLL_SECONDS: Final = 0.5

Bounds = Mapping[Place, tuple[int, int]]


class Follower:
    """Applies the log to the tables: first `stand`, then one `step` after the other."""

    def __init__(self, reader: LogReader, projection: Projection, bootstrap: str, topic_prefix: str) -> None:
        self._reader, self._projection = reader, projection
        self._bootstrap, self._prefix = bootstrap, topic_prefix
        self._ids: dict[str, str] = {}
        self._identified = self._looked = -math.inf
        self._look: Look | None = None

    async def stand(self) -> None:
        """Go to where the tables are: at first, and whenever another one has written them.

        Raises:
            Failed: a topic is missing, or the tables are those of another log.
            Transient: the broker or the database does not answer.
        """
        await self._identify()
        stored = await asyncio.to_thread(self._projection.positions)
        require_log(stored, self._ids)
        start = {place: position.next_offset for place, position in stored.items()}
        await self._reader.assign(list(self._ids), start=start)
        # In this order: another projection may go on meanwhile, but never beyond an end that was seen after it.
        require_held(stored, await self._bounds())

    async def open(self) -> Bounds:
        """Look at the log alone; return where each partition begins and ends.

        Raises:
            Failed: a topic is missing.
            Transient: the broker does not answer.
        """
        await self._identify()
        await self._reader.assign(list(self._ids))
        return await self._bounds()

    async def step(self) -> int:
        """Apply what there is, after waiting for it for a moment; return how many records that were.

        Raises:
            Failed: the tables are those of another log.
            Transient: the broker or the database does not answer.
        """
        batches = await self._reader.poll(timeout_seconds=POLL_SECONDS, most=MOST_RECORDS)
        count = sum(map(len, batches))
        look = await self._current_look()
        if not count and look is self._look:
            return 0
        read_to = await self._reader.positions()
        started = time.perf_counter()
        if not await asyncio.to_thread(self._projection.apply, batches, read_to, look):
            tell("another one has written", count=count)
            await self.stand()
            return 0
        self._look = look
        if count:
            left = sum(max(0, end - read_to[place]) for place, end in look.ends.items())
            tell("applied", count=count, lag=left, seconds=round(time.perf_counter() - started, 3))
        return count

    async def _current_look(self) -> Look:
        now = time.monotonic()
        if self._look is not None and now - self._looked < LOOK_SECONDS:
            return self._look
        if now - self._identified > IDENTITY_SECONDS:
            await self._identify()
        self._looked = now
        at = time.time_ns() // 1000
        return Look(at, {place: end for place, (_, end) in (await self._bounds()).items()}, self._ids)

    async def _bounds(self) -> Bounds:
        return await self._reader.bounds(timeout_seconds=BROKER_SECONDS)

    async def _identify(self) -> None:
        ids = await asyncio.to_thread(topic_ids, self._bootstrap, list(APPLIED), prefix=self._prefix)
        self._ids = {self._prefix + topic: each for topic, each in ids.items()}
        self._identified = time.monotonic()


def require_held(stored: Mapping[Place, Position], bounds: Bounds) -> None:
    """Check that the log still holds what comes next after these positions.

    Raises:
        Failed: it ends before a position, or begins after it.
    """
    for place, position in stored.items():
        first, end = bounds.get(place, (0, 0))
        if not first <= position.next_offset <= end:
            topic, partition = place
            raise Failed(
                f"the read model has applied partition {partition} of {topic} up to offset {position.next_offset}, "
                f"but the log holds {first} to {end}: it was replaced or cut; run `vigil projection rebuild`"
            )
