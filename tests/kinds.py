"""What Hypothesis draws for one kind of rule: pools, small numbers and times in which such rules find episodes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from tests.pools import BASES, CLOSE, DAYS, HISTORY, LONG, WHERES, WIDE, Json, Pools
from tests.strategies import Case, Choose, Delivery, draw_assertions, draw_delivery, draw_ticks, until
from tests.weeks import draw_weeks

THREE_FEEDS = ("ucdp-ged:1", "ucdp-ged:2", "ucdp-ged:3", "acled:1", "acled:2", "gdelt:1")
FEEDS = (1, 1, 1, 1, 2, 2, 3)
URGENCIES = ("immediate", "expected", "future", "past", "unknown")
CERTAINTIES = ("observed", "likely", "possible", "unlikely", "unknown")

_FEEDS = CLOSE._replace(
    ids=THREE_FEEDS,
    types=("attack", "attack", "attack", "protest"),
    spans=("day", "day", "range", "instant", "month"),
    corrected=("day", "day", "type", "type", "casualties", "place", "title"),
)
_ACTORS = CLOSE._replace(
    ids=(*THREE_FEEDS, "un-fatalities:1"),
    start_days=(0, 1, 2, 3, 5, 7, 8, 12, 20, 21, 31),
    published_days=(0.5, 1, 2, 3, 6, 9, 14, 31, 40),
    spans=("day",) * 5 + ("instant", "range", "long"),
    types=("attack", "attack", "statement", "protest"),
    corrected=("actors", "actors", "actors", "day", "day", "method", "method", "place", "mission", "coding", "type"),
    scopes=("world", "region", "country", "country", "admin1", "admin1", "mission", "actor"),
)
_ORDER = CLOSE._replace(
    ids=("cline-coups:1", "cline-coups:1", *THREE_FEEDS),
    start_days=(0, 0, 0, 1, 1, 2, 3, 4),
    published_days=(0.5, 1, 2, 3, 4.75, 7, 9, 40),
    spans=("instant", "instant", "day", "day", "hours", "touching", "range", "month"),
    types=("coup", "coup", "attack", "attack", "attack", "protest"),
    corrected=("day", "day", "day", "type", "casualties", "place", "coding"),
    people=(None, 0, 1, 2, 3, 30),
    scopes=("world", "region", "country", "country", "country"),
    codings=("human", "human", "human", "machine"),
)
_MANDATES = WIDE._replace(
    ids=("unsc:1", "unsc:1", "unsc:2", "unsc:3", "unsc:4", "vigil:1"),
    start_days=(0, 0, 1, 5, 9, 10, 15, 20, 30, 33, 45),
    published_days=(1, 2, 6, 10, 16, 31, 34, 46, 90),
    spans=("day", "day", "day", "instant", "range"),
    types=("resolution",) * 12 + ("statement",),
    mandate_days=(9, 20, 30, 31, 35, 45, 60, 60, None),
    corrected=("day", "day", "type", "type", "type", "type", "mission", "title", "coding"),
    scopes=("mission",),
    tick_days=(12.0, 28.0, 33.5, 50.0, 100.0, 700.0),
)
_QUIET = CLOSE._replace(
    ids=THREE_FEEDS, start_days=(0, 0, 1), published_days=(0.5, 1, 2, 3, 4.75, 7, 12), tick_days=(3.0, 5.0, 8.0, 15.25)
)
# Weeks of few dead, and now and then many: see draw_weeks.
_WEEKS = CLOSE._replace(
    start_days=(0, 3, 7, 8, 14, 21, 26, 28, 30, 35, 36, 42),
    published_days=(1, 9, 20, 29, 33, 37, 43, 60),
    spans=("day", "day", "day", "range", "week", "month"),
    types=("attack", "attack", "attack", "protest"),
    people=(None, 0, 1, 3, 8, 12),
    corrected=("casualties", "casualties", "casualties", "day", "place", "type"),
    ids=tuple(f"{feed}:w{week}" for feed in ("ucdp-ged", "ucdp-ged", "acled") for week in (0, 3, 4, 4, 5, 5, 6)),
    tick_days=(20.0, 36.0, 44.5, 80.0, 430.5),
)
# The first day of a year with 53 ISO weeks comes after two weeks.
_LONG_YEAR = datetime(2020, 12, 21, tzinfo=UTC)

KIND_POOLS: dict[str, tuple[Pools, ...]] = {
    "match": (_FEEDS, _FEEDS, WIDE),
    "threshold": (_FEEDS, DAYS._replace(ids=THREE_FEEDS), HISTORY, LONG),
    "surge": (_WEEKS,),
    "first_seen": (_ACTORS,),
    "sequence": (_ORDER,),
    "deadline": (_MANDATES,),
    "silence": (_QUIET, WIDE),
}
KINDS = tuple(KIND_POOLS)


def draw_case_of(kind: str, choose: Choose) -> Case:
    """One or two rules of the kind, in half of the cases one of another kind beside them, and what concerns them."""
    pools = until(choose((4.75, 9, 31, *(1000,) * 5)), choose(KIND_POOLS[kind]))
    slowly = choose((1, 1, 1, 1, 13)) if kind != "surge" else 1  # over a few weeks, or over a year and more
    pools = _slowed(pools._replace(base=choose((*BASES, _LONG_YEAR))), slowly)
    kinds = [kind, *choose(((), (), (kind,), (choose(KINDS),), (choose(KINDS),)))]
    before = BEFORE[kind](choose, pools) if kind in BEFORE else []
    said = draw_assertions(choose, pools, choose(range(2, 14)) if kind == "surge" else choose(range(2, 18)), before)
    rules = [_slow_rule(draw_rule(each, choose, pools, number), slowly) for number, each in enumerate(kinds)]
    return Case(said, rules, draw_ticks(choose, pools))


def _slowed(pools: Pools, times: int) -> Pools:
    return pools._replace(
        start_days=tuple(times * days for days in pools.start_days),
        published_days=tuple(times * days for days in pools.published_days),
        tick_days=tuple(times * days for days in pools.tick_days),
        mandate_days=tuple(days and times * days for days in pools.mandate_days),
    )


def _slow_rule(rule: Json, times: int) -> Json:
    return rule | {name: times * rule[name] for name in ("days", "within") if name in rule}


def draw_delivery_of(choose: Choose, case: Case) -> Delivery:
    """Any, or in the order of publication, in which alerts are raised before they are resolved or corrected away."""
    delivery = draw_delivery(choose, case)
    if choose((False, True)):
        return delivery
    times = [*(said["publish_time"] for said in case.assertions), *case.ticks]
    return delivery._replace(order=sorted(delivery.order, key=lambda position: times[position]))


def draw_rules_of_any_kind(choose: Choose) -> list[Json]:
    """Rules to change to; their ids are those that other rules bear too."""
    kinds = [choose(KINDS) for _ in range(choose((0, 1, 2)))]
    return [draw_rule(kind, choose, choose(KIND_POOLS[kind]), number) for number, kind in enumerate(kinds)]


def draw_rule(kind: str, choose: Choose, pools: Pools, number: int) -> Json:
    rule: Json = {"id": f"rule-{number}", "title": f"Rule {number}", "severity": "moderate", "kind": kind}
    if kind not in ("deadline", "silence"):
        rule["scope"] = choose(pools.scopes)
    if choose(range(4)) == 0:
        rule |= {"urgency": choose(URGENCIES), "certainty": choose(CERTAINTIES), "rationale": "It matters."}
    return rule | RULES[kind](choose, pools)


def _match(choose: Choose, pools: Pools) -> Json:
    where = choose((*WHERES[12:], {"type": "attack"}, {"type": ["attack", "protest"]}, {"place.country": "MLI"}))
    return {"where": where, "feeds": choose(FEEDS)} | _hold(choose, (0, 3, 40))


def _threshold(choose: Choose, pools: Pools) -> Json:
    reaches, ends_below = choose(((1, None), (1, None), (2, None), (2, 1), (31, 30), (61, 30)))
    said = _measured(choose, choose(("attacks", "events", "killed", "killed"))) | _hold(choose, (0, 0, 5))
    return said | _where(choose) | {"window": choose(pools.windows), "reaches": reaches, "ends_below": ends_below}


def _surge(choose: Choose, pools: Pools) -> Json:
    said = _measured(choose, choose(("killed", "killed", "killed", "attacks", "events"))) | _hold(choose, (0, 0, 9))
    said |= {"model": choose(("poisson", "negative_binomial")), "p_value": choose((0.2, 0.2, 0.2, 0.2, 0.1, 0.01))}
    return (
        said
        | choose(({}, {}, {"where": {"type": "attack"}}))
        | {"reaches": choose((1, 1, 2, 3)), "min_weeks": choose((4, 4, 4, 6))}
    )


def _first_seen(choose: Choose, pools: Pools) -> Json:
    said = {"of": choose(("actor", "actor", "method")), "days": choose((1, 2, 3, 5, 10, 30))} | _counted(choose)
    if said["of"] == "actor" and choose(range(3)) == 0:
        said["role"] = choose(("perpetrator", "target"))
    return said | _where(choose) | _hold(choose, (0, 3))


def _sequence(choose: Choose, pools: Pools) -> Json:
    first = choose(
        (
            {"type": "coup"},
            {"type": ["coup", "protest"]},
            {"coding": "human"},
            {"type": "attack"},
            {"type": ["attack", "protest"]},
        )
    )
    then = choose(({}, {"type": "attack"}, {"type": "attack"}, {"type": ["attack", "protest"]}, {"coding": "human"}))
    measure = choose((None, "events", "attacks", "killed"))
    said = (
        _measured(choose, measure)
        | choose(({}, {}, {"feeds": 2, "feed": None}))
        | {"first": first, "then": then, "within": choose((1, 3, 5, 10, 40))}
    )
    return said | {"reaches": choose((1, 1, 1, 1, 2, 3))} | _hold(choose, (0, 4))


def _deadline(choose: Choose, pools: Pools) -> Json:
    where = choose(({}, {}, {}, {"resolution.chapter_vii": True}))
    return {"where": where, "days": choose((1, 3, 10, 10, 30))} | _hold(choose, (0, 4))


def _silence(choose: Choose, pools: Pools) -> Json:
    return {"days": choose((1, 1, 2, 3, 5)), "feed": choose((None, None, "ucdp-ged", "acled"))}


RULES: dict[str, Callable[[Choose, Pools], Json]] = {
    "match": _match,
    "threshold": _threshold,
    "surge": _surge,
    "first_seen": _first_seen,
    "sequence": _sequence,
    "deadline": _deadline,
    "silence": _silence,
}


def _hold(choose: Choose, days: tuple[int, ...]) -> Json:
    return choose(({}, {"hold": choose(days)}))


def _where(choose: Choose) -> Json:
    return choose(({}, {}, {"where": choose(WHERES)}))


def _counted(choose: Choose) -> Json:
    said = {"count": choose(("certain", "certain", "possible"))}
    feeds = choose((*FEEDS, 0))
    return said | ({"feeds": feeds} if feeds else {"feed": choose(("ucdp-ged", "acled"))})


def _measured(choose: Choose, measure: str | None) -> Json:
    said = _counted(choose) | ({} if measure is None else {"measure": measure})
    if measure == "killed" and choose((False, True)):
        said["estimate"] = choose(("low", "high"))
    low = choose((1, 2, 3))
    steps = ({"reaches": low, "severity": "severe"}, {"reaches": low + choose((1, 2, 60)), "severity": "extreme"})
    return said | {"steps": list(steps[: choose((0, 0, 1, 2))])}


def _coup_and_attack(choose: Choose, pools: Pools) -> list[Json]:
    coup = pools._replace(ids=("cline-coups:1",), types=("coup",), start_days=(0, 1), spans=("instant", "day"))
    attack = pools._replace(types=("attack",), start_days=(1, 2, 3))
    attacks = [attack._replace(ids=(each,)) for each in ("ucdp-ged:1", "acled:1")]
    return _asserted([one for each in (coup, *attacks) for one in draw_assertions(choose, each, 1)])


def _mandate(choose: Choose, pools: Pools) -> list[Json]:
    return _asserted(
        draw_assertions(choose, pools._replace(ids=("unsc:1",), mandate_days=(20, 30, 40)), choose((1, 2)))
    )


def _asserted(said: list[Json]) -> list[Json]:
    return [one for one in said if "state" not in one]


BEFORE: dict[str, Callable[[Choose, Pools], list[Json]]] = {
    "surge": draw_weeks,
    "sequence": _coup_and_attack,
    "deadline": _mandate,
}
"""What comes before the rest, so that a rule often finds something."""
