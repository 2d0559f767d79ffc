"""Known answers of the core, small enough to be checked by hand."""

from __future__ import annotations

import json
from typing import Any

from schemas.event import check_event
from schemas.rule import RuleSet
from schemas.rule_text import parse_rules
from tests.unit.schemas.test_event import AGUELHOK, changed
from timeline.identity import Assertion, assertion, encode
from timeline.replay import aggregates_lines, alerts_lines, fold, timeline_lines, windows_at_lines, windows_lines
from timeline.states import States
from timeline.telling import Told
from timeline.times import day_number
from timeline.transitions import standing_alert

RULES = """rules:
  - {id: deadly-week, kind: threshold, title: Over 3 killed, scope: country, severity: moderate,
     measure: killed, count: possible, window: 7d, reaches: 4, feed: ucdp-ged}
  - {id: deadly-day, kind: threshold, title: Over 9 killed, scope: country, severity: moderate,
     measure: killed, window: 1d, reaches: 10, feed: acled}
"""


def asserted(**members: Any) -> Assertion:
    """Return the Aguelhok attack with other members."""
    return assertion(check_event({**AGUELHOK, **members}))


def lines(written: Any) -> list[Any]:
    return [json.loads(line) for line in written]


def test_nothing_is_said_of_an_empty_log() -> None:
    rollup = fold([])
    assert [*windows_lines(rollup), *windows_at_lines(rollup, 0), *aggregates_lines(rollup)] == []
    assert [*alerts_lines(rollup), *timeline_lines([]), *Told().differences(rollup, everything=True)] == []


def test_a_month_is_possible_in_each_week_that_it_touches_and_certain_in_none() -> None:
    rollup = fold([asserted()])
    days = {line["at"]: line["measures"] for line in lines(aggregates_lines(rollup, "country:MLI@ucdp-ged", "7d"))}
    assert list(days) == ["2021-04-01"], "the clock ends the series before the last week does"
    assert days["2021-04-01"]["attacks"] == {"certain": 0, "possible": 1}
    (at,) = [line for line in lines(windows_at_lines(rollup, day_number("2021-04-30"))) if line["scope"] == "world"]
    assert at["windows"]["30d"]["killed"] == {
        "certain": {"best": 4, "high": 4, "low": 4},
        "feed": "ucdp-ged",
        "possible": {"best": 4, "high": 4, "low": 4},
    }
    assert at["windows"]["1d"]["attacks"] == {"certain": 0, "feed": "ucdp-ged", "possible": 1}


def test_days_before_the_first_asked_for_are_left_out() -> None:
    rollup = fold([asserted()])
    assert list(aggregates_lines(rollup, "world", "7d", first=day_number("2021-04-02"))) == []
    assert list(aggregates_lines(rollup, "world", "7d", last=day_number("2021-03-31"))) == []


def test_an_episode_covers_each_day_that_may_hold_the_attack() -> None:
    (alert,) = lines(alerts_lines(fold([asserted()], parse_rules(RULES))))
    assert (alert["first_day"], alert["last_day"], alert["value"]) == ("2021-04-01", "2021-05-06", 4)
    assert (alert["known"], alert["late"], alert["status"]) == ("2021-05-01T00:00:00Z", False, "open")


def test_the_state_of_an_event_counts_its_assertions() -> None:
    first, second = asserted(), asserted(sequence="2022", publish_time="2021-06-01T00:00:00Z", title="a bomb")
    states = States()
    assert [states.apply(one) for one in (second, first, second)] == [True, True, False]
    (state,) = states.current()
    assert (state["revision"], state["since"], state["title"]) == (2, "2021-06-01T00:00:00Z", "a bomb")
    assert [encode(one) for one in states.history()] == [encode(first), encode(second)]


def test_an_assertion_that_is_never_current_can_make_an_alert_known_later() -> None:
    shown = asserted(sequence="1", publish_time="2021-05-01T00:00:00Z")
    hides = asserted(sequence="2", publish_time="2021-05-01T00:00:00Z", killed=None)
    again = asserted(sequence="3", publish_time="2021-05-20T00:00:00Z")
    told, rollup = Told(), fold([], parse_rules(RULES))
    known = []
    for statement in (shown, again, hides):
        rollup.apply(statement)
        list(told.differences(rollup, everything=False))
        known += [alert["known"] for alert in lines(alerts_lines(rollup))]
    assert known == ["2021-05-01T00:00:00Z", "2021-05-01T00:00:00Z", "2021-05-20T00:00:00Z"]


def test_what_ended_stands_no_more() -> None:
    rules = parse_rules(RULES)
    told, rollup = Told(), fold([asserted()], rules)
    for change in list(told.differences(rollup, everything=True)):
        told.confirm(change)
    rollup.apply(assertion(check_event(changed("killed", {"total": {"best": 1}}) | {"sequence": "2022"})))
    (record,) = [
        json.loads(value) for change in told.differences(rollup, everything=False) for _, value in change.alerts
    ]
    assert (record["transition"], record["reason"]) == (
        "cancelled",
        "the condition no longer holds: ucdp-ged:187344 was published on 2021-05-01",
    )
    assert (record["correction"]["id"], record["correction"]["state"]) == ("ucdp-ged:187344", "asserted")
    assert standing_alert(record) is None


def test_without_rules_nothing_is_alerted() -> None:
    assert list(alerts_lines(fold([asserted()], RuleSet()))) == []
