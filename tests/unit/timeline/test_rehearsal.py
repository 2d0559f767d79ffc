"""A rehearsal tells in the end, and at the end of each day, what history and the state as of that day say."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from schemas.errors import Failed
from tests.simulation import Topics
from tests.unit.timeline.test_as_of import taken_of
from tests.unit.timeline.test_history import AXES, FIRST, GONE, LOGS, RULES, attack, drawn
from timeline.as_of import Axis, Taken, end_of_day, rollup_as_of
from timeline.history import history
from timeline.rehearsal import Step, rehearse
from timeline.replay import alerts_lines, standing_lines, windows_lines
from timeline.times import DAY, day_number, time_text

HOUR = DAY // 24


def alerts_of(step: Step) -> list[dict[str, Any]]:
    return [json.loads(value) for change in step.changes for _, value in change.alerts]


@pytest.mark.parametrize("axis", AXES)
def test_day_by_day_it_tells_what_history_tells(axis: Axis) -> None:
    told = 0
    for seed in range(LOGS):
        log, rules = drawn(f"rehearsal {seed}")
        taken = taken_of(log)
        mixed = Random(seed).sample(taken, len(taken)) + taken[:2]
        steps = list(rehearse(mixed, rules, axis=axis, first=None, last=None))
        days = [(step.time // DAY, alerts_of(step)) for step in steps]
        assert [each for each in days if each[1]] == list(history(taken, rules, axis=axis, first=None, last=None))
        assert all(step.time == end_of_day(step.time // DAY) for step in steps)
        told += len(steps)
    assert told > LOGS


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("width", [HOUR, 7 * HOUR, DAY])
def test_whatever_the_steps_a_subscriber_holds_what_stands(axis: Axis, width: int) -> None:
    for seed in range(LOGS // 4):
        log, rules = drawn(f"steps {seed}")
        taken, random = taken_of(log), Random(seed)
        first = random.choice(taken)[0].stamp.publish_time // DAY + random.choice((0, 1, 3))
        topics, accepted = Topics(), list[Taken]()
        for step in rehearse(taken, rules, axis=axis, first=first, last=first + 9, width=width):
            topics.commit(step.changes)
            accepted += step.news
            expected = rollup_as_of(taken, step.time, axis, rules)
            assert topics.windows() == list(windows_lines(expected))
            assert list(standing_lines(map(json.loads, topics.standing()))) == list(alerts_lines(expected))
        keys = [(each.statement.id, each.statement.stamp) for each in accepted]
        assert len(keys) == len(set(keys)), "a repeat is no news"


def times(steps: list[Step]) -> list[tuple[str, int]]:
    return [(time_text(step.time), len(step.news)) for step in steps]


def test_what_was_known_before_the_first_day_is_told_at_once_and_days_begin_without_news() -> None:
    april = day_number("2021-04-01")
    later = attack("2021-04-03T12:30:00Z", None, id="vigil:2")
    steps = list(rehearse([later, GONE, FIRST], RULES, axis="publish", first=april + 2, last=april + 3, width=HOUR))
    assert times(steps) == [
        ("2021-04-02T23:59:59.999999Z", 2),
        ("2021-04-03T00:59:59.999999Z", 0),
        ("2021-04-03T12:59:59.999999Z", 1),
        ("2021-04-04T00:59:59.999999Z", 0),
    ]
    assert [len(alerts_of(step)) for step in steps] == [0, 0, 1, 0], "what was cancelled before was never told"


def test_nothing_is_rehearsed_after_the_last_day_and_of_nothing() -> None:
    april = day_number("2021-04-01")
    steps = list(rehearse([FIRST, GONE], RULES, axis="publish", first=None, last=april))
    assert times(steps) == [("2021-04-01T23:59:59.999999Z", 1)]
    assert list(rehearse([], RULES, axis="publish", first=april, last=april)) == []


def test_lines_cannot_be_rehearsed_on_the_ingest_axis() -> None:
    with pytest.raises(Failed, match="lines carry no ingest time"):
        list(rehearse([attack("2021-04-02T00:00:00Z", None)], RULES, axis="ingest", first=None, last=None))
