"""The roller as a process of its own on a real broker. The ledger's part, writing the timeline, is the test's."""

import asyncio
import json
import signal
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from eventlog.writing import Writer
from processors.settings import WorkerSettings
from processors.teller import Teller
from schemas.topics import AGGREGATES, ALERTS, TICKS
from tests.oracle.oracle import Oracle, line
from tests.outcome import apply_rules, records, roller_lag, shown, standing, transitions, windows, write_timeline
from tests.processes import WorkerProcess, until

pytestmark = pytest.mark.broker
Json = dict[str, Any]
Start = Callable[[], WorkerProcess]

RULES: list[Json] = [
    {
        "id": "deadly-week",
        "kind": "threshold",
        "title": "Over 20 killed in a week",
        "scope": "country",
        "severity": "moderate",
        "measure": "killed",
        "window": "7d",
        "reaches": 20,
        "ends_below": 10,
    },
    {
        "id": "attack",
        "kind": "match",
        "title": "An attack that kills ten",
        "scope": "country",
        "severity": "severe",
        "where": {"type": "attack", "killed.total.best": {"at_least": 10}},
    },
]


@pytest.fixture
def start(settings: WorkerSettings) -> Iterator[Start]:
    workers: list[WorkerProcess] = []

    def begin() -> WorkerProcess:
        workers.append(WorkerProcess("roller", settings))
        return workers[-1]

    yield begin
    for worker in workers:
        worker.kill()


def event(number: int, *, day: int = 1, killed: int = 5, country: str = "MLI", **more: Any) -> Json:
    return {
        "id": f"vigil:{number}",
        "source": "vigil",
        "type": "attack",
        "event_time": {
            "start": f"2021-04-{day:02}T00:00:00Z",
            "end": f"2021-04-{day + 1:02}T00:00:00Z",
            "precision": "day",
        },
        "publish_time": f"2021-04-{day + 1:02}T00:00:00Z",
        "place": {"country": country},
        "killed": {"total": {"low": killed, "best": killed, "high": killed}},
        **more,
    }


def wait_until_read(settings: WorkerSettings) -> None:
    until(lambda: not any(roller_lag(settings).values()), poll_seconds=0.1)


def check_outcome(settings: WorkerSettings, events: list[Json], rules: list[Json], ticks: Iterable[str] = ()) -> None:
    wait_until_read(settings)
    oracle = Oracle(events, ticks)
    assert windows(settings) == [line(value) for value in oracle.windows()]
    assert standing(settings) == [line(alert) for alert in oracle.alerts(rules)]


EVENTS = [event(number, day=1 + number % 20, killed=number % 13) for number in range(60)]


def test_what_is_told_follows_the_timeline_and_a_new_rule_set(settings: WorkerSettings, start: Start) -> None:
    apply_rules(settings, RULES)
    write_timeline(settings, EVENTS[:30])
    roller = start()
    check_outcome(settings, EVENTS[:30], RULES)

    corrected = event(7, day=12, killed=0, country="NER", publish_time="2021-04-28T00:00:00Z")
    withdrawn = {
        "id": "vigil:13",
        "source": "vigil",
        "type": "attack",
        "state": "withdrawn",
        "publish_time": "2021-04-28T00:00:00Z",
        "reason": "a mistake",
    }
    write_timeline(settings, [*EVENTS, corrected, withdrawn])
    check_outcome(settings, [*EVENTS, corrected, withdrawn], RULES)

    lower = [RULES[0] | {"reaches": 15}]
    apply_rules(settings, lower)
    check_outcome(settings, [*EVENTS, corrected, withdrawn], lower)
    ended = [record for record in transitions(settings) if record["rule"] == "attack"]
    assert ended[-1]["transition"] == "cancelled"
    assert ended[-1]["reason"] == "the rule changed"
    assert roller.stop(seconds=5.0) == 0


def test_a_restart_tells_nothing_that_was_told(settings: WorkerSettings, start: Start) -> None:
    apply_rules(settings, RULES)
    write_timeline(settings, EVENTS)
    first = start()
    wait_until_read(settings)
    assert first.stop() == 0
    before = [len(records(settings, topic)) for topic in (ALERTS, AGGREGATES)]
    assert before[0] > 10
    second = start()
    assert second.wait_for("takeover", step="tell")["scopes"] == 0
    assert [len(records(settings, topic)) for topic in (ALERTS, AGGREGATES)] == before


def test_what_others_wrote_among_what_was_told_is_put_right(settings: WorkerSettings, start: Start) -> None:
    apply_rules(settings, RULES)
    write_timeline(settings, EVENTS)
    first = start()
    wait_until_read(settings)
    assert first.stop() == 0
    real = records(settings, ALERTS)[-1]
    forged = (real.value or b"").replace(b'"value":', b'"value":1', 1)
    with Writer(settings.bootstrap) as writer:
        for topic, value in ((ALERTS, forged), (ALERTS, b"{"), (ALERTS, b"[]"), (ALERTS, b"{}"), (AGGREGATES, b"1")):
            writer.send(settings.topic(topic), key=real.key, value=value, partition=real.partition)
    second = start()
    second.wait_for("takeover", step="follow")
    assert len(second.find("a record among what was told cannot be read, and is passed over")) == 4
    assert second.wait_for("takeover", step="tell")["scopes"] == 1
    alert, aggregate = (
        [each for each in records(settings, topic) if each.key == real.key] for topic in (ALERTS, AGGREGATES)
    )
    assert shown(json.loads(alert[-1].value or b"")) == shown(json.loads(real.value or b""))
    assert json.loads(aggregate[-1].value or b"")["scope"] == (real.key or b"").decode()


def test_ticks_move_the_clock_but_not_into_the_future(settings: WorkerSettings, start: Start) -> None:
    apply_rules(settings, RULES)
    write_timeline(settings, EVENTS)
    roller = start()
    wait_until_read(settings)
    with Writer(settings.bootstrap) as writer:
        for text in ("2021-04-30T06:00:00Z", "2021-04-29T00:00:00Z", "2999-01-01T00:00:00Z"):
            writer.send(settings.topic(TICKS), key=None, value=json.dumps({"time": text}).encode())
    check_outcome(settings, EVENTS, RULES, ["2021-04-30T06:00:00Z"])
    assert roller.find("a tick is ignored", offset=2)


def test_with_a_live_clock_the_active_one_appends_a_tick(
    broker: str, topic_prefix: str, settings: WorkerSettings
) -> None:
    write_timeline(settings, EVENTS[:1])
    live = WorkerSettings(bootstrap=broker, prefix=topic_prefix, clock="live", session_seconds=6.0)
    roller = WorkerProcess("roller", live)
    try:
        roller.wait_for("takeover", step="follow")
        wait_until_read(settings)
        (tick,) = records(settings, TICKS)
        clock = json.loads(windows(settings)[0])["clock"]
        assert clock[:19] == datetime.fromtimestamp(tick.timestamp_ms // 1000, UTC).isoformat()[:19]
    finally:
        roller.kill()


def test_a_roller_that_was_fenced_writes_nothing_and_exits(settings: WorkerSettings, start: Start) -> None:
    write_timeline(settings, EVENTS)
    roller = start()
    wait_until_read(settings)
    before = windows(settings)

    async def fence() -> None:
        teller = Teller(settings)
        await teller.start()
        await teller.stop()

    asyncio.run(fence())
    write_timeline(settings, [event(100, country="NER")])
    assert roller.process.wait(20) == 1
    assert windows(settings) == before


def test_a_roller_that_joins_moves_nothing(settings: WorkerSettings, start: Start) -> None:
    write_timeline(settings, EVENTS[:30])
    active = start()
    active.wait_for("takeover", step="follow")
    for joined in range(1, 4):
        start().wait_for("assigned", active=False)
        active.wait_for("assigned", active=True, times=1 + joined)
    write_timeline(settings, EVENTS[30:])
    check_outcome(settings, EVENTS, [])
    assert len(active.find("takeover", step="fence")) == 1


def test_a_standby_takes_over_and_a_stopped_one_that_goes_on_changes_nothing(
    settings: WorkerSettings, start: Start
) -> None:
    apply_rules(settings, RULES)
    write_timeline(settings, EVENTS[:20])
    workers = [start(), start()]
    wait_until_read(settings)

    def agreed() -> bool:
        said = [worker.find("assigned")[-1:] for worker in workers]
        return all(said) and len({lines[0]["generation"] for lines in said}) == 1

    until(agreed)
    (active,) = (worker for worker in workers if worker.find("assigned")[-1]["active"])
    (standby,) = (worker for worker in workers if worker is not active)
    until(lambda: len(active.find("takeover", step="follow")) > len(active.find("handed over")))
    taken = len(standby.find("takeover", step="follow"))
    active.signal(signal.SIGSTOP)
    write_timeline(settings, EVENTS[20:40])
    standby.wait_for("takeover", step="follow", times=taken + 1)
    check_outcome(settings, EVENTS[:40], RULES)
    active.signal(signal.SIGCONT)
    write_timeline(settings, EVENTS[40:])
    check_outcome(settings, EVENTS, RULES)
