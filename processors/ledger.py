"""The ledger: it takes assertions from both event topics and writes those that are news to the timeline.

Rules kept here:
- In this order: decide, write timeline records and dead letters, await their acknowledgements, know them, ack the
  events. A crash anywhere in between repeats the batch, and what was written already is known then.
- The timeline partition has the number of the events partition, so whoever is assigned the events knows the ids.
- What fails ends the process: it never lives on without consuming.
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Iterator
from typing import Any

from processors.assertions import Accepted, dead_letter, read_assertion, timeline_headers
from processors.faust_remedies import Slices, add_agent, build_app, give_up, is_current
from processors.known import KnownPartitions
from processors.log_lines import hears_debug, tell
from processors.outlet import Outgoing, Outlet
from processors.settings import WorkerSettings
from schemas.errors import BadInput
from schemas.topics import DEADLETTERS, INCIDENTS, POLITICAL
from timeline.identity import Stamp, encode


class Ledger:
    """The Faust app, and what its one agent does with a batch."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._topics = [settings.topic(INCIDENTS), settings.topic(POLITICAL)]
        self._dead = settings.topic(DEADLETTERS)
        self._known = KnownPartitions(settings.bootstrap, timeline=settings.timeline)
        self._outlet = Outlet(settings.bootstrap)
        self._assigned: set[tuple[str, int]] | None = None
        self.app = build_app(
            settings.ledger_group,
            bootstrap=settings.bootstrap,
            batch=settings.batch,
            session_seconds=settings.session_seconds,
        )
        add_agent(self.app, self._topics, self._take)
        self.app.on_partitions_assigned.connect(self._note_assignment)

    async def start(self) -> None:
        """Join the group and work."""
        await self._outlet.start()
        await self.app.start()

    async def stop(self) -> None:
        """Finish the batch in hand, commit it and leave."""
        await self.app.stop()
        await self._outlet.stop()

    def duties(self) -> set[tuple[str, int]]:
        """Return the partitions to be consumed, for the watchdog."""
        return self._assigned or set()

    def busy(self) -> int:
        """Return how much of its state it has read, for the watchdog."""
        return self._known.records_read

    def between_assignments(self) -> bool:
        """Return whether partitions are yet to be assigned, for the watchdog."""
        return self._assigned is None or bool(self.app.rebalancing)

    async def _note_assignment(self, _app: Any, assigned: set[Any], **_: Any) -> None:
        self._assigned = {(partition.topic, partition.partition) for partition in assigned}
        self._known.assign({number for _, number in self._assigned})
        tell("assigned", generation=self.app.consumer_generation_id, partitions=sorted(self._assigned))

    async def _take(self, slices: Slices) -> None:
        if not self._known.is_current() and not await self._catch_up(slices[0]):
            give_up(self.app, slices)
            return
        started = time.perf_counter()
        batch = _Batch(self._known, self._settings.timeline, self._dead)
        for event in slices:
            batch.add(event.value)
        self._tell_batch("decided", slices)
        await self._outlet.write(batch.records())
        self._tell_batch("written", slices, accepted=len(batch.fresh), dead=batch.dead_count)
        for partition, accepted in batch.accepted:
            self._known[partition].add(accepted.statement)
        for event in slices:
            event.ack()
        self._tell_batch("acked", slices, repeats=batch.repeats, seconds=round(time.perf_counter() - started, 4))

    async def _catch_up(self, first: Any) -> bool:
        started, before = time.perf_counter(), self._known.records_read
        whole = await self._known.catch_up(goes_on=lambda: is_current(self.app, first))
        # What is known stays for good; a collection need not walk through it.
        gc.freeze()
        tell(
            "state read" if whole else "state read in part, the assignment ended",
            count=self._known.records_read - before,
            known=len(self._known),
            starts=[(tp.topic, tp.partition, offset or 0) for tp, offset in self._starts(first)],
            seconds=round(time.perf_counter() - started, 3),
        )
        return whole

    def _starts(self, first: Any) -> Iterator[tuple[Any, int | None]]:
        """Yield each partition with the committed offset from which it is read in this assignment."""
        if is_current(self.app, first):
            for partition in sorted(self.app.consumer.assignment()):
                yield partition, self.app.consumer._committed_offset[partition]

    def _tell_batch(self, phase: str, slices: Slices, **facts: object) -> None:
        if hears_debug():
            tell("batch", level=logging.DEBUG, phase=phase, ranges=list(self._ranges(slices)), **facts)

    def _ranges(self, slices: Slices) -> Iterator[dict[str, object]]:
        for event in slices:
            message, records = event.message, event.value
            yield {
                "topic": message.topic,
                "partition": message.partition,
                "first": records[0].offset,
                "last": records[-1].offset,
                "lag": self._lag(message.tp, records[-1].offset),
            }

    def _lag(self, partition: Any, offset: int) -> int | None:
        """Return how many records follow the offset, by the last fetch; None when the partition is with another."""
        consumer = self.app.consumer
        end = consumer.highwater(partition) if partition in consumer.assignment() else None
        return None if end is None else end - offset - 1


class _Batch:
    """What becomes of the records of one batch; nothing is remembered beyond it."""

    def __init__(self, known: KnownPartitions, timeline: str, dead: str) -> None:
        self._known, self._timeline, self._dead = known, timeline, dead
        self._records: dict[tuple[str, int], list[Outgoing]] = {}
        self.accepted: list[tuple[int, Accepted]] = []
        self.fresh: set[tuple[str, Stamp]] = set()
        self.repeats = self.dead_count = 0

    def add(self, records: list[Any]) -> None:
        """Decide on records of one partition, in their order."""
        topic, partition = records[0].topic, records[0].partition
        known, place = self._known[partition], f"{topic}:{partition}:"
        news = self._records.setdefault((self._timeline, partition), [])
        for record in records:
            position = f"{place}{record.offset}"
            try:
                accepted = read_assertion(record)
            except BadInput as error:
                self.dead_count += 1
                letter = Outgoing(record.key, *dead_letter(record, error, position))
                self._records.setdefault((self._dead, partition), []).append(letter)
                continue
            statement = accepted.statement
            stamp = (statement.id, statement.stamp)
            if stamp in self.fresh or not known.decide(statement):
                self.repeats += 1
                continue
            self.fresh.add(stamp)
            self.accepted.append((partition, accepted))
            news.append(Outgoing(record.key, encode(statement), timeline_headers(accepted, position)))

    def records(self) -> dict[tuple[str, int], list[Outgoing]]:
        """Return what is to be written, by (topic, partition)."""
        return {place: outgoing for place, outgoing in self._records.items() if outgoing}
