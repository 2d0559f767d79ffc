"""What made an alert fall is named, also where it is none of the alert's causes."""

from __future__ import annotations

from typing import Any

import orjson

from schemas.event import check_event
from schemas.rule_text import parse_rules
from timeline.identity import Assertion, assertion
from timeline.rollup import Rollup
from timeline.telling import Told

RULES = """rules:
  - {id: quiet, kind: silence, title: Quiet, severity: minor, days: 10}
  - {id: mandate, kind: deadline, title: Mandate ends, severity: severe, days: 30}
  - {id: deadly, kind: threshold, title: Deadly, scope: country, severity: severe,
     measure: killed, window: 7d, reaches: 10}
  - {id: revenge, kind: sequence, title: Revenge, scope: country, severity: minor, within: 5,
     first: {method: raid}, then: {method: ambush}}
"""
Json = dict[str, Any]


def test_a_silence_ends_by_the_publication_that_is_named() -> None:
    record = fell([said("old", "2021-01-01"), tick("2021-02-01")], said("again", "2021-02-02"), rule="quiet")
    assert (record["scope"], record["correction"]["id"]) == ("world@vigil", "vigil:again")


def test_a_warning_falls_by_the_renewal_that_proves_to_be_earlier() -> None:
    before = [resolution("one", "2021-01-01", "2021-06-30"), resolution("two", "2021-06-20", "2022-06-30")]
    record = fell(before, resolution("two", "2021-05-20", "2022-06-30", sequence="3"), rule="mandate")
    assert record["correction"]["id"] == "vigil:two"
    assert record["reason"] == "the condition no longer holds: vigil:two was published on 2021-06-20"


def test_a_renewal_resolves_the_warning_and_is_named() -> None:
    rollup, told = Rollup(parse_rules(RULES)), Told()
    for statement in (resolution("one", "2021-01-01", "2021-06-30"), tick("2021-06-10")):
        rollup.apply(statement)
    for change in list(told.differences(rollup, everything=True)):
        told.confirm(change)
    rollup.apply(resolution("two", "2021-06-20", "2022-06-30"))
    records = [
        orjson.loads(value) for change in told.differences(rollup, everything=False) for _, value in change.alerts
    ]
    (record,) = [each for each in records if each["rule"] == "mandate"]
    assert (record["transition"], record["last_day"], record["renewal"]) == ("resolved", "2021-06-19", "vigil:two")
    assert record["reason"].startswith("renewed by vigil:two; changed: ")


def test_news_may_matter_to_a_sequence_for_as_many_days_as_it_waits() -> None:
    rollup = Rollup(parse_rules(RULES))
    for statement in (said("old", "2001-01-01"), said("older", "2000-01-01")):
        rollup.apply(statement)
    rollup.settle()
    rollup.apply(said("news", "2021-01-01"))
    rollup.settle()
    rule, new_year = rollup.rules.by_id["revenge"], 18_628
    found = [rollup.corrections.find(rule, "country:MLI", (new_year + days, new_year + days), ()) for days in (5, 6)]
    assert [None if each is None else each.id for each in found] == ["vigil:news", None]


def test_news_of_other_years_made_nothing_fall() -> None:
    heavy = said("heavy", "2021-01-01", killed=12)
    record = fell(
        [heavy, said("other", "2021-01-02")], said("heavy", "2021-01-01", killed=1, sequence="3"), rule="deadly"
    )
    assert record["correction"]["id"] == "vigil:heavy"
    rollup = Rollup(parse_rules(RULES))
    for statement in (heavy, said("other", "2021-01-02")):
        rollup.apply(statement)
    rollup.settle()
    rollup.apply(said("far", "2015-01-01"))
    rollup.settle()
    rule = rollup.rules.by_id["deadly"]
    found = [rollup.corrections.find(rule, "country:MLI", (day, day + 6), ()) for day in (18_000, 16_436)]
    assert [None if each is None else each.id for each in found] == [None, "vigil:far"]


def test_at_a_takeover_only_a_changed_cause_is_named() -> None:
    rollup = Rollup(parse_rules(RULES))
    rollup.apply(said("heavy", "2021-01-01", killed=12))
    rollup.settle()
    rule = rollup.rules.by_id["deadly"]
    assert rollup.corrections.find(rule, "country:MLI", (18_628, 18_634), ()) is None
    found = rollup.corrections.find(rule, "country:MLI", (18_628, 18_634), [("vigil:heavy", "0" * 12)])
    assert found is not None
    assert (found.id, found.members()["state"]) == ("vigil:heavy", "asserted")


def fell(before: list[Assertion], news: Assertion, *, rule: str) -> Json:
    """The record of the one alert of a rule that the news cancelled."""
    rollup, told = Rollup(parse_rules(RULES)), Told()
    for statement in before:
        rollup.apply(statement)
    for change in list(told.differences(rollup, everything=True)):
        told.confirm(change)
    rollup.apply(news)
    records = [
        orjson.loads(value) for change in told.differences(rollup, everything=False) for _, value in change.alerts
    ]
    (record,) = [each for each in records if (each["rule"], each["transition"]) == (rule, "cancelled")]
    return dict(record)


def said(key: str, day: str, *, killed: int = 0, **more: Any) -> Assertion:
    """An attack of one day, published on it."""
    members = event(key, day) | {"type": "attack", "place": {"country": "MLI"}, "killed": {"total": {"best": killed}}}
    return assertion(check_event(members | more))


def resolution(key: str, day: str, mandate_end: str, **more: Any) -> Assertion:
    """An adopted resolution that lets a mission stay."""
    block = {"outcome": "adopted", "mission": "MINUSMA", "mandate_end": mandate_end}
    published = {"publish_time": "2021-06-20T00:00:00Z"} if more else {}
    return assertion(check_event(event(key, day) | {"type": "resolution", "resolution": block} | published | more))


def tick(day: str) -> Assertion:
    """Another feed that moves the clock."""
    return assertion(check_event(event("x", day) | {"id": "other:x", "source": "other", "type": "statement"}))


def event(key: str, day: str) -> Json:
    """What every event has."""
    start = f"{day}T00:00:00Z"
    when = {"start": start, "end": f"{day}T23:59:59Z", "precision": "range"}
    return {"id": f"vigil:{key}", "source": "vigil", "event_time": when, "publish_time": start}
