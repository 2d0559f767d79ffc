"""The writer answers for every record: it arrives, or somebody is told."""

import asyncio
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from aiokafka.partitioner import DefaultPartitioner

from eventlog import writing
from eventlog.node.embedded import EmbeddedBroker
from eventlog.reading import read_to_end
from eventlog.record import Record
from eventlog.topics import create_topics
from eventlog.writing import Writer
from schemas.errors import Failed, Transient
from schemas.topics import INCIDENTS, PARTITIONS, TICKS


def _read(bootstrap: str, topic: str) -> list[Record]:
    async def read() -> list[Record]:
        return [record async for batch in read_to_end(bootstrap, topic) for record in batch]

    return asyncio.run(read())


def test_more_records_than_may_wait_for_their_acknowledgement_all_arrive_once(broker: str, topic_prefix: str) -> None:
    topic = topic_prefix + INCIDENTS
    count = writing.UNACKNOWLEDGED * 2 + 7
    with Writer(broker) as writer:
        for number in range(count):
            writer.send(topic, key=b"%d" % number, value=b"x")
    assert sorted(int(record.key or b"") for record in _read(broker, topic)) == list(range(count))


def test_the_partition_of_a_key_is_the_one_that_every_other_client_chooses(broker: str, topic_prefix: str) -> None:
    topic = topic_prefix + INCIDENTS
    numbers = list(range(PARTITIONS))
    with Writer(broker) as writer:
        for number in range(100):
            writer.send(topic, key=b"ucdp-ged:%d" % number, value=b"x")
    other_client = DefaultPartitioner()
    for record in _read(broker, topic):
        assert record.partition == other_client(record.key, numbers, numbers)


def test_records_are_retried_while_the_broker_is_away_and_arrive_once(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path) as embedded:
        assert embedded.state is not None
        bootstrap, pid = embedded.state.bootstrap, embedded.state.pid
        create_topics(bootstrap)
        with Writer(bootstrap) as writer:
            for number in range(3000):
                writer.send(INCIDENTS, key=b"%d" % number, value=b"x" * 500)
                if number == 1000:
                    os.kill(pid, signal.SIGKILL)
                    restart = threading.Thread(target=lambda: (embedded.wait(), embedded.start()))
                    restart.start()
            restart.join()
        assert sorted(int(record.key or b"") for record in _read(bootstrap, INCIDENTS)) == list(range(3000))


def test_a_broker_that_does_not_come_back_is_told_at_the_deadline(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path) as embedded:
        assert embedded.state is not None
        create_topics(embedded.state.bootstrap)
        writer = Writer(embedded.state.bootstrap, delivery_seconds=3)
        writer.send(INCIDENTS, key=b"k", value=b"1")
        writer.flush()
    writer.send(INCIDENTS, key=b"k", value=b"2")
    started = time.monotonic()
    with pytest.raises(Transient, match=r"did not take a record") as transient:
        writer.flush()
    assert time.monotonic() - started < 10
    assert "\n" not in str(transient.value)
    writer.close()


def test_a_record_that_no_topic_takes_is_refused_at_once(broker: str, topic_prefix: str) -> None:
    with Writer(broker) as writer, pytest.raises(Failed, match=r"did not take a record for .*MessageSizeTooLarge"):
        writer.send(topic_prefix + INCIDENTS, key=b"k", value=bytes(3 * 1024 * 1024))


def test_an_unknown_topic_is_told(broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "CONNECT_SECONDS", 1.0)
    writer = Writer(broker)
    with pytest.raises((Failed, Transient), match="did not take a record for no-such-topic"):
        writer.send("no-such-topic", key=b"k", value=b"1")
        writer.flush()
    writer.close()


def test_a_block_that_failed_does_not_wait_for_its_records(broker: str, topic_prefix: str) -> None:
    with pytest.raises(ZeroDivisionError), Writer(broker) as writer:
        writer.send(topic_prefix + TICKS, key=None, value=b"1")
        raise ZeroDivisionError
    assert len(_read(broker, topic_prefix + TICKS)) <= 1
