"""Streams on a real broker, from a server in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from eventlog.node.embedded import EmbeddedBroker
from eventlog.reading import end_offsets, read_to_end
from eventlog.record import Record
from eventlog.topics import create_topics, delete_before, topic_ids
from eventlog.writing import Writer
from schemas.channel_examples import EXAMPLES
from schemas.topics import ALERTS, PARTITIONS, TIMELINE
from subscribers.alerts import decode_transition
from subscribers.stream.positions import PositionText
from tests.disconnects import Disconnects
from tests.sse import Answer, Event, connect, stream
from tests.stream_server import StreamServer

pytestmark = pytest.mark.broker

ALERT: dict[str, Any] = dict(EXAMPLES["alertTransition"][0].payload)
ACCEPTED = EXAMPLES["acceptedAssertion"][0]
SECONDS = 20.0

Serve = Callable[..., StreamServer]
Queue = asyncio.Queue[Event | None]


@pytest.fixture
def serve(broker: str, topic_prefix: str) -> Iterator[Serve]:
    """Starts servers of this test's own log."""
    servers: list[StreamServer] = []

    def start(**settings: Any) -> StreamServer:
        servers.append(StreamServer(broker, topic_prefix, **settings))
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


@pytest.fixture
def tell(broker: str, topic_prefix: str) -> Callable[..., None]:
    """Writes alerts with these numbers; each number is in another scope than the next."""

    def write(*numbers: int, **members: Any) -> None:
        with Writer(broker) as writer:
            for number in numbers:
                alert = ALERT | {"id": str(number), "scope": f"country:{number % 7}"} | members
                writer.send(topic_prefix + ALERTS, key=alert["scope"].encode(), value=json.dumps(alert).encode())

    return write


async def _next(blocks: Queue) -> Event:
    block = await asyncio.wait_for(blocks.get(), SECONDS)
    assert block is not None, "the stream has ended"
    return block


async def _alerts(blocks: Queue, count: int) -> list[Event]:
    """The next so many events; heartbeats are passed over."""
    heard: list[Event] = []
    while len(heard) < count:
        block = await _next(blocks)
        if block.data is not None:
            heard.append(block)
    return heard


def _numbers(heard: list[Event]) -> list[int]:
    return [int(event.json["id"]) for event in heard]


async def _refused(url: str, **options: Any) -> Answer:
    with pytest.raises(Answer) as caught:
        await connect(url, lambda _: None, **options)
    return caught.value


async def _in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.to_thread(work, *arguments)


def _run(test: Callable[[], Awaitable[None]]) -> None:
    async def within() -> None:
        async with asyncio.timeout(120):
            await test()

    asyncio.run(within())


async def _transaction(broker: str, topic: str, numbers: list[int], *, commit: bool) -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker, transactional_id=f"{topic}-writer") as producer:
        await producer.begin_transaction()
        for number in numbers:
            await producer.send_and_wait(topic, json.dumps(ALERT | {"id": str(number)}).encode(), partition=number % 8)
        await (producer.commit_transaction() if commit else producer.abort_transaction())


async def _records(broker: str, topic: str) -> list[Record]:
    return [record async for batch in read_to_end(broker, topic) for record in batch]


def test_an_alert_is_told_as_follow_prints_it(
    broker: str, topic_prefix: str, serve: Serve, tell: Callable[..., None]
) -> None:
    server = serve()

    async def test() -> None:
        async with stream(f"{server.url}/stream/alerts") as blocks:
            begin = await _next(blocks)
            assert begin.id and begin.data is None and begin.retry
            await _in_thread(tell, 1)
            [heard] = await _alerts(blocks, 1)
        [record] = await _records(broker, topic_prefix + ALERTS)
        assert heard.name == "alert"
        assert heard.data == json.dumps(
            decode_transition(record), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )

    _run(test)


def test_an_assertion_is_told_as_it_stands_on_the_topic_with_its_ingest_time(
    broker: str, topic_prefix: str, serve: Serve
) -> None:
    headers = [(name, said.encode()) for name, said in ACCEPTED.headers.items()]
    value = json.dumps(ACCEPTED.payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    with Writer(broker) as writer:
        writer.send(topic_prefix + TIMELINE, key=b"key", value=value, headers=headers)
    server = serve()

    async def test() -> None:
        async with stream(f"{server.url}/stream/timeline?all=true&country=MLI&type=attack") as blocks:
            [heard] = await _alerts(blocks, 1)
        assert heard.name == "timeline"
        assert heard.json == ACCEPTED.payload | {"ingest_time": ACCEPTED.headers["vigil_ingest_time"]}
        assert heard.data is not None
        assert heard.data.replace(f'"ingest_time":"{ACCEPTED.headers["vigil_ingest_time"]}",', "").encode() == value

    _run(test)


def test_history_and_live_events_join_without_a_seam(serve: Serve, tell: Callable[..., None]) -> None:
    tell(*range(1_000))
    server = serve(ring_records=100)

    async def test() -> None:
        async with stream(f"{server.url}/stream/alerts?all=true") as blocks:
            writing = asyncio.create_task(_in_thread(tell, *range(1_000, 2_000)))
            heard = await _alerts(blocks, 2_000)
            await writing
            await _in_thread(tell, 2_000)
            heard += await _alerts(blocks, 1)
        assert sorted(_numbers(heard)) == list(range(2_001))
        for scope in range(7):
            numbers = [number for number in _numbers(heard) if number % 7 == scope]
            assert numbers == sorted(numbers)

    _run(test)


def test_a_stream_is_resumed_after_kill_9_with_other_filters_and_from_either_side(
    serve: Serve, tell: Callable[..., None]
) -> None:
    tell(*range(300))
    server = serve(ring_records=50)

    async def test() -> None:
        async with stream(f"{server.url}/stream/alerts?all=true") as blocks:
            heard = await _alerts(blocks, 100)
        server.kill()
        await _in_thread(tell, *range(300, 400))
        again = serve(port=server.port, ring_records=50)
        async with stream(f"{again.url}/stream/alerts?all=true", last_id=heard[-1].id) as blocks:
            rest = await _alerts(blocks, 300)
            assert blocks.empty()
        assert sorted(_numbers(heard + rest)) == list(range(400))
        address = f"{again.url}/stream/alerts?scope=country:3&last_event_id={heard[49].id}"
        async with stream(address) as blocks:
            wanted = [number for number in _numbers(heard[50:] + rest) if number % 7 == 3]
            assert sorted(_numbers(await _alerts(blocks, len(wanted)))) == sorted(wanted)

    _run(test)


def test_aborted_records_are_not_told_and_their_gaps_are_no_gaps(broker: str, topic_prefix: str, serve: Serve) -> None:
    topic = topic_prefix + ALERTS

    async def test() -> None:
        await _transaction(broker, topic, list(range(16)), commit=True)
        await _transaction(broker, topic, list(range(100, 116)), commit=False)
        server = await _in_thread(serve)
        async with stream(f"{server.url}/stream/alerts?all=true") as blocks:
            heard = await _alerts(blocks, 16)
        async with stream(f"{server.url}/stream/alerts", last_id=heard[-1].id) as blocks:
            begin = await _next(blocks)
            assert begin.id == heard[-1].id, "a client goes on from exactly the id that it had"
            await _transaction(broker, topic, [200], commit=True)
            assert _numbers(await _alerts(blocks, 1)) == [200]

    _run(test)


def test_a_heartbeat_carries_a_narrow_filter_along(serve: Serve, tell: Callable[..., None]) -> None:
    server = serve(constants={"client.HEARTBEAT_SECONDS": 0.3})

    async def test() -> None:
        async with stream(f"{server.url}/stream/alerts?scope=country:none") as blocks:
            begin = await _next(blocks)
            await _in_thread(tell, *range(20))
            beat = await _next(blocks)
            while beat.id == begin.id:
                beat = await _next(blocks)
            while (later := await _next(blocks)).id != beat.id:
                beat = later
            assert beat.data is None and beat.comments == ["up to date"]
        async with stream(f"{server.url}/stream/alerts", last_id=beat.id) as blocks:
            await _in_thread(tell, 20)
            assert _numbers(await _alerts(blocks, 1)) == [20]

    _run(test)


def test_a_client_that_falls_behind_the_ring_is_told_so_and_misses_nothing_when_it_comes_again(
    serve: Serve, tell: Callable[..., None]
) -> None:
    server = serve(ring_records=20, constants={"client.LATE_SECONDS": 0.5})
    large = {"title": "x" * 100_000}

    async def test() -> None:
        heard: list[Event] = []
        connection = await connect(f"{server.url}/stream/alerts", heard.append)
        connection.transport.pause_reading()
        await _in_thread(lambda: tell(*range(300), **large))
        await asyncio.sleep(1.0)
        connection.transport.resume_reading()
        await asyncio.wait_for(connection.closed, SECONDS)
        *alerts, cut_off = [event for event in heard if event.data is not None]
        assert cut_off.name == "cut-off" and cut_off.id is None
        problem = cut_off.json
        assert problem["type"] == "/problems/too-slow-to-follow" and problem["instance"] == "/stream/alerts"
        assert "Last-Event-ID" in problem["detail"]
        async with stream(f"{server.url}/stream/alerts", last_id=alerts[-1].id if alerts else heard[0].id) as blocks:
            rest = await _alerts(blocks, 300 - len(alerts))
        assert sorted(_numbers(alerts + rest)) == list(range(300))

    _run(test)


def test_a_client_that_takes_nothing_is_cut_off_and_told_so_where_it_still_reads(
    serve: Serve, tell: Callable[..., None]
) -> None:
    server = serve(constants={"client.SLOW_SECONDS": 1.0, "client.HEARTBEAT_SECONDS": 0.5})
    large = {"title": "x" * 200_000}

    async def test() -> None:
        heard: list[Event] = []
        connection = await connect(f"{server.url}/stream/alerts", heard.append)
        connection.transport.pause_reading()
        await _in_thread(lambda: tell(*range(100), **large))
        async with asyncio.timeout(SECONDS):
            while not _log_says(server, "a subscriber is cut off"):
                await asyncio.sleep(0.05)
        connection.transport.resume_reading()
        await asyncio.wait_for(connection.closed, SECONDS)
        *alerts, cut_off = [event for event in heard if event.data is not None]
        assert cut_off.name == "cut-off" and "nothing was taken for 1 seconds" in cut_off.json["detail"]
        async with stream(f"{server.url}/stream/alerts", last_id=alerts[-1].id) as blocks:
            rest = await _alerts(blocks, 100 - len(alerts))
        assert sorted(_numbers(alerts + rest)) == list(range(100))

    _run(test)


def _log_says(server: StreamServer, what: str) -> bool:
    return any(json.loads(line)["what"] == what for line in server.log().splitlines())


def test_a_position_that_is_gone_is_an_explicit_error(
    broker: str, topic_prefix: str, serve: Serve, tell: Callable[..., None]
) -> None:
    tell(*range(400))
    server = serve(ring_records=8)
    topic = topic_prefix + ALERTS

    async def test() -> None:
        alerts, timeline = f"{server.url}/stream/alerts", f"{server.url}/stream/timeline"
        async with stream(f"{alerts}?all=true") as blocks:
            begin = (await _next(blocks)).id
        answer = await _refused(timeline, last_id=begin)
        assert (answer.status, answer.json["type"]) == (410, "/problems/position-gone")
        assert "another log" in answer.json["detail"]
        ids = await _in_thread(lambda: topic_ids(broker, [ALERTS], prefix=topic_prefix))
        beyond = PositionText(ids[ALERTS], PARTITIONS).encode((10_000,) * PARTITIONS)
        assert "past the end" in (await _refused(alerts, last_id=beyond)).json["detail"]
        ends = await end_offsets(broker, topic)
        await _in_thread(lambda: delete_before(broker, {(topic, number): end for number, end in ends.items()}))
        answer = await _refused(alerts, last_id=begin)
        assert answer.status == 410 and "does not reach back" in answer.json["detail"]
        for text in ("nonsense", begin[:-1] if begin else ""):
            answer = await _refused(f"{alerts}?last_event_id={text}")
            assert (answer.status, answer.json["type"]) == (400, "/problems/bad-position")
        async with stream(f"{alerts}?all=true") as blocks:
            await _in_thread(tell, 400)
            assert _numbers(await _alerts(blocks, 1)) == [400]

    _run(test)


def test_filters_that_mean_nothing_are_refused(serve: Serve) -> None:
    server = serve()

    async def test() -> None:
        for query, field in (
            ("country=Mali", "country"),
            ("from=yesterday", "from"),
            ("type=attack", "type"),
            ("all=maybe", "all"),
        ):
            answer = await _refused(f"{server.url}/stream/alerts?{query}")
            assert answer.status == 422 and field in answer.json["errors"][0]["field"]

    _run(test)


def test_there_are_no_more_subscribers_than_may_be(serve: Serve) -> None:
    server = serve(subscribers=2)

    async def test() -> None:
        async with stream(f"{server.url}/stream/alerts"), stream(f"{server.url}/stream/alerts") as second:
            await _next(second)
            answer = await _refused(f"{server.url}/stream/alerts")
            assert answer.status == 503 and "2 subscribers" in answer.json["detail"] and answer.headers["retry-after"]
        for _ in range(100):
            with contextlib.suppress(Answer):
                async with stream(f"{server.url}/stream/alerts"):
                    return
            await asyncio.sleep(0.05)
        raise AssertionError("a place that was left is not given again")

    _run(test)


def test_what_others_wrote_and_nobody_can_read_is_passed_over(
    broker: str, topic_prefix: str, serve: Serve, tell: Callable[..., None]
) -> None:
    with Writer(broker) as writer:
        for value in (b"no json", b"[]", b'{"id": "without the rest"}', None):
            writer.send(topic_prefix + ALERTS, key=b"country:1", value=value)
    tell(1)
    server = serve()

    async def test() -> None:
        async with stream(f"{server.url}/stream/alerts?all=true") as blocks:
            assert _numbers(await _alerts(blocks, 1)) == [1]

    _run(test)


def test_the_end_of_the_server_is_said_and_comes_soon(serve: Serve) -> None:
    server = serve()

    async def test() -> None:
        async with stream(f"{server.url}/stream/alerts") as blocks:
            await _next(blocks)
            ends = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            assert (await _next(blocks)).comments == ["the server ends; come again with the id of your last event"]
            assert await asyncio.wait_for(blocks.get(), SECONDS) is None
            await _in_thread(server.process.wait, 10)
            assert time.monotonic() - ends < 2.0

    _run(test)


def test_while_kafka_is_away_the_stream_stays_and_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    constants = {"client.HEARTBEAT_SECONDS": 0.5, "hub.WATCH_SECONDS": 0.5, "hub.ANSWER_SECONDS": 1.0}

    async def until(blocks: Queue, said: str) -> None:
        while (await _next(blocks)).comments != [said]:
            pass

    async def test(broker: EmbeddedBroker, server: StreamServer) -> None:
        async with stream(f"{server.url}/stream/alerts") as blocks:
            await until(blocks, "up to date")
            await _in_thread(broker.stop)
            await until(blocks, "no Kafka answers; what is new comes when it is back")
            with EmbeddedBroker(tmp_path / "broker", port=port) as again:
                await _transaction(again.bootstrap, ALERTS, [7], commit=True)
                assert _numbers(await _alerts(blocks, 1)) == [7]
                await until(blocks, "up to date")

    with EmbeddedBroker(tmp_path / "broker", port=port) as broker:
        create_topics(broker.bootstrap)
        server = StreamServer(broker.bootstrap, constants=constants)
        try:
            _run(lambda: test(broker, server))
        finally:
            server.kill()


@pytest.mark.slow
def test_random_disconnects_and_kills_of_the_server_leave_no_gap_and_no_repeat(broker: str, topic_prefix: str) -> None:
    async def test() -> None:
        campaign = Disconnects(
            broker, topic_prefix, disconnects=300, kills=2, clients=12, per_second=200, seed=20261124
        )
        found = await campaign.run()
        assert (found["gaps"], found["repeats"], found["out_of_order"]) == (0, 0, 0), found
        assert found["disconnects"] >= 300 and found["kills"] == 2 and found["events"] > 1_000, found
        assert set(found["refused"]) <= {503}, "a position that was given out was refused"

    _run(test)
