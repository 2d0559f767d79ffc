"""The ledger as a process of its own on a real broker."""

import json
from typing import Any

import pytest

from eventlog.writing import Writer
from processors.settings import WorkerSettings
from schemas.topics import DEADLETTERS, INCIDENTS, TIMELINE
from tests.events import event
from tests.oracle.oracle import Oracle, line
from tests.outcome import ledger_lag, publish, records, timeline
from tests.processes import WorkerProcess, until

pytestmark = pytest.mark.broker
Json = dict[str, Any]


def wait_until_read(settings: WorkerSettings) -> None:
    until(lambda: not any(ledger_lag(settings).values()), poll_seconds=0.1)


def test_news_goes_to_the_timeline_once_and_bad_input_to_the_dead_letters(
    settings: WorkerSettings, ledger: WorkerProcess
) -> None:
    withdrawn = event(3, state="withdrawn", reason="never happened")
    good = [
        event(1),
        event(2),
        event(2, publish_time="2021-04-03T00:00:00Z"),
        {name: value for name, value in withdrawn.items() if name != "event_time"},
        event(4, type="coup", coup={"outcome": "attempted"}),
    ]
    publish(settings, [*good, *good])
    huge = b"x" * (1024 * 1024 + 1)
    structured = {"specversion": "1.0", "id": "a", "source": "b", "type": "c", "data": event(5)}
    with Writer(settings.bootstrap) as writer:
        topic = settings.topic(INCIDENTS)
        writer.send(topic, key=b"vigil:6", value=b"{", headers=[("own", b"1")])
        writer.send(topic, key=b"vigil:7", value=json.dumps(event(8)).encode())
        writer.send(topic, key=b"vigil:9", value=None)
        writer.send(topic, key=b"vigil:10", value=huge)
        writer.send(topic, key=b"vigil:11", value=json.dumps(event(11, publish_time="2031-01-01T00:00:00Z")).encode())
        content_type = ("content-type", b"application/cloudevents+json")
        writer.send(topic, key=b"vigil:5", value=json.dumps(structured).encode(), headers=[content_type])
    wait_until_read(settings)

    assert timeline(settings) == [line(state) for state in Oracle([*good, event(5)]).timeline()]
    written = records(settings, TIMELINE)
    assert len(written) == 6
    for record in written:
        topic, partition, _ = dict(record.headers)["vigil_position"].decode().split(":")
        assert (topic.startswith(settings.prefix), int(partition)) == (True, record.partition)
    dead = {record.key: record for record in records(settings, DEADLETTERS)}
    assert {key: dict(record.headers)["vigil_field"] for key, record in dead.items()} == {
        b"vigil:6": b"",
        b"vigil:7": b"key",
        b"vigil:9": b"",
        b"vigil:10": b"",
        b"vigil:11": b"publish_time",
    }
    assert dead[b"vigil:6"].value == b"{"
    assert dict(dead[b"vigil:6"].headers)["own"] == b"1"
    assert dead[b"vigil:9"].value is None
    assert dead[b"vigil:10"].value == huge[: 64 * 1024]


def test_a_killed_ledger_knows_what_it_wrote_before(settings: WorkerSettings, ledger: WorkerProcess) -> None:
    events = [event(number) for number in range(200)]
    publish(settings, events)
    ledger.wait_for("batch", phase="acked")
    ledger.kill()
    publish(settings, events)
    second = WorkerProcess("ledger", settings)
    try:
        wait_until_read(settings)
        assert second.wait_for("state read")["known"] == 200
    finally:
        second.kill()
    assert len(records(settings, TIMELINE)) == 200


def test_a_stopped_ledger_commits_what_it_has_done_and_exits_with_0(
    settings: WorkerSettings, ledger: WorkerProcess
) -> None:
    publish(settings, [event(number) for number in range(100)])
    until(lambda: len(records(settings, TIMELINE)) == 100, poll_seconds=0.1)
    assert ledger.stop(seconds=5.0) == 0
    assert not any(ledger_lag(settings).values())


def test_without_its_topics_a_ledger_says_so_and_exits_with_1(broker: str) -> None:
    worker = WorkerProcess("ledger", WorkerSettings(bootstrap=broker, prefix="none-of-these."))
    assert worker.process.wait(20) == 1
    worker.kill()
    assert any("does not exist" in line.get("text", "") for line in worker.lines)
