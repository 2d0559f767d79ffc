"""History: each day's transitions, against what stands as of that day when it is computed from nothing."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from schemas.errors import Failed
from schemas.event import check_event
from schemas.rule import RuleSet
from schemas.rule_text import parse_rules
from tests.simulation import Topics, rule_set
from tests.strategies import draw_rules
from tests.unit.timeline.test_as_of import Log, random_log, taken_of
from timeline.as_of import Axis, Taken, end_of_day, moment_of, rollup_as_of
from timeline.history import history
from timeline.identity import assertion
from timeline.replay import alerts_lines, standing_lines
from timeline.telling import ScopeChange
from timeline.times import DAY, day_number, microseconds

Days = list[tuple[int, list[dict[str, Any]]]]
AXES = ("publish", "ingest")
LOGS = 60


def drawn(seed: object) -> tuple[Log, RuleSet]:
    """A log, and the rules of two cases, so that something is told of most logs."""
    random = Random(str(seed))
    rules = {rule["id"]: rule for _ in range(2) for rule in draw_rules(random.choice)}
    return random_log(random), rule_set(rules.values())


def told(taken: list[Taken], rules: RuleSet, axis: Axis, first: int | None = None, last: int | None = None) -> Days:
    return list(history(taken, rules, axis=axis, first=first, last=last))


def standing_after(days: Days, day: int) -> list[bytes]:
    """What a subscriber holds who heard all that was told up to a day."""
    topics = Topics()
    for each, transitions in days:
        if each <= day:
            values = [("", json.dumps(transition).encode()) for transition in transitions]
            topics.commit([ScopeChange("", None, tuple(values))])
    return list(standing_lines(map(json.loads, topics.standing())))


@pytest.mark.parametrize("axis", AXES)
def test_what_was_told_by_a_day_leaves_standing_what_stands_as_of_it(axis: Axis) -> None:
    days_with_news = standing = 0
    for seed in range(LOGS):
        log, rules = drawn(seed)
        taken = taken_of(log)
        days = told(taken, rules, axis)
        known = {moment_of(*each, axis) // DAY for each in taken}
        asked = {*known, *(day + 1 for day in known if day < max(known)), *(day for day, _ in days)}
        for day in sorted(asked):
            expected = list(alerts_lines(rollup_as_of(taken, end_of_day(day), axis, rules)))
            assert standing_after(days, day) == expected, (seed, day)
            standing += len(expected)
        days_with_news += len(days)
    assert days_with_news > LOGS
    assert standing > 5 * LOGS


@pytest.mark.parametrize("axis", AXES)
def test_neither_order_nor_repetition_nor_what_became_known_later_changes_what_was_told(axis: Axis) -> None:
    fewer = 0
    for seed in range(LOGS):
        log, rules = drawn(f"order {seed}")
        taken, random = taken_of(log), Random(seed)
        days = told(taken, rules, axis)
        mixed = random.sample(taken, len(taken)) + random.choices(taken, k=2)
        assert told(mixed, rules, axis) == days
        last = moment_of(*random.choice(taken), axis) // DAY
        prefix = [each for each in mixed if moment_of(*each, axis) // DAY <= last]
        begin = [(day, transitions) for day, transitions in days if day <= last]
        assert told(prefix, rules, axis) == told(taken, rules, axis, last=last) == begin
        fewer += len(begin) < len(days)
    assert fewer > LOGS / 5


def test_the_days_that_are_asked_for_are_those_of_the_whole_history() -> None:
    for seed in range(LOGS):
        log, rules = drawn(f"days {seed}")
        taken = taken_of(log)
        days = told(taken, rules, "publish")
        if days:
            middle = days[len(days) // 2][0]
            assert told(taken, rules, "publish", first=middle) == [each for each in days if each[0] >= middle]
            assert told(taken, rules, "publish", first=middle, last=middle) == [
                each for each in days if each[0] == middle
            ]


RULES = parse_rules("""rules:
  - {id: attack, kind: match, title: An attack, scope: country, severity: minor, where: {type: attack}, hold: 3}
""")


def attack(publish_time: str, ingest_time: str | None, **more: Any) -> Taken:
    said = {
        "id": "vigil:1",
        "source": "vigil",
        "type": "attack",
        "event_time": {"start": "2021-04-01T00:00:00Z", "end": "2021-04-02T00:00:00Z", "precision": "day"},
        "publish_time": publish_time,
        "place": {"country": "MLI"},
        **more,
    }
    return Taken(assertion(check_event(said)), None if ingest_time is None else microseconds(ingest_time))


FIRST = attack("2021-04-01T23:59:59.999999Z", "2021-04-03T00:00:00Z")
GONE = attack("2021-04-02T00:00:00Z", "2021-04-09T00:00:00Z", state="withdrawn")


def kinds(days: Days) -> list[tuple[int, str, str]]:
    april = day_number("2021-04-01")
    return [(day - april + 1, each["transition"], each["status"]) for day, told in days for each in told]


def test_a_day_ends_at_midnight_and_a_correction_cancels_on_the_day_on_which_it_became_known() -> None:
    assert kinds(told([FIRST, GONE], RULES, "publish")) == [(1, "raised", "open"), (2, "cancelled", "open")]
    days = kinds(told([FIRST, GONE], RULES, "ingest"))
    assert days == [(3, "raised", "open"), (5, "resolved", "resolved"), (9, "cancelled", "resolved")]


def test_the_clock_goes_on_without_news_as_far_as_it_is_asked_to() -> None:
    assert kinds(told([FIRST], RULES, "publish")) == [(1, "raised", "open")]
    week = day_number("2021-04-08")
    assert kinds(told([FIRST], RULES, "publish", last=week)) == [(1, "raised", "open"), (5, "resolved", "resolved")]


def test_nothing_is_told_of_nothing() -> None:
    assert told([], RULES, "publish", last=day_number("2021-04-08")) == []
    assert told([FIRST], RuleSet(), "publish") == []


def test_lines_have_no_history_on_the_ingest_axis() -> None:
    with pytest.raises(Failed, match="lines carry no ingest time"):
        told([attack("2021-04-02T00:00:00Z", None)], RULES, "ingest")
