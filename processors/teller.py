"""Writes what the roller has to tell: alerts and aggregates, in transactions that fence whoever told before.

Rules kept here:
- One fixed transactional id: starting the producer cuts off every roller that started one before.
- A transaction holds at most so many records as the settings say, and never a part of a scope's change, in the order
  of the changes.
- What was told changes after the commit. A failed or fenced write is final: the process ends and takes over anew.
- How far the roller has read is committed in a transaction of its own, after those of its effects. The partitions of a
  transaction do not show it at the same moment; but the next one begins only when all of them do.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import IllegalOperation, ProducerFenced
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer import sender

from eventlog.record import Header
from eventlog.security.cluster import client_options
from processors.log_lines import tell
from processors.outlet import BATCH_BYTES, REQUEST_MS, Outgoing, write_batches
from processors.settings import WorkerSettings
from schemas.topics import AGGREGATES, ALERTS, MAX_MESSAGE_BYTES, PARTITIONS
from timeline.telling import ScopeChange

# An open transaction whose writer died without a successor holds back every reader of committed records for so long.
TRANSACTION_MS = 10_000
# The broker needs a moment between two transactions of one producer; aiokafka would wait 20 ms before it asks again.
_BACKOFF_SECONDS = 0.001

Progress = Mapping[tuple[str, int], int]
"""The next offset to read of each (topic, partition)."""


class Teller:
    """The transactional producer. After an error it is of no further use."""

    def __init__(self, settings: WorkerSettings) -> None:
        sender.BACKOFF_OVERRIDE = _BACKOFF_SECONDS
        self._aggregates, self._alerts = settings.topic(AGGREGATES), settings.topic(ALERTS)
        self._group = settings.progress_group
        self._partition_of = _Partitions()
        self._producer: Any = AIOKafkaProducer(
            **client_options(settings.bootstrap),
            transactional_id=settings.roller_group,
            transaction_timeout_ms=TRANSACTION_MS,
            max_batch_size=BATCH_BYTES,
            max_request_size=MAX_MESSAGE_BYTES,
            request_timeout_ms=REQUEST_MS,
        )

    async def start(self) -> None:
        """Fence every other teller: from now on none of them writes anything that a committed reader sees."""
        await self._producer.start()

    async def stop(self) -> None:
        """End the connection."""
        await self._producer.stop()

    async def write(
        self, changes: list[ScopeChange], *, progress: Progress, told: Callable[[ScopeChange], None]
    ) -> None:
        """Write the changes of one transaction and the progress with them, then hand each change to `told`.

        Raises KafkaError: the process is fenced, or the broker did not take it.
        """
        started, records = time.perf_counter(), self._records(changes)
        count = sum(map(len, records.values()))
        tell("transaction", level=logging.DEBUG, phase="begin", records=count, scopes=len(changes))
        try:
            await self._producer.begin_transaction()
            await write_batches(self._producer, records)
            if progress:
                offsets = {TopicPartition(*place): offset for place, offset in progress.items()}
                await self._producer.send_offsets_to_transaction(offsets, self._group)
            tell("transaction", level=logging.DEBUG, phase="written", records=count)
            await self._producer.commit_transaction()
        except IllegalOperation as error:
            if not self._producer._txn_manager.is_fatal_error():
                raise
            # aiokafka says so when it has learnt between two of these calls that another producer started.
            raise ProducerFenced("another roller has taken over") from error
        for change in changes:
            told(change)
        seconds = round(time.perf_counter() - started, 4)
        tell("transaction", level=logging.DEBUG, phase="committed", records=count, seconds=seconds)

    def _records(self, changes: Iterable[ScopeChange]) -> dict[tuple[str, int], list[Outgoing]]:
        records: dict[tuple[str, int], list[Outgoing]] = {}
        for scope, aggregate, alerts in changes:
            for value in aggregate or ():
                key = scope.encode()
                records.setdefault((self._aggregates, self._partition_of[key]), []).append(_outgoing(key, value))
            for alert_scope, alert in alerts:
                key = alert_scope.encode()
                records.setdefault((self._alerts, self._partition_of[key]), []).append(_outgoing(key, alert))
        return records


def told_headers(value: bytes) -> list[Header]:
    """Return the headers of an aggregate or an alert: the hash by which `vigil verify` knows it for what was told."""
    return [("vigil_sha256", sha256(value).hexdigest().encode())]


def _outgoing(key: bytes, value: bytes | None) -> Outgoing:
    return Outgoing(key, value, () if value is None else told_headers(value))


def transactions(changes: Iterable[ScopeChange], *, most: int) -> Iterator[list[ScopeChange]]:
    """Pack changes in their order, each whole, into as few transactions as hold them."""
    packed: list[ScopeChange] = []
    records = 0
    for change in changes:
        own = len(change.alerts) + (change.aggregate is not None)
        if packed and records + own > most:
            yield packed
            packed, records = [], 0
        packed.append(change)
        records += own
    if packed:
        yield packed


class _Partitions(dict[bytes, int]):
    """The partition of each key, by Kafka's own hash; computed once, since it is slow in Python."""

    def __missing__(self, key: bytes) -> int:
        partitions = list(range(PARTITIONS))
        self[key] = DefaultPartitioner()(key, partitions, partitions)
        return self[key]
