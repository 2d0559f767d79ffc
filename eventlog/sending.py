"""Writes records inside an event loop with aiokafka, and says where the log put each: what a server needs that answers
only for what the brokers have acknowledged.

Rules kept here:
- Idempotent, acknowledged by all replicas. A record that was not acknowledged in time may still come to stand in the
  log; whoever sends it again does no harm, since readers count by what a record says.
- The partition follows from the key as it does with `eventlog.writing.Writer`.
- Waiting is bounded, in time and in bytes: a cluster that is away costs neither memory nor a caller that never hears.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from eventlog.reaching import reach
from eventlog.record import Header
from eventlog.security.cluster import client_options
from schemas.errors import Failed, Transient
from schemas.topics import MAX_MESSAGE_BYTES

DELIVERY_SECONDS: Final = 10.0
CLOSE_SECONDS: Final = 0.5
# What may wait for its acknowledgement at once: 16 of the largest bodies that the service takes.
WAITING_BYTES: Final = 64 * 1024 * 1024
BATCH_BYTES: Final = 256 * 1024
# As short as pays: a batch of what arrives together, and nobody who sends one record feels it.
LINGER_MS: Final = 1


class Sending(NamedTuple):
    """A record on its way to a topic."""

    topic: str
    key: bytes
    value: bytes
    headers: Sequence[Header] = ()


class Place(NamedTuple):
    """Where the log put a record, and when (milliseconds since 1970)."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int


class Sender:
    """A producer that is shared by all who send; an async context manager."""

    def __init__(self, bootstrap: str, *, delivery_seconds: float = DELIVERY_SECONDS) -> None:
        self._bootstrap = bootstrap
        self._delivery_seconds = delivery_seconds
        self._waiting_bytes = 0
        self._producer: Any = None
        self._renewing = asyncio.Lock()

    async def start(self) -> None:
        """Connect. Raises: Failed when no broker answers."""
        await asyncio.to_thread(reach, self._bootstrap)
        self._producer = await self._connected()

    async def stop(self) -> None:
        """End the connection; what is not acknowledged by then is given up."""
        if self._producer is not None:
            await _close(self._producer)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def send_all(self, records: Sequence[Sending]) -> list[Place]:
        """Return where each record stands, in their order, once all are acknowledged.

        Raises:
            Transient: one was not acknowledged in time, or too much is waiting already; some may stand in the log.
            Failed: the brokers refused one.
        """
        size = sum(len(record.value) for record in records)
        if self._waiting_bytes + size > WAITING_BYTES:
            raise Transient(f"too much is waiting for Kafka at {self._bootstrap}; send it again in a moment")
        self._waiting_bytes += size
        try:
            async with asyncio.timeout(self._delivery_seconds):
                return await self._acknowledged(records)
        except TimeoutError as error:
            reason = f"Kafka at {self._bootstrap} did not acknowledge within {self._delivery_seconds:g} s"
            raise Transient(f"{reason}; send it again, repeats do no harm") from error
        finally:
            self._waiting_bytes -= size

    async def _acknowledged(self, records: Sequence[Sending]) -> list[Place]:
        producer = self._producer
        try:
            sent = [
                await producer.send(record.topic, record.value, key=record.key, headers=list(record.headers))
                for record in records
            ]
            places = [_place(done) for done in await asyncio.gather(*sent)]
        except KafkaError as error:
            reason = f"Kafka at {self._bootstrap} did not take a record: {error!r}"
            if error.retriable:
                raise Transient(reason) from error
            await self._renew(producer)
            raise Failed(reason) from error
        if any(place.offset < 0 for place in places):
            # The brokers know that they have it, and no longer where.
            raise Transient("the log took a record without saying where; send it again, repeats do no harm")
        return places

    async def _renew(self, broken: Any) -> None:
        """Take another producer: one that lost count of its records, or was shut out, takes none any more."""
        async with self._renewing:
            if self._producer is broken:
                self._producer = await self._connected()
                await _close(broken)

    async def _connected(self) -> Any:
        producer = AIOKafkaProducer(
            **client_options(self._bootstrap),
            enable_idempotence=True,
            acks="all",
            linger_ms=LINGER_MS,
            max_batch_size=BATCH_BYTES,
            max_request_size=MAX_MESSAGE_BYTES,
            request_timeout_ms=int(self._delivery_seconds * 1000),
        )
        try:
            await producer.start()
        except KafkaError as error:
            await _close(producer)
            raise Failed(f"what listens at {self._bootstrap} does not answer as Kafka does: {error!r}") from error
        return producer


def _place(done: Any) -> Place:
    return Place(done.topic, done.partition, done.offset, done.timestamp)


async def _close(producer: Any) -> None:
    """End a producer, also one whose records do not go: its own `stop` waits for them without end."""
    try:
        await asyncio.wait_for(producer.stop(), CLOSE_SECONDS)
    except (TimeoutError, KafkaError):
        with contextlib.suppress(TimeoutError, KafkaError):
            await asyncio.wait_for(producer.client.close(), CLOSE_SECONDS)
