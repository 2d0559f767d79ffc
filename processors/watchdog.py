"""The watchdog: it ends a process that is alive but does not consume.

It runs in a thread of its own and asks the broker, because all that a stuck worker says of itself may be wrong. A check
counts against the worker when
- its event loop has not answered since the check before, or
- it has been between two assignments ever since, or
- a partition that it is to read has records behind the committed offset, and neither this offset nor the worker's own
  counter of work without commits (reading its state) has moved.
Checks are counted, not seconds: a process that was stopped and continued is not to be blamed for the time between. A
check without an answer of the broker counts neither way.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from eventlog.security.cluster import client_options
from processors.log_lines import tell

EXIT_STUCK = 75
"""Exit code of a process that the watchdog ended: try again."""
_CHECKS = 10
_BROKER_SECONDS = 5.0


class Watched(Protocol):
    """What the watchdog looks at; called from its thread."""

    def duties(self) -> set[tuple[str, int]]:
        """Return the partitions (topic, number) that this worker is to read now and to commit."""

    def busy(self) -> int:
        """Return a number that changes with work that commits nothing."""

    def between_assignments(self) -> bool:
        """Return whether the worker waits for partitions to be assigned."""


class Watchdog(threading.Thread):
    """A daemon thread; start it once the loop runs."""

    def __init__(
        self,
        watched: Watched,
        *,
        bootstrap: str,
        group: str,
        stall_seconds: float,
        end: Callable[[int], object] = os._exit,
    ) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._watched = watched
        self._servers, self._group = bootstrap, group
        self._interval = stall_seconds / _CHECKS
        self._end = end
        self._loop = asyncio.get_running_loop()
        self._answered = threading.Event()
        self._counts: dict[object, int] = {}
        self._before: dict[tuple[str, int], tuple[int, int]] = {}

    def run(self) -> None:
        """Check until the process ends. A watchdog that fails itself ends it too: nobody would watch any more."""
        try:
            asyncio.run(self._watch())
        except Exception as error:
            if self._loop.is_closed():
                # The worker has stopped; there is nothing left to watch.
                return
            tell("the watchdog failed, so this worker ends", level=logging.CRITICAL, error=repr(error))
            sys.stderr.flush()
            self._end(EXIT_STUCK)

    async def _watch(self) -> None:
        # With a group, but without a subscription: it never becomes a member.
        client: Any = AIOKafkaConsumer(**client_options(self._servers), group_id=self._group, enable_auto_commit=False)
        started = False
        self._answered.set()
        while True:
            self._count("its event loop does not answer", bad=not self._answered.is_set())
            self._answered.clear()
            self._loop.call_soon_threadsafe(self._answered.set)
            self._count("it waits for partitions", bad=self._watched.between_assignments())
            try:
                if not started:
                    await client.start()
                    started = True
                await asyncio.wait_for(self._check_offsets(client), _BROKER_SECONDS)
            except (KafkaError, TimeoutError, OSError):
                self._before.clear()
            await asyncio.sleep(self._interval)

    async def _check_offsets(self, client: Any) -> None:
        duties, busy = self._watched.duties(), self._watched.busy()
        for gone in self._before.keys() - duties:
            del self._before[gone]
            self._counts.pop(gone, None)
        if not duties:
            return
        partitions = [TopicPartition(*duty) for duty in sorted(duties)]
        ends = await client.end_offsets(partitions)
        for partition in partitions:
            committed = await client.committed(partition) or 0
            now = (committed, busy)
            duty = (partition.topic, partition.partition)
            stands = committed < ends[partition] and self._before.get(duty) == now
            self._before[duty] = now
            self._count(duty, bad=stands, offset=committed, end=ends[partition])

    def _count(self, what: object, *, bad: bool, **facts: object) -> None:
        self._counts[what] = self._counts.get(what, 0) + 1 if bad else 0
        if self._counts[what] < _CHECKS:
            return
        why = what if isinstance(what, str) else "it does not read a partition"
        place = {} if isinstance(what, str) else dict(zip(("topic", "partition"), what, strict=True))  # type: ignore[call-overload]
        tell(
            "this worker is alive but does not consume, so it ends",
            level=logging.CRITICAL,
            why=why,
            seconds=self._interval * _CHECKS,
            **place,
            **facts,
        )
        sys.stderr.flush()
        self._end(EXIT_STUCK)
