"""Each remedy on a real broker: what it mends must fail on plain Faust (strict xfail), so that a Faust which no longer
needs it is noticed."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from faust.tables.manager import TableManager

from eventlog.topics import create_topics
from processors.faust_remedies import add_agent, build_app, waiting_slices
from processors.outlet import Outgoing, Outlet
from schemas.topics import TopicSpec

pytestmark = pytest.mark.broker
Handle = Callable[[list[Any]], Awaitable[None]]
FreshName = Callable[[str], str]


class Safe:
    """An app with the remedies, and an agent that acks what it has handled."""

    def app(self, name: str, broker: str) -> Any:
        return build_app(name, bootstrap=broker, batch=4000, session_seconds=10.0)

    def agent(self, app: Any, topics: list[str], handle: Handle) -> None:
        async def take(slices: Any) -> None:
            await handle([record for event in slices for record in event.value])
            for event in slices:
                event.ack()

        add_agent(app, topics, take)


class Plain:
    """The same app as Faust's documentation builds it."""

    def app(self, name: str, broker: str) -> Any:
        return faust.App(
            name,
            broker=f"aiokafka://{broker}",
            autodiscover=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
            table_standby_replicas=0,
            web_enabled=False,
        )

    def agent(self, app: Any, topics: list[str], handle: Handle) -> None:
        async def take(stream: Any) -> None:
            async for event in stream.events():
                await handle([event.message])

        source = app.topic(*topics, value_type=bytes, value_serializer="raw", key_type=bytes, key_serializer="raw")
        app.agent(source, name=f"{app.conf.id}.agent")(take)


either = pytest.mark.parametrize(
    "kind", [Safe(), pytest.param(Plain(), marks=pytest.mark.xfail(strict=True, reason="plain Faust needs the remedy"))]
)
Kind = Safe | Plain


@pytest.fixture(autouse=True)
def folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain Faust leaves a folder for tables where it stands."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain Faust makes folders where it runs."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def topic(broker: str, fresh_name: FreshName) -> str:
    name = fresh_name("remedies")
    spec = TopicSpec(name, key="none", partitions=2, cleanup="delete", reason="a test's own")
    create_topics(broker, topics=(spec,))
    return name


@contextlib.asynccontextmanager
async def started(app: Any) -> AsyncIterator[Any]:
    try:
        await app.start()
        yield app
    finally:
        app.consumer._unacked_messages.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(app.stop(), 5)


async def send(broker: str, topic: str, values: list[bytes], partition: int = 0) -> None:
    async with Outlet(broker) as outlet:
        await outlet.write({(topic, partition): [Outgoing(None, value) for value in values]})


async def committed(broker: str, group: str, topic: str, partition: int = 0) -> int | None:
    client = AIOKafkaConsumer(bootstrap_servers=broker, group_id=group, enable_auto_commit=False)
    await client.start()
    try:
        offset: int | None = await client.committed(TopicPartition(topic, partition))
        return offset
    finally:
        await client.stop()


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        await asyncio.sleep(0.02)


@either
def test_what_is_acked_is_committed_before_partitions_are_revoked(
    kind: Kind, broker: str, topic: str, fresh_name: FreshName
) -> None:
    async def scenario() -> list[bytes]:
        group, handled = fresh_name("revoked"), []
        apps = []
        for _ in range(2):
            app = kind.app(group, broker)
            app.conf.broker_commit_interval = 60.0

            async def handle(records: list[Any]) -> None:
                handled.extend([record.value for record in records])

            kind.agent(app, [topic], handle)
            apps.append(app)
        # Records in both partitions: whichever of them moves to the second worker, it holds some.
        for partition in range(2):
            await send(broker, topic, [b"%d" % n for n in range(50)], partition=partition)
        async with started(apps[0]):
            await until(lambda: len(handled) == 100)
            async with started(apps[1]):
                await send(broker, topic, [b"later"], partition=0)
                await send(broker, topic, [b"later"], partition=1)
                await until(lambda: handled.count(b"later") >= 2)
        return [value for value in handled if value != b"later"]

    assert len(asyncio.run(scenario())) == 100


@either
def test_a_failing_agent_ends_the_app_and_commits_nothing_of_what_failed(
    kind: Kind, broker: str, topic: str, fresh_name: FreshName
) -> None:
    async def scenario() -> tuple[int | None, bool]:
        group, handled = fresh_name("failing"), []
        app = kind.app(group, broker)
        app.conf.broker_commit_interval = 0.1

        async def handle(records: list[Any]) -> None:
            if any(record.value == b"bad" for record in records):
                raise RuntimeError("this record cannot be handled")
            handled.extend(records)

        kind.agent(app, [topic], handle)
        async with started(app):
            await send(broker, topic, [b"good"] * 10)
            await until(lambda: len(handled) == 10)
            await send(broker, topic, [b"bad", *[b"good"] * 9])
            with contextlib.suppress(AssertionError):
                await until(lambda: app.crashed or len(handled) == 19, seconds=8)
        return await committed(broker, group, topic), app.crashed

    assert asyncio.run(scenario()) == (10, True)


@either
def test_what_was_fetched_and_dropped_before_the_first_commit_is_read_again(
    kind: Kind, broker: str, topic: str, fresh_name: FreshName
) -> None:
    async def scenario() -> int:
        app, holding = kind.app(fresh_name("dropped"), broker), asyncio.Event()

        async def handle(records: list[Any]) -> None:
            holding.set()
            await asyncio.sleep(60)

        kind.agent(app, [topic], handle)
        await send(broker, topic, [b"x"] * 100)
        async with started(app):
            await asyncio.wait_for(holding.wait(), 20)
            partition = TopicPartition(topic, 0)
            assert await app.consumer.position(partition) > 0
            app.consumer.stop_flow()
            await app.consumer.perform_seek()
            return int(await app.consumer.position(partition))

    assert asyncio.run(scenario()) == 0


@either
def test_records_that_wait_come_as_one_batch(kind: Kind, broker: str, topic: str, fresh_name: FreshName) -> None:
    async def scenario() -> list[int]:
        app, sizes = kind.app(fresh_name("batches"), broker), []

        async def handle(records: list[Any]) -> None:
            sizes.append(len(records))

        kind.agent(app, [topic], handle)
        for partition in (0, 1):
            await send(broker, topic, [b"x"] * 1500, partition=partition)
        async with started(app):
            await until(lambda: sum(sizes) == 3000)
        return sizes

    assert len(asyncio.run(scenario())) <= 10


@either
def test_while_partitions_are_paused_the_broker_client_is_never_asked_for_none_of_them(
    kind: Kind, broker: str, topic: str, fresh_name: FreshName
) -> None:
    async def scenario() -> list[int]:
        app = kind.app(fresh_name("paused"), broker)

        async def handle(records: list[Any]) -> None:
            pass

        kind.agent(app, [topic], handle)
        async with started(app):
            asked: list[Any] = []
            getmany = app.consumer._thread.getmany

            async def spy(active: Any, timeout: float) -> Any:
                asked.append(active)
                return await getmany(active, timeout)

            app.consumer._thread.getmany = spy
            await until(lambda: bool(asked))
            app.consumer.pause_partitions(app.consumer.assignment())
            return [len(active) for active in asked]

    assert 0 not in asyncio.run(scenario())


@either
def test_partitions_of_one_number_stay_together_with_three_workers(
    kind: Kind, broker: str, topic: str, fresh_name: FreshName
) -> None:
    async def scenario() -> dict[str, list[tuple[str, list[int]]]]:
        app = kind.app(fresh_name("together"), broker)

        async def handle(records: list[Any]) -> None:
            pass

        kind.agent(app, [topic], handle)
        async with started(app):
            strategy = app.consumer._thread._consumer._partition_assignment_strategy[0]
        cluster = SimpleNamespace(partitions_for_topic=lambda _: set(range(8)))
        members = {name: strategy.metadata(["incidents", "political"]) for name in ("a", "b", "c")}
        return {name: given.assignment for name, given in strategy.assign(cluster, members).items()}

    for assignment in asyncio.run(scenario()).values():
        numbers = {name: sorted(partitions) for name, partitions in assignment}
        assert numbers["incidents"] == numbers["political"]


@either
def test_an_app_subscribes_without_waiting_for_tables(
    kind: Kind, broker: str, topic: str, fresh_name: FreshName, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept = []
    sleep = TableManager.sleep

    async def spy(self: Any, seconds: Any, **options: Any) -> None:
        slept.append(seconds)
        await sleep(self, seconds, **options)

    monkeypatch.setattr(TableManager, "sleep", spy)

    async def scenario() -> None:
        app = kind.app(fresh_name("quick"), broker)

        async def handle(records: list[Any]) -> None:
            pass

        kind.agent(app, [topic], handle)
        async with started(app):
            pass

    asyncio.run(scenario())
    assert not slept


@either
def test_nothing_waits_long_behind_a_fetch_that_waits_for_records(
    kind: Kind, broker: str, topic: str, fresh_name: FreshName
) -> None:
    async def scenario() -> float:
        app = kind.app(fresh_name("idle"), broker)

        async def handle(records: list[Any]) -> None:
            pass

        kind.agent(app, [topic], handle)
        waits = []
        async with started(app):
            for _ in range(3):
                await asyncio.sleep(0.3)
                began = time.monotonic()
                await app.consumer._thread.seek_to_beginning(TopicPartition(topic, 0))
                await app.consumer.position(TopicPartition(topic, 0))
                waits.append(time.monotonic() - began)
        return max(waits)

    assert asyncio.run(scenario()) < 0.9


@either
def test_an_app_leaves_no_folder(kind: Kind, broker: str, topic: str, fresh_name: FreshName, tmp_path: Path) -> None:
    async def scenario() -> None:
        app = kind.app(fresh_name("quiet"), broker)

        async def handle(records: list[Any]) -> None:
            pass

        kind.agent(app, [topic], handle)
        async with started(app):
            pass

    asyncio.run(scenario())
    assert list(tmp_path.iterdir()) == []


def test_an_app_serves_no_pages_and_creates_no_topics() -> None:
    conf = Safe().app("settings", "127.0.0.1:1").conf
    assert not conf.web_enabled
    assert not conf.topic_allow_declare
    assert (conf.broker_session_timeout, conf.broker_heartbeat_interval) == (10.0, 2.5)


@pytest.mark.parametrize(("active", "taken"), [(True, ["of this generation"]), (False, [])])
def test_nothing_of_another_generation_is_taken_from_the_queue(active: bool, taken: list[str]) -> None:
    async def scenario() -> list[str]:
        queue: asyncio.Queue[Any] = asyncio.Queue()
        for generation, value in ((1, "of the one before"), (2, "of this generation")):
            message = SimpleNamespace(generation_id=generation, tracked=False)
            queue.put_nowait(SimpleNamespace(message=message, value=value))
        app = SimpleNamespace(
            consumer_generation_id=2,
            flow_control=SimpleNamespace(is_active=lambda: active),
            consumer=SimpleNamespace(_unacked_messages=SimpleNamespace(add=lambda message: None)),
        )
        return [event.value for event in waiting_slices(app, queue)]

    assert asyncio.run(scenario()) == taken
