"""Writes records in ready-made batches, each of one partition, and answers for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

from aiokafka import AIOKafkaProducer

from eventlog.record import Header
from eventlog.security.cluster import client_options
from schemas.topics import MAX_MESSAGE_BYTES

BATCH_BYTES = 1024 * 1024
REQUEST_MS = 30_000


class Outgoing(NamedTuple):
    """A record to be written."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] = ()


Outgoings = Mapping[tuple[str, int], Iterable[Outgoing]]
"""Records by (topic, partition), in their order."""


class Outlet:
    """An idempotent producer; an async context manager. After an error it is of no further use."""

    def __init__(self, bootstrap: str) -> None:
        self._producer: Any = AIOKafkaProducer(
            **client_options(bootstrap),
            enable_idempotence=True,
            acks="all",
            max_batch_size=BATCH_BYTES,
            max_request_size=MAX_MESSAGE_BYTES,
            request_timeout_ms=REQUEST_MS,
        )

    async def start(self) -> None:
        """Connect."""
        await self._producer.start()

    async def stop(self) -> None:
        """End the connection."""
        await self._producer.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def write(self, records: Outgoings) -> None:
        """Return when all are acknowledged. Raises KafkaError when one is not; others may have been written then."""
        await write_batches(self._producer, records)


async def write_batches(producer: Any, records: Outgoings) -> None:
    """Write through an aiokafka producer in batches; return when all are acknowledged."""
    sent = []
    for (topic, partition), outgoing in records.items():
        for batch in _batches(producer, outgoing):
            sent.append(await producer.send_batch(batch, topic, partition=partition))
    if sent:
        await asyncio.gather(*sent)


def _batches(producer: Any, records: Iterable[Outgoing]) -> Iterable[Any]:
    batch: Any = None
    for key, value, headers in records:
        if batch is None:
            batch = producer.create_batch()
        if batch.append(key=key, value=value, timestamp=None, headers=list(headers)) is None:
            yield batch
            batch = producer.create_batch()
            # The first record of a batch is taken whatever its size.
            batch.append(key=key, value=value, timestamp=None, headers=list(headers))
    if batch is not None:
        yield batch
