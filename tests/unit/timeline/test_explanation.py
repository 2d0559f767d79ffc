"""What is told of an alert: its numbers, all its causes, what has become of them, and what it was compared with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.rule import MatchRule, Rule, RuleSet
from tests.kinds import KINDS, draw_case_of
from tests.profiles import examples
from tests.simulation import rule_set, statement
from tests.strategies import choice
from timeline.alerts import Episode
from timeline.evidence import Evidence
from timeline.explanation import all_causes, correction_members, explain
from timeline.identity import Assertion
from timeline.replay import fold
from timeline.times import DAY, day_number, day_text

Json = dict[str, Any]

RULE: Json = {"id": "deadly", "title": "Deadly", "severity": "severe"}
WEEK = RULE | {"kind": "threshold", "scope": "country", "measure": "killed", "window": "7d"}


def attack(key: str, day: str, killed: int = 1, *, feed: str = "acled", **more: object) -> Json:
    """An attack in Mali on a day, published on the next."""
    after = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    said: Json = {
        "id": f"{feed}:{key}", "source": feed, "type": "attack", "title": f"Attack {key}", "place": {"country": "MLI"},
        "event_time": {"start": f"{day}T00:00:00Z", "end": f"{after}T00:00:00Z", "precision": "day"},
        "publish_time": f"{after}T00:00:00Z", "killed": {"total": {"best": killed}},
    }  # fmt: skip
    return said | more


def explained(said: Iterable[Json], rule: Json, scope: str = "country:MLI") -> Json:
    """The explanation of the first alert of the rule, with its members."""
    statements = [statement(each) for each in said]
    rules = rule_set([rule])
    rollup = fold(statements, rules)
    day = rollup.clock_day
    assert day is not None
    episode = min(rollup.episodes((rule["id"], scope)), key=lambda episode: episode.first)
    alert = episode.members(day)
    return alert | explain(statements, rules.rules[0], alert)


def test_the_numbers_run_from_three_days_before_the_first_to_the_last() -> None:
    said = [
        attack("1", "2021-04-05", 4), attack("2", "2021-04-08", 7), attack("1", "2021-04-08", 9, feed="ucdp-ged"),
        attack("later", "2021-05-08", 1),
    ]  # fmt: skip
    alert = explained(said, WEEK | {"reaches": 10, "ends_below": 8, "hold": 1})
    assert alert["bounds"] == {"reaches": 10, "ends_below": 8, "feeds": 1}
    rows = [(row["day"][5:], row["feeds"], row["number"], row["feed"], row["holds"]) for row in alert["numbers"]]
    assert rows[:4] == [
        ("04-05", {"acled": 4, "ucdp-ged": 0}, 4, "acled", False),
        ("04-06", {"acled": 4, "ucdp-ged": 0}, 4, "acled", False),
        ("04-07", {"acled": 4, "ucdp-ged": 0}, 4, "acled", False),
        ("04-08", {"acled": 11, "ucdp-ged": 9}, 11, "acled", True),
    ]
    assert rows[-2:] == [
        ("04-14", {"acled": 7, "ucdp-ged": 9}, 9, "ucdp-ged", True),
        ("04-15", {"acled": 0, "ucdp-ged": 0}, 0, None, False),
    ]
    assert alert["days"] == {"first": "2021-04-08", "last": "2021-04-14"}
    assert alert["last_day"] == "2021-04-15"
    without = alert["counterfactual"]
    assert [event["id"] for event in without["events"]] == ["acled:2"]
    assert without["exact"]
    assert without["statement"] == "Without this event the rule would not hold here from 2021-04-08 to 2021-04-14."


def test_all_causes_are_told_with_their_sources_and_links() -> None:
    links = [{"url": "https://example.org/a", "title": "A"}, {"url": "https://example.org/b"}]
    said = [attack(f"{number:02}", "2021-04-05", 2, links=links) for number in range(30)]
    said.append(attack("1", "2021-04-05", 59, feed="ucdp-ged"))
    alert = explained(said, WEEK | {"reaches": 40})
    assert len(alert["causes"]) == alert["causes_total"] == 30
    first = alert["causes"][0]
    assert first["id"] == "acled:00"
    assert first["source"] == "acled"
    assert first["title"] == "Attack 00"
    assert first["publish_time"] == "2021-04-06T00:00:00Z"
    assert first["content"] == statement(said[0]).stamp.content[:12]
    assert first["number"] == 2
    assert first["links"] == [
        {"url": "https://example.org/a", "title": "A"}, {"url": "https://example.org/b", "title": None},
    ]  # fmt: skip
    # The other feed reaches the number too, so it has to come below as well: 59 is one event, of 60 eleven must go.
    without = alert["counterfactual"]
    assert (without["total"], without["at_least"], without["exact"]) == (12, 12, True)
    assert "No fewer would do." in without["statement"]


def test_of_two_feeds_that_both_say_so_the_cheaper_one_has_to_be_missing() -> None:
    said = [attack(f"{number:02}", "2021-04-05", 2) for number in range(30)]
    said.append(attack("1", "2021-04-05", 59, feed="ucdp-ged"))
    without = explained(said, WEEK | {"reaches": 40, "feeds": 2})["counterfactual"]
    assert [event["id"] for event in without["events"]] == ["ucdp-ged:1"]
    assert without["exact"]


def test_a_set_that_is_not_proven_to_be_smallest_says_so() -> None:
    said = [attack(f"{number:02}", "2021-04-05", 2, feed=feed) for number in range(9) for feed in ("acled", "ucdp-ged")]
    without = explained(said, WEEK | {"reaches": 10, "feeds": 2})["counterfactual"]
    assert (without["total"], without["at_least"], without["exact"]) == (5, 4, False)
    assert without["statement"].endswith(
        "This is not proven to be the smallest set; at least 4 would have to be missing."
    )


SURGE = RULE | {"kind": "surge", "scope": "country", "measure": "attacks", "reaches": 5, "min_weeks": 4}


def test_a_surge_is_told_week_by_week_with_the_past_that_it_is_compared_with() -> None:
    mondays = [(date(2019, 12, 30) + timedelta(days=7 * week)).isoformat() for week in range(60)]
    said = [attack(f"{week}", mondays[week]) for week in (0, 6, 7, 20, 40, 58)]
    said += [attack(f"many-{number}", mondays[59]) for number in range(8)]
    alert = explained(said, SURGE)
    weeks = alert["numbers"]
    assert [week["week"] for week in weeks] == ["2021-W04", "2021-W05", "2021-W06", "2021-W07"]
    last = weeks[-1]
    own = last["feeds"]["acled"]
    assert own["number"] == alert["value"] == 8
    assert own["weeks"] == 52
    assert (own["expected"], own["p_value"], own["threshold"]) == (
        alert["expected"], alert["p_value"], alert["threshold"],
    )  # fmt: skip
    assert [week["holds"] for week in weeks] == [False, False, False, True]
    assert (last["first_day"], last["last_day"]) == (alert["first_day"], alert["last_day"])
    # Of the weeks 7 to 58, and the first one of all, since which there is a past.
    assert [event["id"] for event in alert["background"]["acled"]] == [
        f"acled:{week}" for week in ("0", "20", "40", "58", "7")
    ]
    assert len(alert["counterfactual"]["events"]) == 8 - alert["threshold"] + 1


def test_a_week_without_enough_past_has_no_expectation() -> None:
    mondays = [(date(2019, 12, 30) + timedelta(days=7 * week)).isoformat() for week in range(6)]
    said = [attack("0", mondays[0]), *[attack(f"many-{number}", mondays[4]) for number in range(9)]]
    weeks = {week["week"]: week["feeds"]["acled"] for week in explained(said, SURGE)["numbers"]}
    assert weeks["2020-W04"] == {"number": 0, "weeks": 3, "expected": None, "p_value": None, "threshold": None}
    assert weeks["2020-W05"]["weeks"] == 4


def test_of_an_alert_that_fell_it_is_told_what_has_become_of_its_causes() -> None:
    said = [attack("1", "2021-04-05", 9), attack("2", "2021-04-05", 9), attack("3", "2021-04-06", 9)]
    rules = rule_set([WEEK | {"reaches": 27}])
    before = [statement(each) for each in said]
    rollup = fold(before, rules)
    [episode] = rollup.episodes(("deadly", "country:MLI"))
    alert = episode.members(rollup.clock_day or 0)
    later = [
        attack("1", "2021-04-05", 2, publish_time="2021-04-09T00:00:00Z", title="Corrected"),
        {"id": "acled:2", "source": "acled", "type": "attack", "state": "withdrawn",
         "publish_time": "2021-04-10T00:00:00Z", "reason": "double"},
    ]  # fmt: skip
    after = [*map(statement, later), statement(attack("4", "2021-06-01")), *before]
    fallen = explain(after, rules.rules[0], alert)
    assert not fallen["stands"]
    assert [(cause["id"], cause["title"], cause["now"]) for cause in fallen["causes"]] == [
        ("acled:1", "Attack 1", "corrected"),
        ("acled:2", "Attack 2", "withdrawn"),
        ("acled:3", "Attack 3", "unchanged"),
    ]
    assert {row["number"] for row in fallen["numbers"]} == {0, 2, 11}
    assert fallen["counterfactual"]["events"] == []
    assert fallen["counterfactual"]["statement"] == (
        f"As things stand the rule does not hold here from {alert['first_day']} to {alert['last_day']}."
    )
    nothing = explain([], rules.rules[0], alert)
    assert [(cause["id"], cause["now"]) for cause in nothing["causes"]] == [
        ("acled:1", "unknown"), ("acled:2", "unknown"), ("acled:3", "unknown"),
    ]  # fmt: skip
    withdrawn = {"id": "acled:2", "content": after[1].stamp.content[:12], "publish_time": "2021-04-10T00:00:00Z"}
    assert correction_members(after, withdrawn | {"state": "withdrawn"})["reason"] == "double"
    assert correction_members([], withdrawn) == withdrawn


def resolution(number: int, day: str, mandate_end: str) -> Json:
    said = attack(str(number), day, feed="unsc") | {"type": "resolution", "killed": None}
    return said | {
        "resolution": {"outcome": "adopted", "mission": "MINUSMA", "mandate_end": mandate_end, "symbol": "S/RES/1"}
    }


def test_a_deadline_names_the_renewals_that_end_it() -> None:
    said = [
        resolution(1, "2021-01-01", "2021-06-30"),
        resolution(2, "2021-06-28", "2022-06-30"),
        resolution(3, "2022-06-29", "2023-06-30"),
    ]
    rule = RULE | {"kind": "deadline", "scope": "mission", "days": 10}
    alert = explained(said, rule, "mission:MINUSMA")
    assert alert["days"] == {"first": "2021-06-20", "last": "2021-06-27"}
    assert alert["numbers"] == []
    assert [event["id"] for event in alert["renewals"]] == ["unsc:2", "unsc:3"]
    assert [event["id"] for event in alert["causes"]] == ["unsc:1"]
    assert [event["id"] for event in alert["counterfactual"]["events"]] == ["unsc:1"]
    gone = explain([statement(said[1])], rule_set([rule]).rules[0], alert)
    assert (gone["stands"], gone["renewals"]) == (False, [])


def test_a_silence_says_why_no_event_has_to_be_missing() -> None:
    rule = RULE | {"kind": "silence", "scope": "world", "days": 3}
    said = [attack("1", "2021-04-05"), attack("2", "2021-04-20", feed="vigil")]
    alert = explained(said, rule, "world@acled")
    assert [event["id"] for event in alert["causes"]] == ["acled:1"]
    without = alert["counterfactual"]
    assert (without["events"], without["total"], without["exact"]) == ([], None, None)
    assert "only a publication" in without["statement"]


@pytest.mark.parametrize("kind", KINDS)
@examples(40)
@given(data=st.data())
def test_numbers_and_causes_are_those_of_the_alert(kind: str, data: st.DataObject) -> None:
    case = draw_case_of(kind, choice(data))
    statements = [statement(said) for said in case.assertions]
    rules = rule_set(case.rules)
    rollup = fold(statements, rules)
    for rule_id, scope in sorted(rollup.alerts()):
        for episode in list(rollup.episodes((rule_id, scope)))[:3]:
            check(statements, rules, episode)


def check(statements: list[Assertion], rules: RuleSet, episode: Episode) -> None:
    rule = rules.by_id[episode.rule.id]
    alert = episode.members(max(each.stamp.publish_time for each in statements) // DAY)
    said = explain(statements, rule, alert)
    assert said["stands"]
    assert said["days"] == {"first": day_text(episode.first), "last": day_text(episode.holds_until)}
    assert [(each["id"], each["content"]) for each in said["causes"]][:20] == [
        (cause["id"], cause["content"]) for cause in alert["causes"]
    ]
    assert len(said["causes"]) == alert["causes_total"]
    evidence = Evidence(statements, rule, episode.scope)
    assert [each["id"] for each in said["causes"]] == all_causes(evidence, episode)
    check_numbers(said["numbers"], rule, episode, alert)


def check_numbers(rows: list[Json], rule: Rule, episode: Episode, alert: Json) -> None:
    if rule.kind in ("deadline", "silence"):
        assert rows == []
        return
    name = "first_day" if rule.kind == "surge" else "day"
    first = next(row for row in rows if row[name] == alert["first_day"])
    assert first["holds"]
    assert rows[0][name] < alert["first_day"]
    if isinstance(rule, MatchRule):
        return
    assert (first["number"], first["feed"]) == (alert["value"], alert["feed"])
    held = [row["number"] for row in rows if episode.first <= day_number(row[name]) <= episode.holds_until]
    assert max(held) == alert["peak"]
    if rule.kind == "surge":
        own = first["feeds"][alert["feed"]]
        assert (own["expected"], own["p_value"], own["threshold"]) == (
            alert["expected"], alert["p_value"], alert["threshold"],
        )  # fmt: skip
