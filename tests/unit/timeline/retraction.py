"""What was asserted and withdrawn leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from tests import strategies
from tests.oracle.facts import Json
from tests.simulation import Roller, Topics, rule_set
from tests.strategies import Case, Choose
from tests.unit.timeline.alike import alike
from tests.unit.timeline.properties import items_of
from timeline.replay import alerts_lines


def what_was_withdrawn_never_happened(case: Case, choose: Choose) -> None:
    """An event and its withdrawal leave what stands without both, at one clock.

    What it was known for in between is history: only if it was withdrawn in the instant in which it was told does
    `known`, and with it `late`, stay the same too.
    """
    gone = choose(sorted({said["id"] for said in case.assertions}))
    at_once = choose((False, True))
    own = [said for said in case.assertions if said["id"] == gone]
    others = [said for said in case.assertions if said["id"] != gone]
    day = max(datetime.fromisoformat(said["publish_time"]) for said in own)
    if at_once:
        own = [said | {"publish_time": strategies.text(day)} for said in own]
    withdrawal = {"id": gone, "source": gone.partition(":")[0], "type": "attack", "state": "withdrawn"}
    withdrawal |= {"publish_time": strategies.text(day), "sequence": "9"}
    clock = max(map(datetime.fromisoformat, [*case.ticks, *(said["publish_time"] for said in case.assertions)]))
    ticks = [strategies.text(clock)]
    never = _settled_by_shuffle(Case(others, case.rules, ticks), choose)
    undone = _settled_by_shuffle(Case([*own, withdrawal, *others], case.rules, ticks), choose)
    forgotten = () if at_once else ("known", "late")
    assert _without(undone, forgotten) == _without(never, forgotten)


def _settled_by_shuffle(case: Case, choose: Choose) -> list[Json]:
    """What stands of the case, told in three pieces in some order."""
    topics = Topics()
    roller = Roller(topics, rule_set(case.rules))
    order = strategies.shuffled(choose, items_of(case))
    for chunk in strategies.chunks(order, [len(order) // 3 + 1]):
        roller.follow(chunk)
        roller.settle(everything=False)
    standing = topics.standing()
    alike(alerts_lines(roller.rollup), standing)
    return [json.loads(alert) for alert in standing]


def _without(alerts: list[Json], members: Iterable[str]) -> list[Json]:
    return [{name: value for name, value in alert.items() if name not in members} for alert in alerts]
