"""Reading in bulk ends at the end of the log and nowhere else, whatever the end consists of."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from eventlog import reading
from eventlog.reading import LogReader, end_offsets, read_to_end
from eventlog.writing import Writer
from schemas.errors import Failed, Transient
from schemas.topics import ALERTS, INCIDENTS, TICKS

# A read that does not end is the error that these tests look for.
pytestmark = pytest.mark.timeout(60)


async def _values(bootstrap: str, topic: str, *, committed: bool = True, **which: Any) -> list[bytes | None]:
    batches = read_to_end(bootstrap, topic, committed=committed, **which)
    return [record.value async for batch in batches for record in batch]


@asynccontextmanager
async def _transactional(bootstrap: str, name: str) -> AsyncIterator[Any]:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=name)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def _transaction(producer: Any, topic: str, values: Iterable[bytes], *, commit: bool) -> None:
    await producer.begin_transaction()
    for value in values:
        await producer.send_and_wait(topic, value, partition=0)
    await (producer.commit_transaction() if commit else producer.abort_transaction())


async def _shown(bootstrap: str, topic: str) -> None:
    """Wait for the marker: the broker answers for a transaction before its partitions show the end of it."""
    while await end_offsets(bootstrap, topic) != await end_offsets(bootstrap, topic, committed=False):
        await asyncio.sleep(0.02)


def test_a_partition_that_ends_in_a_commit_marker_is_read_to_its_end(
    broker: str, topic_prefix: str, fresh_name: Callable[[str], str]
) -> None:
    async def run() -> None:
        topic = topic_prefix + TICKS
        async with _transactional(broker, fresh_name("writer")) as producer:
            await _transaction(producer, topic, [b"1", b"2"], commit=True)
        await _shown(broker, topic)
        assert await _values(broker, topic) == [b"1", b"2"]
        assert await _values(broker, topic, committed=False) == [b"1", b"2"]
        # Two records and the marker.
        assert await end_offsets(broker, topic) == {0: 3}

    asyncio.run(run())


def test_a_partition_that_ends_in_aborted_records_is_read_to_its_end_without_them(
    broker: str, topic_prefix: str, fresh_name: Callable[[str], str]
) -> None:
    async def run() -> None:
        topic = topic_prefix + TICKS
        async with _transactional(broker, fresh_name("writer")) as producer:
            await _transaction(producer, topic, [b"1"], commit=True)
            await _transaction(producer, topic, [b"lost"] * 500, commit=False)
        await _shown(broker, topic)
        assert await _values(broker, topic) == [b"1"]
        assert len(await _values(broker, topic, committed=False)) == 501

    asyncio.run(run())


def test_a_partition_that_holds_nothing_but_aborted_records_is_read_to_its_end(
    broker: str, topic_prefix: str, fresh_name: Callable[[str], str]
) -> None:
    async def run() -> None:
        topic = topic_prefix + ALERTS
        async with _transactional(broker, fresh_name("writer")) as producer:
            await _transaction(producer, topic, [b"lost"], commit=False)
            await _shown(broker, topic)
            assert await _values(broker, topic) == []
            await _transaction(producer, topic, [b"lost"], commit=False)
            await _transaction(producer, topic, [b"told"], commit=True)
        await _shown(broker, topic)
        assert await _values(broker, topic) == [b"told"]

    asyncio.run(run())


def test_an_open_transaction_ends_a_committed_read_and_is_read_once_it_is_committed(
    broker: str, topic_prefix: str, fresh_name: Callable[[str], str]
) -> None:
    async def run() -> None:
        topic = topic_prefix + TICKS
        async with _transactional(broker, fresh_name("writer")) as producer:
            await _transaction(producer, topic, [b"1"], commit=True)
            await _shown(broker, topic)
            await producer.begin_transaction()
            await producer.send_and_wait(topic, b"open", partition=0)
            assert await _values(broker, topic) == [b"1"]
            assert await _values(broker, topic, committed=False) == [b"1", b"open"]
            await producer.commit_transaction()
            await _shown(broker, topic)
            assert await _values(broker, topic) == [b"1", b"open"]

    asyncio.run(run())


def test_a_reader_goes_on_after_the_end_without_gap_or_repeat(broker: str, topic_prefix: str) -> None:
    topic = topic_prefix + INCIDENTS
    seen: list[bytes | None] = []

    async def run() -> None:
        async with LogReader(broker) as reader:
            await reader.assign([topic])
            for first in range(0, 3000, 1000):
                with Writer(broker) as writer:
                    for number in range(first, first + 1000):
                        writer.send(topic, key=b"%d" % number, value=b"%d" % number)
                async for batch in reader.read_to_end():
                    seen.extend(record.value for record in batch)
            with Writer(broker) as writer:
                writer.send(topic, key=b"last", value=b"last")
            while b"last" not in seen:
                for batch in await reader.poll(timeout_seconds=1):
                    seen.extend(record.value for record in batch)
            assert sum((await reader.positions()).values()) == 3001

    asyncio.run(run())
    assert sorted(seen, key=repr) == sorted([*(b"%d" % number for number in range(3000)), b"last"], key=repr)


def test_chosen_partitions_are_read_from_chosen_offsets(broker: str, topic_prefix: str) -> None:
    topic = topic_prefix + INCIDENTS
    with Writer(broker) as writer:
        for number in range(10):
            writer.send(topic, key=b"k", value=b"%d" % number, partition=3)
            writer.send(topic, key=b"k", value=b"other", partition=4)
    assert asyncio.run(_values(broker, topic, partitions=[3], start={3: 8})) == [b"8", b"9"]


def test_a_record_of_one_mebibyte_with_its_headers_passes(broker: str, topic_prefix: str) -> None:
    topic = topic_prefix + INCIDENTS
    value = bytes(1024 * 1024)
    with Writer(broker) as writer:
        for _ in range(3):
            writer.send(topic, key=b"k" * 1000, value=value, headers=[("reason", b"r" * 50_000)])
    assert asyncio.run(_values(broker, topic)) == [value] * 3


def test_a_topic_that_does_not_exist_is_one_clear_line(broker: str) -> None:
    with pytest.raises(Failed, match="the topic no-such-topic does not exist at"):
        asyncio.run(_values(broker, "no-such-topic"))


def test_a_read_that_stands_still_fails(broker: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "STALL_SECONDS", 1.0)
    with Writer(broker) as writer:
        writer.send(topic_prefix + TICKS, key=b"k", value=b"1")

    async def nothing_comes(*partitions: object, timeout_ms: int) -> dict[object, object]:
        await asyncio.sleep(timeout_ms / 1000)
        return {}

    async def run() -> None:
        async with LogReader(broker) as reader:
            await reader.assign([topic_prefix + TICKS])
            monkeypatch.setattr(reader._consumer, "getmany", nothing_comes)
            with pytest.raises(Transient, match="could not be read to its end"):
                await anext(reader.read_to_end())

    asyncio.run(run())
