"""How often what is drawn for a kind of rule makes such rules find, lose and move episodes; too little of it fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.kinds import KINDS, draw_case_of, draw_delivery_of
from tests.oracle.facts import Assertion, Json
from tests.oracle.oracle import Oracle
from tests.simulation import Roller, Topics, rule_set
from tests.strategies import Case, Delivery, choice
from tests.unit.timeline.properties import delivered, items_of

EXAMPLES = 150
# Feature, and the least share of examples in percent that must have it.
_OF_ALL = {"episode": 25, "superseded or cancelled": 4, "a correction moves an episode": 3, "open": 5, "late": 4}
_COUNTED = {"possible counts": 5, "at least two feeds say so": 1}
FLOORS = {
    "match": _OF_ALL | {"at least two feeds say so": 5, "told: resolved": 10},
    "threshold": _OF_ALL | _COUNTED | {"graver by a step": 8, "told: resolved": 4},
    "surge": _OF_ALL
    | _COUNTED
    | {"a correction moves an episode": 2, "open": 2, "late": 2}
    | {"graver by a step": 8, "negative binomial": 8, "told: resolved": 4},
    "first_seen": _OF_ALL | _COUNTED | {"told: resolved": 10},
    "sequence": _OF_ALL | _COUNTED | {"graver by a step": 2, "told: resolved": 2},
    "deadline": _OF_ALL | {"first day after the clock": 5, "told: resolved": 10},
    # It has no end to resolve, is known as soon as it is due, and ends when it is cancelled.
    "silence": _OF_ALL | {"late": 0, "first day after the clock": 50},
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_drawn_for_a_kind_makes_its_rules_work(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()

    @settings(max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
    @given(st.data())
    def count(data: st.DataObject) -> None:
        choose = choice(data)
        case = draw_case_of(kind, choose)
        case = case._replace(rules=[rule for rule in case.rules if rule["kind"] == kind])
        counts["examples"] += 1
        counts.update({*of_alerts(case), *of_corrections(case), *of_telling(case, draw_delivery_of(choose, case))})

    count()
    floors = FLOORS[kind]
    shares = {feature: 100 * counts[feature] / counts["examples"] for feature in floors if floors[feature]}
    with capsys.disabled():
        print(f"\n{kind:<11}" + "; ".join(f"{feature} {share:.0f} %" for feature, share in shares.items()))
    assert {feature: share for feature, share in shares.items() if share < floors[feature]} == {}


def of_alerts(case: Case) -> Iterator[str]:
    oracle = Oracle(case.assertions, case.ticks)
    alerts, rules = oracle.alerts(case.rules), {rule["id"]: rule for rule in case.rules}
    for alert in alerts:
        rule = rules[alert["rule"]]
        yield "episode"
        if rule.get("feeds", 1) > 1:
            yield "at least two feeds say so"
        if rule.get("count") == "possible":
            yield "possible counts"
        if alert["late"]:
            yield "late"
        if alert["status"] == "open":
            yield "open"
        if alert["severity"] != rule["severity"]:
            yield "graver by a step"
        if rule.get("model") == "negative_binomial":
            yield "negative binomial"
    if len(Oracle(case.assertions, [*case.ticks, "2030-01-01T00:00:00Z"]).alerts(case.rules)) > len(alerts):
        yield "first day after the clock"


def of_corrections(case: Case) -> Iterator[str]:
    """Whether an alert has other days without what was said last of some event."""
    whole = Oracle(case.assertions, case.ticks)
    days = _days(whole, case)
    for versions in whole.versions.values():
        last = versions[-1]
        if len(versions) > 1 and last.asserted and versions[-2].asserted and versions[-2].hash != last.hash:
            before = _days(Oracle([said for said in case.assertions if not _says(said, last)], case.ticks), case)
            if {each[:2] for each in days - before} & {each[:2] for each in before - days}:
                yield "a correction moves an episode"


def _says(said: Json, one: Assertion) -> bool:
    return bool(said["id"] == one.id) and Assertion(said).stamp == one.stamp


def _days(oracle: Oracle, case: Case) -> set[tuple[str, ...]]:
    members = ("rule", "scope", "id", "first_day", "last_day")
    return {tuple(alert[name] for name in members) for alert in oracle.alerts(case.rules)}


def of_telling(case: Case, delivery: Delivery) -> Iterator[str]:
    topics, items = Topics(), items_of(case)
    roller = Roller(topics, rule_set(case.rules))
    for chunk in delivered(case, delivery):
        roller.follow([items[position] for position in chunk])
        roller.settle(everything=False)
    told = [record["transition"] for record in topics.told_alerts()]
    if "superseded" in told or "cancelled" in told:
        yield "superseded or cancelled"
    if "resolved" in told:
        yield "told: resolved"
