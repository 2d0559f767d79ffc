"""A backtest's scores: of hand-made tellings, against plain loops, and of logs that go on after the period."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from tests.unit.timeline.test_as_of import taken_of
from tests.unit.timeline.test_history import drawn
from timeline.as_of import Axis, moment_of
from timeline.backtest import Alert, Count, Period, frequency, told_alerts, told_in
from timeline.history import history
from timeline.outcomes import Label, coups, lead_days, leads_by_rule, mass_casualties, outcome
from timeline.overlap import Days, overlap
from timeline.times import DAY, day_number

LOGS = 200
D = day_number("2021-10-01")
PERIOD = Period(D, D + 99)


def record(transition: str, thread: str, **more: Any) -> dict[str, Any]:
    """What the alerts topic says: of the first three days of October, known by the end of the first."""
    return {
        "transition": transition,
        "thread": thread,
        "rule": "deadly-week",
        "scope": "country:MLI",
        "first_day": "2021-10-01",
        "last_day": "2021-10-03",
        "status": "open",
        "known": "2021-10-02T00:00:00Z",
        "notify": True,
        "survivor": None,
        **more,
    }


def alert(
    told: int, *, scope: str = "country:MLI", rule: str = "r", first: int = 0, last: int = 0, **more: Any
) -> Alert:
    """An alert by its days, counted from 1 October."""
    plain = Alert(f"{rule}-{scope}-{told}", rule, scope, D + told, D + told, 0.0, 0, D + first, D + last, "resolved")
    return replace(plain, **more)


def label(day: int, *scopes: str) -> Label:
    return Label(f"on {day}", D + day, frozenset(scopes or ("country:MLI", "world")))


def test_an_alert_is_told_once_and_keeps_what_was_said_first() -> None:
    days = [
        (D + 1, [record("raised", "a")]),
        (D + 2, [record("updated", "a", last_day="2021-10-09", known="2021-10-05T00:00:00Z")]),
        (D + 9, [record("resolved", "a", last_day="2021-10-09", status="resolved")]),
    ]
    [found] = told_alerts(days)
    assert found == Alert("a", "deadly-week", "country:MLI", D + 1, D + 1, 0.0, 1, D, D + 8, "resolved")


def test_an_heir_carries_an_alert_on_and_a_merged_one_ends() -> None:
    days = [
        (D + 1, [record("raised", "a"), record("raised", "b")]),
        (
            D + 2,
            [
                record("raised", "a", first_day="2021-09-30"),
                record("superseded", "a", survivor="a"),
                record("superseded", "b", survivor="a"),
            ],
        ),
    ]
    found = told_alerts(days)
    assert [(each.thread, each.first, each.fate) for each in found] == [("a", D - 1, "open"), ("b", D, "merged")]
    assert [each.told_after_days for each in found] == [1, 1]


def test_an_alert_that_was_cancelled_and_stands_again_is_one() -> None:
    days = [(D + 1, [record("raised", "a")]), (D + 2, [record("cancelled", "a")])]
    assert [each.fate for each in told_alerts(days)] == ["cancelled"]
    again = [*days, (D + 3, [record("raised", "a")])]
    assert [(each.told, each.fate) for each in told_alerts(again)] == [(D + 1, "open")]


def test_who_is_told_of_what_is_over_is_not_notified_until_it_goes_on() -> None:
    over = [(D + 20, [record("raised", "a", status="resolved", notify=False, known="2021-10-12T12:00:00Z")])]
    [found] = told_alerts(over)
    assert (found.paged, found.delay_days, found.told_after_days) == (None, 10.5, 20)
    [found] = told_alerts([*over, (D + 25, [record("updated", "a")]), (D + 26, [record("updated", "a")])])
    assert (found.told, found.paged) == (D + 20, D + 25)


def test_what_is_known_during_the_first_day_has_no_delay() -> None:
    [found] = told_alerts([(D, [record("raised", "a", known="2021-09-01T00:00:00Z")])])
    assert (found.delay_days, found.told_after_days) == (0, 0)


def test_alerts_are_counted_by_the_year_of_telling_and_scope() -> None:
    told = [alert(0), alert(99), alert(100), alert(-1), alert(95, scope="admin1:ML-8", paged=None, fate="cancelled")]
    inside = told_in(told, PERIOD)
    found = frequency(inside, PERIOD)
    assert found.alerts == 3
    assert found.per_year == pytest.approx(3 * 365.25 / 100)
    assert found.counts == (
        Count(2021, "country:MLI", 1),
        Count(2022, "admin1:ML-8", 1),
        Count(2022, "country:MLI", 1),
    )
    assert (found.paged.count, found.paged.of) == (2, 3)
    assert found.fates == {"open": 0, "resolved": 2, "cancelled": 1, "merged": 0}


def test_alerts_overlap_where_they_have_a_scope_and_a_day_in_common() -> None:
    ours = [alert(0, first=0, last=5), alert(9, first=9, last=9), alert(20, first=20, last=21)]
    theirs = [
        alert(0, rule="s", first=5, last=8),
        alert(0, rule="t", first=0, last=1),
        alert(0, rule="t", first=9, last=9, scope="world"),
        alert(0, rule="s", first=22, last=30),
    ]
    found = overlap(ours, Days(theirs))
    assert (found.shared, found.only, found.with_rules) == (1, 2, {"s": 1, "t": 1})


def test_overlap_equals_a_plain_loop() -> None:
    random, met = Random(1), 0
    for _ in range(200):
        ours, theirs = [[_random_alert(random) for _ in range(random.randrange(12))] for _ in range(2)]
        found = overlap(ours, Days(theirs))
        beside = [
            {b.rule for b in theirs if b.scope == a.scope and b.first <= a.last and b.last >= a.first} for a in ours
        ]
        assert found.shared == sum(map(bool, beside))
        assert found.only == len(ours) - found.shared
        assert found.with_rules == {rule: count for rule in "rs" if (count := sum(rule in rules for rules in beside))}
        met += found.shared
    assert met > 100


def _random_alert(random: Random) -> Alert:
    first = random.randrange(60)
    scope = random.choice(("country:MLI", "country:NER", "admin1:ML-8", "world"))
    paged = random.choice((D + first, D + first, None))
    last = first + random.randrange(6)
    return alert(first, rule=random.choice("rs"), scope=scope, first=first, last=last, paged=paged)


@pytest.mark.parametrize(("told", "lead"), [(49, 1), (20, 30), (50, None), (51, None), (19, None), (-1, None)])
def test_a_warning_comes_at_most_the_horizon_and_at_least_a_day_before(told: int, lead: int | None) -> None:
    warned = label(50)
    assert lead_days([alert(told)], warned, 30) == lead
    found = outcome([alert(told)], [warned], kinds={"country"}, period=PERIOD, horizon=30)
    assert found.recall.count == (lead is not None)
    assert found.precision.count == (lead is not None)
    assert found.lead_days.median == lead


def test_only_a_scope_that_holds_the_label_warns_of_it() -> None:
    of_kidal = label(50, "admin1:ML-8", "country:MLI", "region:011", "world")
    for scope in ("admin1:ML-8", "country:MLI", "world"):
        assert lead_days([alert(49, scope=scope)], of_kidal, 30) == 1
    for scope in ("admin1:ML-7", "country:NER", "world@ucdp-ged", "mission:MINUSMA"):
        assert lead_days([alert(49, scope=scope)], of_kidal, 30) is None


def test_an_alert_that_notified_nobody_warns_of_nothing_and_is_not_judged() -> None:
    found = outcome([alert(49, paged=None)], [label(50)], kinds={"country"}, period=PERIOD, horizon=30)
    assert (found.precision.of, found.recall.count, found.unjudged) == (0, 0, 0)
    assert found.chance is None


def test_an_alert_whose_horizon_reaches_past_the_period_is_not_judged() -> None:
    found = outcome([alert(69), alert(70)], [label(100)], kinds={"country"}, period=PERIOD, horizon=30)
    assert (found.precision.count, found.precision.of, found.unjudged) == (0, 1, 1)
    assert found.recall.of == 0


def test_a_warning_from_before_the_period_counts_for_its_labels_and_is_not_judged() -> None:
    found = outcome([alert(-5)], [label(3)], kinds={"country"}, period=PERIOD, horizon=30)
    assert (found.recall.count, found.recall.of, found.precision.of) == (1, 1, 0)
    assert found.lead_days.median == 8


def test_labels_without_a_scope_of_the_rule_are_not_held_against_it() -> None:
    found = outcome([], [label(50), label(60, "world")], kinds={"country"}, period=PERIOD, horizon=30)
    assert found.recall.of == 1
    alerts = [alert(49), alert(49, scope="world")]
    found = outcome(alerts, [label(50)], kinds={"country"}, period=PERIOD, horizon=30)
    assert found.precision.of == 1


def test_of_several_warnings_the_first_gives_the_lead() -> None:
    alerts = [alert(40, rule="r"), alert(45, rule="r"), alert(30, rule="s")]
    assert lead_days(alerts, label(50), 30) == 20
    assert leads_by_rule(alerts, label(50), 30) == {"r": 10, "s": 20}
    assert leads_by_rule(alerts, label(50), 15) == {"r": 10}


def test_outcomes_equal_plain_loops() -> None:
    random, right, by_chance = Random(2), 0, 0.0
    for _ in range(200):
        alerts = [_random_alert(random) for _ in range(random.randrange(15))]
        labels = [
            label(random.randrange(70), *random.sample(("country:MLI", "country:NER", "world"), 2)) for _ in "123"
        ]
        horizon = random.choice((1, 5, 12))
        period = Period(D + 5, D + 50)
        kinds = {"country", "world"}
        found = outcome(alerts, labels, kinds=kinds, period=period, horizon=horizon)
        held = [each for each in labels if D + 5 <= each.day <= D + 50]
        judged = [
            each for each in alerts
            if each.paged is not None and "admin1" not in each.scope and D + 5 <= each.paged <= D + 50 - horizon
        ]  # fmt: skip
        assert found.precision.of == len(judged)
        assert found.precision.count == sum(_right(each.scope, each.told, held, horizon) for each in judged)
        days = range(D + 5, D + 50 - horizon + 1)
        chances = [sum(_right(each.scope, day, held, horizon) for day in days) / len(days) for each in judged]
        assert found.chance == (pytest.approx(sum(chances) / len(chances)) if judged else None)
        right += found.precision.count
        by_chance += sum(chances)
    assert right > 50
    assert by_chance > 50


def _right(scope: str, day: int, labels: list[Label], horizon: int) -> bool:
    return any(scope in each.scopes and day < each.day <= day + horizon for each in labels)


def test_labels_are_taken_from_what_is_asserted_now() -> None:
    coup = {
        "id": "cline-coups:1",
        "type": "coup",
        "state": "asserted",
        "coding": "human",
        "coup": {"outcome": "attempted"},
        "event_time": {"start": "2021-10-03T00:00:00Z", "end": "2021-10-04T00:00:00Z"},
        "place": {"country": "SDN"},
    }
    others = [coup | {"state": "withdrawn"}, coup | {"coding": "machine"}, coup | {"coup": {"outcome": "conspiracy"}}]
    [found] = coups([coup, *others])
    assert found == Label("cline-coups:1", D + 2, found.scopes)
    assert {"country:SDN", "world", "region:015"} <= found.scopes
    attack = {**coup, "type": "attack", "coup": {}, "title": "A raid", "killed": {"total": {"best": 50}}}
    fewer = attack | {"killed": {"total": {"best": 49, "high": 90}}}
    nowhere = attack | {"place": {"name": "at sea"}}
    unknown = attack | {"killed": {"total": {"low": 60}}}
    assert [each.name for each in mass_casualties([attack, fewer, nowhere, unknown, coup])] == ["A raid"]


@pytest.mark.parametrize("axis", ["publish", "ingest"])
def test_nothing_that_came_after_the_period_changes_a_score(axis: Axis) -> None:
    alerts = changed = judged = 0
    for seed in range(LOGS):
        log, rules = drawn(f"backtest {axis} {seed}")
        random, taken = Random(seed), taken_of(log)
        known = sorted(moment_of(*each, axis) // DAY for each in taken)
        period = Period(known[0], random.choice(known))
        whole, prefix, mixed = [
            told_alerts(history(each, rules, axis=axis, first=None, last=period.last))
            for each in (
                taken,
                [each for each in taken if moment_of(*each, axis) // DAY <= period.last],
                random.sample(taken, len(taken)),
            )
        ]
        assert whole == prefix == mixed
        labels = [label(day - D, "world", "country:MLI") for day in known]
        inside = [each for each in labels if each.day <= period.last]
        of_all, of_inside = [
            outcome(whole, each, kinds={"world", "country"}, period=period, horizon=9) for each in (labels, inside)
        ]
        assert of_all == of_inside
        # All this says something only where what came later would have changed it.
        later = told_alerts(history(taken, rules, axis=axis, first=None, last=None))
        changed += [each for each in later if each.told <= period.last] != whole
        alerts += len(whole)
        judged += of_all.precision.of
    assert alerts > 200
    assert changed > 30
    assert judged > 20
