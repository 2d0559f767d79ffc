"""What Hypothesis draws: sets of assertions, rules and ticks, and the ways in which they may arrive.

Ids, days, places and times come from small pools, so that assertions meet: on one event, in one scope, at one time.
Every choice is either Hypothesis's own, which shrinks well, or of a random generator whose seed it draws: that keeps
the shares as the pools say (see test_shares) and is several times as fast.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple, Protocol, TypeVar

from hypothesis import strategies as st

from tests.pools import (
    ACTOR_LISTS,
    ACTORS,
    BASES,
    COUNT_NUMBERS,
    FEW,
    GROUPS,
    INJURED,
    MALI,
    POOLS,
    SPANS,
    STAMPED,
    WHERES,
    Json,
    Pools,
)

T = TypeVar("T")


class Choose(Protocol):
    """Take one of these."""

    def __call__(self, pool: Sequence[T], /) -> T: ...


class Case(NamedTuple):
    """A set of what is in the log, in no order that matters."""

    assertions: list[Json]
    rules: list[Json]
    ticks: list[str]


class Delivery(NamedTuple):
    """One way in which a case arrives: `order` indexes assertions, then ticks, repeats included; cut by `sizes`."""

    order: list[int]
    sizes: list[int]


def choice(data: st.DataObject) -> Choose:
    """Hypothesis chooses one by one, or only the seed of a generator: then a mutation of its makes another case."""
    if data.draw(st.integers(0, 7), label="by Hypothesis if 0") == 0:
        return lambda pool: data.draw(st.sampled_from(pool))
    return Random(data.draw(st.integers(0, 2**64), label="seed")).choice


def draw_case(choose: Choose, most: int = 20) -> Case:
    pools = until(choose((4.75, 4.75, 9, *(1000,) * 4)), choose(POOLS))._replace(base=choose(BASES))
    drawn = _rules(choose, pools)
    said = draw_assertions(choose, pools, choose((1, 2, 3, *range(1, most + 1))))
    return Case(assertions=said, rules=drawn, ticks=draw_ticks(choose, pools))


def draw_ticks(choose: Choose, pools: Pools) -> list[str]:
    return [at_day(pools, choose(pools.tick_days))] if choose((False, False, True)) else []


def draw_rules(choose: Choose) -> list[Json]:
    return _rules(choose, choose(POOLS))


def draw_delivery(choose: Choose, case: Case) -> Delivery:
    count = len(case.assertions) + len(case.ticks)
    repeats = [choose(range(count)) for _ in range(choose((0, 0, 1, 4)))]
    unit = max(1, count // 12)  # of many, more at once: the time that an example takes grows with the settlements
    return Delivery(
        order=shuffled(choose, [*range(count), *repeats]), sizes=[unit * choose((1, 1, 2, 3, 6)) for _ in range(3)]
    )


def shuffled(choose: Choose, items: Sequence[T]) -> list[T]:
    left, order = list(items), []
    while left:
        order.append(left.pop(choose(range(len(left)))))
    return order


def chunks(items: list[T], sizes: list[int]) -> list[list[T]]:
    """Cut the items by these sizes, over and over."""
    cut, start, turn = [], 0, 0
    while start < len(items):
        size = sizes[turn % len(sizes)]
        cut.append(items[start : start + size])
        start, turn = start + size, turn + 1
    return cut


def respelled(said: Json) -> Json:
    """The same assertion, written otherwise: blanks for what is absent, other offsets, explicit defaults, 5 for 5.0."""
    told: Json = {
        "description": "",
        "links": [],
        "repairs": [],
        "state": "asserted",
        "coding": "human",
        "unheard_of": 1,
    }
    told |= said
    if "event_time" in told:
        edges = {edge: told["event_time"][edge].replace("Z", "+00:00") for edge in ("start", "end")}
        told["event_time"] = told["event_time"] | edges
    told["publish_time"] = _with_offset(told["publish_time"])
    if told.get("place"):
        whole = {key: int(v) for key, v in told["place"].items() if isinstance(v, float) and v.is_integer()}
        told["place"] = {"name": "", **told["place"], **whole}
    return told


def text(moment: datetime) -> str:
    fraction = f".{moment.microsecond:06}".rstrip("0") if moment.microsecond else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def at_day(pools: Pools, days: float) -> str:
    return text(pools.base + timedelta(days=days))


def _with_offset(time: str) -> str:
    moment = datetime.fromisoformat(time) + timedelta(hours=2)
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}+02:00"


def until(horizon: float, pools: Pools) -> Pools:
    """The pools without what is later: a log that ends early leaves alerts open or yet to start."""
    starts = tuple(days for days in pools.start_days if days <= horizon - 0.5)
    return pools._replace(
        start_days=starts, published_days=tuple(days for days in pools.published_days if days <= horizon)
    )


def draw_assertions(choose: Choose, pools: Pools, count: int, before: Sequence[Json] = ()) -> list[Json]:
    """So many, after those that were said before; later ones mostly speak of ids that were spoken of."""
    said = list(before)
    for _ in range(count):
        event_id = choose(pools.ids)
        what = choose(("correct",) * 7 + ("reaffirm", "reaffirm", "withdraw", "withdraw", "again"))
        if what == "withdraw":
            content = _withdrawal(choose, pools, event_id)
        else:
            content = _content(choose, pools, event_id, what, [one for one in said if one["id"] == event_id])
        said.append(content | _published(choose, pools, content))
    return said


def _withdrawal(choose: Choose, pools: Pools, event_id: str) -> Json:
    """Mostly bare; what else is said of what is withdrawn is content too, but counts nowhere."""
    said: Json = {"id": event_id, "source": event_id.partition(":")[0], "type": "attack", "state": "withdrawn"}
    more = {"event_time": _event_time(choose, pools), "place": MALI} if choose(range(8)) == 0 else {}
    return said | {"reason": choose((None, "double"))} | more


def _content(choose: Choose, pools: Pools, event_id: str, what: str, before: list[Json]) -> Json:
    """What is now said of the id: one part corrected, the last content reaffirmed, or an earlier one said again."""
    contents = [{key: one[key] for key in one if key not in STAMPED} for one in before if "state" not in one]
    if contents and what != "correct":
        return contents[-1] if what == "reaffirm" else choose(contents)
    content = contents[-1] if contents else {"id": event_id, "source": event_id.partition(":")[0]}
    for part in [choose(pools.corrected)] if contents else list(PARTS):
        content |= PARTS[part](choose, pools)
    if not contents:
        content["coding"] = "machine" if content["source"] == "gdelt" else "human"
    return content


def _published(choose: Choose, pools: Pools, content: Json) -> Json:
    """A time at which this can be made known, and now and then a sequence of the feed's own."""
    start = content.get("event_time", {}).get("start", text(pools.base))
    times = [at_day(pools, days) for days in pools.published_days]
    possible = [time for time in times if datetime.fromisoformat(time) >= datetime.fromisoformat(start)]
    said: Json = {"publish_time": choose(possible or [start]), "publish_time_basis": "assumed"}
    sequence = choose(pools.sequences)
    # The publish time said as sequence is what an absent sequence means.
    return said if sequence is None else said | {"sequence": sequence or said["publish_time"]}


def _event_time(choose: Choose, pools: Pools) -> Json:
    start = pools.base + timedelta(days=choose(pools.start_days))
    kind = choose(pools.spans)
    if kind == "month":
        start = start.replace(day=1)
        end = (start + timedelta(days=32)).replace(day=1)
    elif kind == "year":
        start = start.replace(month=1, day=1)
        end = start.replace(year=start.year + 1)
    else:
        start += timedelta(hours=choose((0, 12))) if kind == "instant" else timedelta()
        end = start + timedelta(days=SPANS[kind])
    return {
        "start": text(start),
        "end": text(end),
        "precision": "range" if kind in ("long", "hours", "touching") else kind,
    }


def _killed(choose: Choose, pools: Pools) -> Json:
    return {group: _estimate(choose, pools.people if group == "total" else FEW) for group in choose(GROUPS)}


def _estimate(choose: Choose, pool: tuple[int | None, ...]) -> Json:
    best, shape = choose(pool), choose((0, 0, 0, 1, 2, 3))
    if best is None:
        return {"low": 1 if shape == 1 else None, "best": None, "high": 9 if shape > 1 else None}
    low, high = max(0, best - shape), best + shape * 10
    return {"low": None if shape == 3 else low, "best": best, "high": None if shape >= 2 else high}


def _typed(choose: Choose, pools: Pools) -> Json:
    """The type, and the block that only an event of this type has."""
    kind, block = choose(pools.types), dict[str, Any]()
    if kind == "coup":
        block = {"outcome": choose(("realised", "attempted", "conspiracy"))}
    elif kind == "resolution":
        block = {"symbol": "S/RES/1", "outcome": choose(("adopted", "adopted", "rejected"))}
        block |= {
            "mission": choose((None, "MINUSMA", "UNAMID")),
            "chapter_vii": choose((True, False)),
            "votes": {"for": 15, "against": 0, "abstaining": 0},
        }
        if (days := choose(pools.mandate_days)) is not None:
            block["mandate_end"] = at_day(pools, days)[:10]
    elif kind == "tally":
        block = {"measure": "killed", "value": 255, "as_of": "2021-04-30"}
    elif kind == "displacement":
        block = {"persons": 370_000}
    return {"type": kind, **dict.fromkeys(("coup", "resolution", "tally", "displacement"))} | (
        {kind: block} if block else {}
    )


# Each part of an event's content, so that a correction can move one and keep the others.
PARTS: dict[str, Callable[[Choose, Pools], Json]] = {
    "day": lambda choose, pools: {"event_time": _event_time(choose, pools)},
    "place": lambda choose, pools: {"place": choose(pools.places)},
    "actors": lambda choose, pools: {"actors": [ACTORS[n] for n in choose(ACTOR_LISTS)]},
    "mission": lambda choose, pools: {"mission": choose((None, "MINUSMA", "UNAMID"))},
    "casualties": lambda choose, pools: {"killed": _killed(choose, pools), "injured": choose(INJURED)},
    "title": lambda choose, pools: {"title": choose((None, "Raid", "Überfall"))},
    "type": _typed,
    "method": lambda choose, pools: {"method": choose(pools.methods)},
    "coding": lambda choose, pools: {"coding": choose(pools.codings)},
}


def _rules(choose: Choose, pools: Pools) -> list[Json]:
    drawn = []
    for number in range(choose((1, 2, 3))):
        rule: Json = {"id": f"rule-{number}", "title": f"Rule {number}", "severity": "moderate"}
        rule["scope"] = choose(pools.scopes)
        where = choose(WHERES)
        if choose(range(4)) == 0:
            rule |= {"kind": "match", "where": where or {"type": "attack"}}
            hold = choose((None, 0, 40))
        else:
            rule |= _threshold(choose, pools) | ({"where": where} if where else {})
            hold = choose((None, None, None, 5))
        drawn.append(rule if hold is None else rule | {"hold": hold})
    return drawn


def _threshold(choose: Choose, pools: Pools) -> Json:
    measure = choose(pools.measures)
    people = "killed" in measure or "injured" in measure or measure == "other_deaths"
    reaches, ends_below = choose(pools.numbers if measure in ("killed", "injured") else COUNT_NUMBERS)
    rule: Json = {"kind": "threshold", "measure": measure, "reaches": reaches}
    rule["window"] = choose(pools.windows)
    if ends_below is not None:
        rule["ends_below"] = ends_below
    if people and choose((False, True)):
        rule["estimate"] = choose(("low", "high"))
    if choose((False, True)):
        rule["count"] = choose(("possible", "possible", "certain"))
    feed = choose((None,) * 6 + ("ucdp-ged", "ucdp-ged", "acled"))
    return rule | ({"feed": feed} if feed else {})
