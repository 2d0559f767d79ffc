"""The sender says where each record stands, and whoever waits hears of trouble in time."""

import asyncio
import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiokafka.errors import OutOfOrderSequenceNumber

from eventlog import sending
from eventlog.node.embedded import EmbeddedBroker
from eventlog.reading import read_to_end
from eventlog.record import Record
from eventlog.sending import Place, Sender, Sending
from eventlog.topics import create_topics
from eventlog.writing import Writer
from schemas.errors import Failed, Transient
from schemas.topics import COMMANDS, INCIDENTS, POLITICAL


def _read(bootstrap: str, topic: str) -> list[Record]:
    async def read() -> list[Record]:
        return [record async for batch in read_to_end(bootstrap, topic) for record in batch]

    return asyncio.run(read())


def _send(bootstrap: str, records: list[Sending]) -> list[Place]:
    async def send() -> list[Place]:
        async with Sender(bootstrap) as sender:
            return await sender.send_all(records)

    return asyncio.run(send())


def test_each_record_stands_where_the_sender_says(broker: str, topic_prefix: str) -> None:
    topics = [topic_prefix + name for name in (INCIDENTS, POLITICAL, COMMANDS)]
    sent = [
        Sending(topics[number % 3], b"key-%d" % number, b"value-%d" % number, [("n", b"%d" % number)])
        for number in range(500)
    ]
    places = _send(broker, sent)
    stored = {record[:3]: record for topic in topics for record in _read(broker, topic)}
    for record, place in zip(sent, places, strict=True):
        found = stored.pop(place[:3])
        assert (found.key, found.value, list(found.headers)) == (record.key, record.value, record.headers)
        assert found.timestamp_ms == place.timestamp_ms
    assert not stored


def test_a_key_goes_to_the_partition_that_the_writer_chooses(broker: str, topic_prefix: str) -> None:
    topic = topic_prefix + INCIDENTS
    keys = [f"feed-{number}:{'é' * (number % 7)}ключ{number}".encode() for number in range(2000)]
    places = _send(broker, [Sending(topic, key, b"x") for key in keys])
    chosen = {key: place.partition for key, place in zip(keys, places, strict=True)}
    with Writer(broker) as writer:
        for key in keys:
            writer.send(topic, key=key, value=b"written")
    written = {record.key: record.partition for record in _read(broker, topic) if record.value == b"written"}
    assert chosen == written
    assert len(set(chosen.values())) == 8


def test_a_broker_that_is_away_is_told_in_time_and_works_again_when_it_is_back(tmp_path: Path) -> None:
    async def go_through_it(embedded: EmbeddedBroker) -> list[Place]:
        assert embedded.state is not None
        record = Sending(INCIDENTS, b"vigil:1", b"x")
        async with Sender(embedded.state.bootstrap, delivery_seconds=2.0) as sender:
            await sender.send_all([record])
            os.kill(embedded.state.pid, signal.SIGKILL)
            await asyncio.to_thread(embedded.wait)
            for _ in range(2):
                started = time.monotonic()
                with pytest.raises(Transient, match="send it again"):
                    await sender.send_all([record])
                assert time.monotonic() - started < 3.0
            await asyncio.to_thread(embedded.start)
            deadline = time.monotonic() + 30
            while True:
                try:
                    return await sender.send_all([record])
                except Transient:
                    assert time.monotonic() < deadline

    with EmbeddedBroker(tmp_path) as embedded:
        assert embedded.state is not None
        create_topics(embedded.state.bootstrap)
        [place] = asyncio.run(go_through_it(embedded))
        assert place.offset in {record.offset for record in _read(embedded.bootstrap, INCIDENTS)}


def test_the_end_does_not_wait_for_a_broker_that_is_away(tmp_path: Path) -> None:
    async def end(embedded: EmbeddedBroker) -> float:
        assert embedded.state is not None
        sender = Sender(embedded.state.bootstrap, delivery_seconds=1.0)
        await sender.start()
        os.kill(embedded.state.pid, signal.SIGKILL)
        await asyncio.to_thread(embedded.wait)
        with pytest.raises(Transient):
            await sender.send_all([Sending(INCIDENTS, b"vigil:1", b"x")])
        started = time.monotonic()
        await sender.stop()
        return time.monotonic() - started

    with EmbeddedBroker(tmp_path) as embedded:
        create_topics(embedded.bootstrap)
        assert asyncio.run(end(embedded)) < 2 * sending.CLOSE_SECONDS + 0.5


def test_a_producer_that_lost_count_of_its_records_is_replaced(broker: str, topic_prefix: str) -> None:
    async def go_on() -> list[Place]:
        record = Sending(topic_prefix + INCIDENTS, b"vigil:1", b"x")
        async with Sender(broker) as sender:
            sender._producer._message_accumulator.fail_all(OutOfOrderSequenceNumber())
            with pytest.raises(Failed):
                await sender.send_all([record])
            return await sender.send_all([record])

    [place] = asyncio.run(go_on())
    assert place.offset == 0


def test_no_more_waits_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "WAITING_BYTES", 100)

    async def overfill() -> None:
        sender = Sender("nobody:1", delivery_seconds=0.2)

        async def never(*_: object, **__: object) -> None:
            await asyncio.sleep(60)

        sender._producer = SimpleNamespace(send=never)
        first = asyncio.create_task(sender.send_all([Sending("t", b"k", bytes(60))]))
        await asyncio.sleep(0)
        with pytest.raises(Transient, match="too much is waiting"):
            await sender.send_all([Sending("t", b"k", bytes(60))])
        with pytest.raises(Transient, match="did not acknowledge"):
            await first
        with pytest.raises(Transient, match="did not acknowledge"):
            await sender.send_all([Sending("t", b"k", bytes(60))])

    asyncio.run(overfill())


def test_without_a_broker_there_is_no_sender() -> None:
    async def start() -> None:
        async with Sender("127.0.0.1:9"):
            pass

    with pytest.raises(Failed, match="no Kafka answers"):
        asyncio.run(start())
