"""`python -m tests.bench.rules [--events N]`: what an event costs the core under no, ten and a thousand rules.

And under a thousand that concern none of the events.

The state is N events in some ten thousand scopes; then two thousand of one day come, twenty at a time as they do live.
Prints CPU microseconds an event: loading the state at once, and following it, alerts written out in both.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from processors.running import raise_gc_thresholds
from schemas.countries import COUNTRIES
from schemas.event import check_event
from schemas.rule import RuleSet
from tests.bench.material import many, real_rows
from timeline.identity import Assertion, assertion
from timeline.rollup import Rollup
from timeline.telling import Told

LIVE, AT_ONCE = 2_000, 20
TODAY, TOMORROW = "2025-06-02", "2025-06-03"
_PROVINCES = 45
_COUNTRIES = sorted(COUNTRIES)
Json = dict[str, Any]


def events(count: int) -> Iterator[Json]:
    """So many events, each country's in so many provinces that there are ten thousand scopes."""
    for number, event in enumerate(many(real_rows(), count)):
        place = {name: value for name, value in event.get("place", {}).items() if name != "admin1_code"}
        country = _COUNTRIES[number * 7 % len(_COUNTRIES)]
        province = f"Province {number // len(_COUNTRIES) % _PROVINCES}"
        mission = {"mission": f"MISSION-{number % 40}"} if number % 5 == 0 else {}
        yield event | mission | {"place": place | {"country": country, "admin1": province}}


def today(rows: Iterator[Json]) -> Iterator[Json]:
    """These events again as what happens and is published on one day after all of them, as live ones are."""
    for number, event in enumerate(rows):
        published = f"{TODAY}T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z"
        when = {"start": f"{TODAY}T00:00:00Z", "end": f"{TOMORROW}T00:00:00Z", "precision": "day"}
        again = {name: value for name, value in event.items() if name != "sequence"}
        yield again | {"id": f"{event['id']}-today", "event_time": when, "publish_time": published}


def thousand_rules() -> RuleSet:
    """A thousand rules of six kinds, most about one country or mission, as several centres share a service."""
    return RuleSet.model_validate_json(json.dumps({"rules": list(_rules())}))


def few_rules() -> RuleSet:
    """Ten of them, at least one of each kind."""
    return RuleSet(rules=thousand_rules().rules[:10])


def rules_elsewhere() -> RuleSet:
    """The same thousand, each about a mission of which nothing is told."""
    nowhere = [_nowhere(rule, number) for number, rule in enumerate(_rules())]
    return RuleSet.model_validate_json(json.dumps({"rules": nowhere}))


def _nowhere(rule: Json, number: int) -> Json:
    mission = {"mission": f"NOWHERE-{number}"}
    return rule | ({"first": mission, "then": mission} if rule["kind"] == "sequence" else {"where": mission})


def _rules() -> Iterator[Json]:
    kinds = [_threshold] * 5 + [_surge] + [_match] * 2 + [_first_seen] + [_sequence]
    for number in range(1_000):
        country = _COUNTRIES[number % len(_COUNTRIES)]
        # One in twenty watches the whole world.
        own = {"place.country": country} if number // 10 % 20 else {}
        yield {
            "id": f"rule-{number}",
            "title": f"Rule {number}",
            "severity": "moderate",
            **kinds[number % len(kinds)](number, own),
        }


def _threshold(number: int, where: Json) -> Json:
    measure, window = ("killed", "attacks", "civilians_killed")[number % 3], ("7d", "30d", "90d")[number // 7 % 3]
    scope = ("country", "admin1", "actor")[number // 3 % 3]
    reaches = 20 + number % 50
    wanted: Json = {"kind": "threshold", "scope": scope, "where": where, "measure": measure, "window": window}
    return wanted | {"reaches": reaches, "ends_below": reaches // 2}


def _surge(number: int, where: Json) -> Json:
    return {"kind": "surge", "scope": "country", "where": where, "measure": "attacks", "reaches": 5 + number % 3}


def _match(number: int, where: Json) -> Json:
    deadly = {"killed.total.best": {"at_least": 30 + number % 40}}
    return {"kind": "match", "scope": "country", "where": where | {"type": "attack"} | deadly}


def _first_seen(number: int, where: Json) -> Json:
    return {"kind": "first_seen", "scope": "country", "where": where, "days": 365}


def _sequence(number: int, where: Json) -> Json:
    begins = where | {"type": "attack", "killed.total.best": {"at_least": 100}}
    follows = {"kind": "sequence", "scope": "country", "first": begins, "then": {"type": "attack"}}
    return follows | {"within": 14, "measure": "killed", "reaches": 50 + number % 100}


def cost(rules: RuleSet, state: Sequence[Assertion], live: Sequence[Assertion]) -> Json:
    """CPU microseconds an event of loading the state, and of following what comes after."""
    told, rollup = Told(), Rollup(rules)
    started = time.process_time()
    for statement in state:
        rollup.apply(statement)
    for change in list(told.differences(rollup, everything=True)):
        told.confirm(change)
    loaded = time.process_time()
    gc.freeze()
    transitions = 0
    for begin in range(0, len(live), AT_ONCE):
        for statement in live[begin : begin + AT_ONCE]:
            rollup.apply(statement)
        for change in list(told.differences(rollup, everything=False)):
            told.confirm(change)
            transitions += len(change.alerts)
    followed = time.process_time()
    return {
        "rules": len(rules.rules),
        "scopes": len(list(rollup.scopes())),
        "rule scopes with alerts": sum(1 for pair in rollup.alerts() if next(rollup.episodes(pair), None)),
        "transitions an event": round(transitions / len(live), 2),
        "load": round((loaded - started) / len(state) * 1e6, 1),
        "follow": round((followed - loaded) / len(live) * 1e6, 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    asked = parser.parse_args()
    raise_gc_thresholds()
    state = [assertion(check_event(event)) for event in events(asked.events)]
    live = [assertion(check_event(event)) for event in today(events(LIVE))]
    report = []
    for rules in (RuleSet(), few_rules(), thousand_rules(), rules_elsewhere()):
        report.append(cost(rules, state, live))
        print(report[-1], file=sys.stderr)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
