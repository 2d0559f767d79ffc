"""Reads topics in bulk from a broker with aiokafka's `getmany`, without a consumer group.

The end of a partition is a position, not a record: a partition may end in transaction markers, aborted or compacted
records, which no reader is given. Reading ends when the consumer's position has passed the end, never when a record
with some offset was seen.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from eventlog.reaching import reach
from eventlog.record import Record
from eventlog.security.cluster import client_options
from eventlog.security.refusals import absent, forbidden
from schemas.errors import Failed, Transient

# A fetch returns at once when there is something; this bounds how late the end of an idle partition is noticed.
FETCH_WAIT_MS: Final = 100
PARTITION_FETCH_BYTES: Final = 4 * 1024 * 1024
# A consumer waits for a broker that is gone for ever; a read that stands still for so long fails instead.
STALL_SECONDS: Final = 60.0

Position = tuple[str, int]


class LogReader:
    """A consumer of chosen partitions that reads to their end and then follows them, without gap or repeat between.

    Use it as an async context manager. `committed`: only records of committed transactions, as every reader of alerts
    and aggregates needs.
    """

    def __init__(self, bootstrap: str, *, committed: bool = True, fetch_bytes: int = PARTITION_FETCH_BYTES) -> None:
        """`fetch_bytes`: how much of a partition is fetched ahead at most; a larger record comes all the same."""
        self._bootstrap = bootstrap
        self._consumer: Any = AIOKafkaConsumer(
            **client_options(bootstrap),
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed" if committed else "read_uncommitted",
            fetch_max_wait_ms=FETCH_WAIT_MS,
            max_partition_fetch_bytes=fetch_bytes,
        )

    async def __aenter__(self) -> Self:
        """Raises: Failed when no broker answers."""
        try:
            await asyncio.to_thread(reach, self._bootstrap)
            await self._consumer.start()
        except (Failed, asyncio.CancelledError):  # cancelled: Ctrl-C while it connects
            await self._consumer.stop()
            raise
        except KafkaError as error:
            await self._consumer.stop()
            raise Failed(f"what listens at {self._bootstrap} does not answer as Kafka does: {error!r}") from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._consumer.stop()
        except asyncio.CancelledError:
            # Its own tasks, which it cancels; without a broker that comes out here, in place of what went wrong.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise

    async def assign(
        self,
        topics: Collection[str],
        *,
        partitions: Collection[int] | None = None,
        start: Mapping[Position, int] | None = None,
        from_end: bool = False,
    ) -> None:
        """Chooses what is read: these topics, all their partitions or the given ones, each from its start, from the
        offset in `start`, or, with `from_end`, from its end.

        Raises: Failed when a topic does not exist.
        """
        chosen = await self._partitions(topics, partitions)
        self._consumer.assign(chosen)
        with _broker_errors(self._bootstrap):
            first = await (self._consumer.end_offsets(chosen) if from_end else self._consumer.beginning_offsets(chosen))
        for partition in chosen:
            wanted = (start or {}).get((partition.topic, partition.partition), 0)
            self._consumer.seek(partition, max(wanted, first[partition]))

    async def read_to_end(self) -> AsyncIterator[list[Record]]:
        """Batches, each of one partition in offset order, until every partition has reached what is its end now.

        What is appended meanwhile may come along; `positions` always tells what has been handed out.

        Raises: Transient when nothing moves for `STALL_SECONDS`.
        """
        with _broker_errors(self._bootstrap):
            ends: dict[TopicPartition, int] = await self._consumer.end_offsets(self._consumer.assignment())
        behind = await self._behind(ends)
        moved = time.monotonic()
        while behind:
            with _broker_errors(self._bootstrap):
                fetched = await self._consumer.getmany(*behind, timeout_ms=FETCH_WAIT_MS)
            for batch in _batches(fetched):
                yield batch
            left = await self._behind(behind)
            if left != behind:
                behind, moved = left, time.monotonic()
            elif time.monotonic() - moved > STALL_SECONDS:
                raise Transient(f"{_name(next(iter(behind)))} at {self._bootstrap} could not be read to its end")

    async def poll(self, *, timeout_seconds: float, most: int | None = None) -> list[list[Record]]:
        """What there is, `most` so many records, as batches of one partition each; after the timeout an empty list."""
        with _broker_errors(self._bootstrap):
            fetched = await self._consumer.getmany(timeout_ms=int(timeout_seconds * 1000), max_records=most)
        return list(_batches(fetched))

    async def bounds(self, *, timeout_seconds: float) -> dict[Position, tuple[int, int]]:
        """Of every partition that is read, the first offset that there is, and the one where it ends now.

        Raises: Transient when the broker does not answer in time; what is read goes on from where it was.
        """
        assigned = self._consumer.assignment()
        with _broker_errors(self._bootstrap):
            try:
                async with asyncio.timeout(timeout_seconds):
                    first = await self._consumer.beginning_offsets(assigned)
                    ends = await self._consumer.end_offsets(assigned)
            except TimeoutError as error:
                raise Transient(f"Kafka at {self._bootstrap} does not answer") from error
        return {(each.topic, each.partition): (first[each], ends[each]) for each in assigned}

    async def positions(self) -> dict[Position, int]:
        """For every partition the offset of the next record that has not been handed out."""
        return {
            (partition.topic, partition.partition): await self._consumer.position(partition)
            for partition in self._consumer.assignment()
        }

    async def _partitions(self, topics: Collection[str], numbers: Collection[int] | None) -> list[TopicPartition]:
        # Not `partitions_for_topic`: the consumer subscribes to nothing, so it knows no topic until it is assigned one.
        cluster = await self._consumer._client.fetch_all_metadata()
        chosen = []
        for topic in topics:
            existing = cluster.partitions_for_topic(topic)
            if not existing:
                raise absent(topic, self._bootstrap)
            chosen += [TopicPartition(topic, number) for number in numbers or sorted(existing)]
        return chosen

    async def _behind(self, ends: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        return {partition: end for partition, end in ends.items() if await self._consumer.position(partition) < end}


async def read_to_end(
    bootstrap: str,
    topic: str,
    *,
    partitions: Collection[int] | None = None,
    committed: bool = True,
    start: Mapping[int, int] | None = None,
) -> AsyncGenerator[list[Record], None]:
    """All records of a topic up to its present end, as batches of one partition each in offset order.

    `partitions`: only these; `start`: the first offset to read of a partition.
    Raises: Failed when the broker does not answer or the topic does not exist, Transient when reading stands still.
    """
    async with LogReader(bootstrap, committed=committed) as reader:
        starts = {(topic, number): offset for number, offset in (start or {}).items()}
        await reader.assign([topic], partitions=partitions, start=starts)
        async for batch in reader.read_to_end():
            yield batch


async def end_offsets(bootstrap: str, topic: str, *, committed: bool = True) -> dict[int, int]:
    """Where each partition of a topic ends now: the offset that the next record (or marker) will get."""
    async with LogReader(bootstrap, committed=committed) as reader:
        await reader.assign([topic], from_end=True)
        return {number: offset for (_, number), offset in (await reader.positions()).items()}


def _batches(fetched: Mapping[TopicPartition, Sequence[Any]]) -> Iterator[list[Record]]:
    for partition, records in fetched.items():
        yield [
            Record(
                partition.topic, partition.partition, each.offset, each.timestamp, each.key, each.value, each.headers
            )
            for each in records
        ]


def _name(partition: TopicPartition) -> str:
    return f"partition {partition.partition} of {partition.topic}"


@contextlib.contextmanager
def _broker_errors(bootstrap: str) -> Iterator[None]:
    try:
        yield
    except KafkaError as error:
        if (refusal := forbidden(error, bootstrap, what="to read")) is not None:
            raise refusal from error
        raise Transient(f"reading from Kafka at {bootstrap} failed: {error!r}") from error
