"""A worker that is alive but does not consume is ended, whatever it hangs in; one that has nothing to do is not."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from eventlog.topics import create_topics
from processors.outlet import Outgoing, Outlet
from processors.watchdog import EXIT_STUCK
from schemas.topics import TopicSpec

pytestmark = pytest.mark.broker


@pytest.fixture
def topic(broker: str, fresh_name: Callable[[str], str]) -> str:
    name = fresh_name("watched")
    spec = TopicSpec(name, key="none", partitions=1, cleanup="delete", reason="a test's own")
    create_topics(broker, topics=(spec,))
    return name


def start(broker: str, topic: str, way: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.broker.hanging_worker", broker, topic, way]
    return subprocess.Popen(command, stderr=subprocess.PIPE)


def send(broker: str, topic: str, value: bytes) -> None:
    async def write() -> None:
        async with Outlet(broker) as outlet:
            await outlet.write({(topic, 0): [Outgoing(None, value)]})

    asyncio.run(write())


@pytest.mark.parametrize(
    ("way", "why"),
    [
        ("agent", "it does not read a partition"),
        ("loop", "its event loop does not answer"),
        ("unassigned", "it waits for partitions"),
    ],
)
def test_a_worker_that_hangs_is_ended_with_one_line(broker: str, topic: str, way: str, why: str) -> None:
    send(broker, topic, b"hang")
    worker = start(broker, topic, way)
    try:
        _, said = worker.communicate(timeout=30)
    finally:
        worker.kill()
    assert worker.returncode == EXIT_STUCK
    lines = [json.loads(line) for line in said.splitlines()]
    (last,) = [line for line in lines if line["what"].startswith("this worker is alive")]
    assert last["why"] == why


def test_a_watchdog_that_fails_ends_the_worker_too(broker: str, topic: str) -> None:
    worker = start(broker, topic, "broken")
    try:
        _, said = worker.communicate(timeout=30)
    finally:
        worker.kill()
    assert worker.returncode == EXIT_STUCK
    assert b"the watchdog failed" in said


@pytest.mark.parametrize(("way", "value"), [("agent", b"fine"), ("busy", b"hang")])
def test_a_worker_with_nothing_to_do_or_with_work_of_another_kind_is_left_alone(
    broker: str, topic: str, way: str, value: bytes
) -> None:
    send(broker, topic, value)
    worker = start(broker, topic, way)
    try:
        time.sleep(5.0)
        assert worker.poll() is None
    finally:
        worker.kill()
        worker.communicate()
