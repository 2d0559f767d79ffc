"""How often what the properties draw holds what they are for; printed as a table, and too little of it fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.oracle.facts import WINDOWS, Assertion, Json, kind_of
from tests.oracle.oracle import Oracle
from tests.simulation import Roller, Topics, rule_set
from tests.strategies import Case, Delivery, choice, draw_case, draw_delivery
from tests.unit.timeline.properties import delivered, items_of

EXAMPLES = 300

# Feature, and the least share of examples in percent that must have it.
FLOORS = {
    "two feeds on one country, actor or mission": 40,
    "hysteresis rule": 40,
    "hysteresis changes an alert": 3,
    "interval longer than a rule's window": 30,
    "month or year": 30,
    "several days": 60,
    "correction of the days": 20,
    "correction of the place": 8,
    "correction of the actors": 5,
    "correction of the type": 3,
    "correction of the casualties": 18,
    "correction of the coding": 1,
    "withdrawal": 40,
    "withdrawal arrives before what it withdraws": 15,
    "withdrawal undone": 20,
    "reaffirmation": 30,
    "assertion in between two of equal content": 12,
    "sequence against publish time": 30,
    "equal publish times of one event": 35,
    "machine coding": 15,
    "unknown in a triple": 60,
    "several actors": 60,
    "mission": 60,
    "tick": 20,
    "tick moves the clock": 10,
    "repeat": 30,
    "match rule": 25,
    "threshold alert": 25,
    "match alert": 20,
    "several alerts of a rule and scope": 15,
    "late alert": 10,
    "pending alert": 1,
    "open alert": 20,
    "alert of a rule on possible": 8,
    "alert of one feed": 6,
    "told: updated": 15,
    "told: resolved": 4,
    "told: cancelled": 2,
    "told: superseded": 7,
}


def test_what_is_drawn_holds_what_the_properties_are_for(capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()

    @settings(max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
    @given(st.data())
    def count(data: st.DataObject) -> None:
        choose = choice(data)
        case = draw_case(choose)
        delivery = draw_delivery(choose, case)
        counts["examples"] += 1
        counts["assertions"] += len(case.assertions)
        counts.update({*of_rules(case), *of_assertions(case), *of_arrival(case, delivery), *of_alerts(case)})
        counts.update(of_telling(case, delivery))

    count()
    shares = {feature: 100 * counts[feature] / counts["examples"] for feature in FLOORS}
    with capsys.disabled():
        print(f"\nshare of {counts['examples']} examples, {counts['assertions']} assertions:")
        for feature, share in shares.items():
            print(f"  {share:5.1f} %  {feature}")
    assert {feature: shares[feature] for feature, floor in FLOORS.items() if shares[feature] < floor} == {}


def of_rules(case: Case) -> Iterator[str]:
    longest = max(
        ((one.last - one.first).days + 1 for one in map(Assertion, case.assertions) if one.asserted), default=0
    )
    for rule in case.rules:
        if rule["kind"] == "match":
            yield "match rule"
        elif longest > WINDOWS[rule["window"]]:
            yield "interval longer than a rule's window"
        if rule.get("ends_below", rule.get("reaches")) != rule.get("reaches"):
            yield "hysteresis rule"


def of_assertions(case: Case) -> Iterator[str]:
    oracle = Oracle(case.assertions, case.ticks)
    for scope in oracle.by_scope:
        if kind_of(scope) in ("country", "actor", "mission") and len(oracle.feeds(scope)) > 1:
            yield "two feeds on one country, actor or mission"
    for said in case.assertions:
        if said.get("state") != "withdrawn":
            yield from _of_content(said)
    for versions in oracle.versions.values():
        yield from _of_versions(versions)
    if oracle.clock and oracle.clock > max(one.when for versions in oracle.versions.values() for one in versions):
        yield "tick moves the clock"
    if case.ticks:
        yield "tick"


def _of_content(said: Json) -> Iterator[str]:
    precision = said["event_time"]["precision"]
    if precision in ("month", "year"):
        yield "month or year"
    if precision in ("range", "week", "month", "year"):
        yield "several days"
    if said["coding"] == "machine":
        yield "machine coding"
    triples = [*(said["killed"] or {}).values(), *(said["injured"] or {}).values()]
    if any(None in triple.values() for triple in triples):
        yield "unknown in a triple"
    if len({actor["id"] for actor in said["actors"]}) > 1:
        yield "several actors"
    if said["mission"]:
        yield "mission"


CORRECTIONS = {
    "days": ("event_time",),
    "place": ("place",),
    "actors": ("actors",),
    "type": ("type",),
    "casualties": ("killed", "injured"),
    "coding": ("coding",),
}


def _of_versions(versions: list[Assertion]) -> Iterator[str]:
    """Of the distinct assertions of one event, in the order of their stamps."""
    hashes = [one.hash for one in versions]
    if not all(one.asserted for one in versions):
        yield "withdrawal"
    if len({one.when for one in versions}) < len(versions):
        yield "equal publish times of one event"
    if [one.when for one in versions] != sorted(one.when for one in versions):
        yield "sequence against publish time"
    for position, (before, after) in enumerate(pairwise(versions)):
        if before.hash == after.hash:
            yield "reaffirmation"
        elif before.hash in hashes[position + 2 :]:
            yield "assertion in between two of equal content"
        if after.asserted and not before.asserted:
            yield "withdrawal undone"
        if after.asserted and before.asserted:
            for name, members in CORRECTIONS.items():
                if any(before.content.get(member) != after.content.get(member) for member in members):
                    yield f"correction of the {name}"


def of_arrival(case: Case, delivery: Delivery) -> Iterator[str]:
    arrived: set[str] = set()
    for position in delivery.order:
        if position >= len(case.assertions):
            continue
        said = case.assertions[position]
        asserted = any(other["id"] == said["id"] and "state" not in other for other in case.assertions)
        if asserted and said.get("state") == "withdrawn" and said["id"] not in arrived:
            yield "withdrawal arrives before what it withdraws"
        arrived.add(said["id"])
    if len(set(delivery.order)) < len(delivery.order):
        yield "repeat"


def of_alerts(case: Case) -> Iterator[str]:
    oracle = Oracle(case.assertions, case.ticks)
    alerts = oracle.alerts(case.rules)
    kinds = {rule["id"]: rule for rule in case.rules}
    for alert in alerts:
        rule = kinds[alert["rule"]]
        yield f"{rule['kind']} alert"
        if alert["late"]:
            yield "late alert"
        if alert["status"] == "open":
            yield "open alert"
        if rule.get("count") == "possible":
            yield "alert of a rule on possible"
        if rule.get("feed"):
            yield "alert of one feed"
    if len({(alert["rule"], alert["scope"]) for alert in alerts}) < len(alerts):
        yield "several alerts of a rule and scope"
    without = [{name: rule[name] for name in rule if name != "ends_below"} for rule in case.rules]
    if _days(oracle.alerts(without)) != _days(alerts):
        yield "hysteresis changes an alert"
    if len(Oracle(case.assertions, [*case.ticks, "2024-01-01T00:00:00Z"]).alerts(case.rules)) > len(alerts):
        yield "pending alert"


def _days(alerts: list[Json]) -> list[tuple[str, str]]:
    return [(alert["id"], alert["last_day"]) for alert in alerts]


def of_telling(case: Case, delivery: Delivery) -> set[str]:
    topics, items = Topics(), items_of(case)
    roller = Roller(topics, rule_set(case.rules))
    for chunk in delivered(case, delivery):
        roller.follow([items[position] for position in chunk])
        roller.settle(everything=False)
    return {f"told: {record['transition']}" for record in topics.told_alerts()}
