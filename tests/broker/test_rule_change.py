"""A change of rules is told once, whoever is killed while it is taken in and told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from processors.settings import WorkerSettings
from schemas.topics import ALERTS
from tests.campaign.material import SAMPLES, events_of
from tests.oracle.oracle import Oracle, line
from tests.outcome import apply_rules, records, standing, write_timeline
from tests.rule_changes import Blow, Pair, Telling, changed_set, default_set

pytestmark = [pytest.mark.broker, pytest.mark.slow]

EVENTS = [event for file in sorted(SAMPLES.glob("*.csv*")) for event in events_of(file)][:2_000]


@pytest.fixture
def settings(broker: str, topic_prefix: str) -> WorkerSettings:
    return WorkerSettings(bootstrap=broker, prefix=topic_prefix, transaction=50, session_seconds=6.0, log_level="debug")


@pytest.fixture
def pair(settings: WorkerSettings) -> Iterator[Pair]:
    apply_rules(settings, default_set())
    write_timeline(settings, EVENTS)
    pair = Pair(settings)
    yield pair
    pair.close()


def test_a_change_is_told_once_though_who_tells_it_is_killed(settings: WorkerSettings, pair: Pair) -> None:
    telling = Telling(settings)
    threads = telling.threads()
    assert len(threads) > 100

    # The first is met in the middle of a transaction, its successor between two.
    pair.change(changed_set(), [Blow("written", 2), Blow("committed", 2)])
    told, troubles = telling.check(default_set(), changed_set())
    assert troubles == []
    assert told.keys() == {"raised", "updated", "cancelled", "superseded"}
    assert sum(told.values()) > 300
    aborted = len(records(settings, ALERTS, committed=False)) - len(records(settings, ALERTS))
    assert aborted, "nobody was met in the middle of a transaction"
    assert standing(settings) == [line(alert) for alert in Oracle(EVENTS).alerts(changed_set())]

    pair.change(default_set())
    told, troubles = telling.check(changed_set(), default_set())
    assert troubles == []
    assert telling.threads() == threads
