"""What Hypothesis draws: sets of assertions, rules and ticks, and the ways in which they may arrive.

Ids, days, places and times come from small pools, so that assertions meet: on one event, in one scope, at one time.
Every choice is either Hypothesis's own, which shrinks well, or of a random generator whose seed it draws: that keeps
the shares as the pools say (see test_shares) and is several times as fast.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple, Protocol, TypeVar

from hypothesis import strategies as st

Json = dict[str, Any]
T = TypeVar("T")


class Choose(Protocol):
    """Take one of these."""

    def __call__(self, pool: Sequence[T], /) -> T: ...


# Days are counted from one of these: a plain one, before and across 1970, before a leap day.
BASES = tuple(
    datetime(*day, tzinfo=UTC) for day in ((2021, 4, 1), (2021, 4, 1), (1946, 1, 30), (1969, 12, 29), (2024, 2, 26))
)
IDS = (
    *("ucdp-ged:1", "ucdp-ged:1", "ucdp-ged:2", "ucdp-ged:3", "ucdp-ged:4", "ucdp-ged:5"),
    *("acled:1", "acled:1", "acled:2", "acled:3", "gdelt:1"),
)
TICK_DAYS = (3.0, 8.0, 12.0, 15.25, 60.0, 430.5)
OTHER_TYPES = ("protest", "coup", "resolution", "fatality", "tally", "statement", "displacement")
KIDAL: Json = {"country": "MLI", "admin1": "Kidal", "admin1_code": "ML-8", "latitude": 19.46, "longitude": 5.0}
MALI: Json = {"country": "MLI", "name": "Aguelhok"}
PLACES: tuple[Json | None, ...] = (
    KIDAL,
    MALI,
    {"country": "MLI", "admin1": "Ségou"},
    {"country": "NER", "admin1": "Tillabéri"},
    {"country": "SDN", "precision": "country"},
    {"country": None, "precision": "area"},
    None,
)
ACTORS = (
    {"id": "jnim", "name": "JNIM", "role": "perpetrator"},
    {"id": "minusma", "role": "target"},
    {"id": "État@1"},
    {"id": 'a "b"\\ 😀'},
)
ACTOR_LISTS: tuple[tuple[int, ...], ...] = ((), (0,), (1,), (0, 1), (0, 1), (0, 2, 0), (2, 1, 0), (3,))
FEW = (None, 0, 1, 1, 3)
GROUPS = (("total",), ("total",), ("total",), ("total", "peacekeepers"), ("total", "civilians"), ())
INJURED: tuple[Json | None, ...] = (
    None,
    None,
    {"total": {"low": 4, "best": 7, "high": None}, "peacekeepers": {"best": 4}},
    {"total": {"low": None, "best": None, "high": 20}},
    {"total": {"low": 60, "best": 61, "high": 100}},
)
COUNT_NUMBERS: tuple[tuple[int, int | None], ...] = ((1, None), (1, None), (2, None), (2, 1), (2, 1), (3, 1))
PEOPLE_NUMBERS: tuple[tuple[int, int | None], ...] = ((100, 60), (61, 30), (61, 30), (31, 30), (60, None), (1, None))
WHERES: tuple[Json, ...] = (
    *({},) * 12,
    {"type": "attack"},
    {"type": ["attack", "protest"], "coding": "human"},
    {"place.country": ["MLI", "SDN"]},
    {"actors.id": "jnim"},
    {"killed.total.best": {"at_least": 30}},
    {"killed.peacekeepers.best": {"at_least": 1}, "type": "attack"},
    {"killed.total.high": {"at_most": 100}, "source": ["ucdp-ged", "acled"]},
    {"actors.role": ["target", "belligerent"], "mission": "MINUSMA"},
    {"place.latitude": {"at_least": 5, "at_most": 19.46}},
    {"place.longitude": [5, 6]},
    {"event_time.precision": ["day", "month", "year"]},
    {"resolution.votes.for": {"at_least": 10}, "resolution.outcome": "adopted", "resolution.chapter_vii": True},
    {"title": "Überfall"},
    {"coup.outcome": ["realised", "conspiracy"]},
)
STAMPED = ("sequence", "publish_time", "publish_time_basis")
SPANS = {"instant": 0.0, "day": 1, "hours": 1.25, "touching": 1 + 1e-6 / 86400, "range": 3, "long": 12, "week": 7}


class Pools(NamedTuple):
    """What the parts of an event are drawn from: something of everything, or attacks so close that episodes form."""

    base: datetime
    start_days: tuple[int, ...]
    published_days: tuple[float, ...]
    spans: tuple[str, ...]
    types: tuple[str, ...]
    places: tuple[Json | None, ...]
    people: tuple[int | None, ...]
    codings: tuple[str, ...]
    corrected: tuple[str, ...]
    scopes: tuple[str, ...]
    measures: tuple[str, ...]
    ids: tuple[str, ...] = IDS
    numbers: tuple[tuple[int, int | None], ...] = PEOPLE_NUMBERS
    sequences: tuple[str | None, ...] = (None, None, None, "", "1", "2", "2021-04-20")
    windows: tuple[str, ...] = ("7d", "7d", "7d", "7d", "1d", "30d", "30d", "90d", "365d")


WIDE = Pools(
    base=BASES[0],
    start_days=(0, 0, 0, 1, 1, 2, 2, 3, 6, 7, 9, 31, 88),
    published_days=(0.5, 1, 1, 4.75, 9, 9, 14, 31, 100, 400),
    spans=("instant", "day", "day", "hours", "touching", "range", "long", "week", "month", "year"),
    types=("attack",) * 10 + OTHER_TYPES,
    places=PLACES,
    people=(None, 0, 1, 30, 31, 40, 60, 70, 100, 130),
    codings=("human", "machine"),
    corrected=("day", "place", "actors", "actors", "casualties", "type", "type", "type", "mission", "coding", "coding"),
    scopes=("world", "region", "country", "country", "admin1", "actor", "mission"),
    measures=(
        *("killed", "killed", "attacks", "attacks", "events"),
        *("injured", "civilians_killed", "peacekeepers_injured", "other_deaths", "machine_reports", "coups"),
    ),
)
CLOSE = Pools(
    base=BASES[0],
    start_days=(0, 1, 2, 3, 4, 6, 7, 8, 9, 12),
    published_days=(0.5, 1, 2, 3, 4.75, 7, 9, 9, 12, 20),
    spans=("day", "day", "day", "day", "day", "range", "week", "month"),
    types=("attack",),
    places=(KIDAL, KIDAL, MALI),
    people=(1, 30, 30, 31, 40, 60, 70, 100, None),
    codings=("human",),
    corrected=("day", "day", "casualties", "casualties", "place", "title"),
    scopes=("world", "region", "country", "country", "country"),
    measures=("killed", "killed", "attacks", "events"),
)
# Episodes of single days, that the next event joins; and intervals that are published before they end.
DAYS = CLOSE._replace(
    spans=("day",) * 4 + ("range",), measures=("attacks", "events", "killed"), windows=("1d", "1d", "7d")
)
LONG = CLOSE._replace(
    start_days=(0, 1, 2, 3, 4),
    published_days=(0.5, 1, 2, 3, 4.75),
    spans=("long", "long", "range", "month", "hours"),
    ids=("ucdp-ged:1", "ucdp-ged:2", "acled:1"),
    numbers=((1, None), (30, None), (61, 30)),
    windows=("30d", "30d", "30d", "90d", "7d"),
)
# Long histories of few events: what was known when depends on assertions that never were current.
HISTORY = CLOSE._replace(
    start_days=(0, 0, 0, 1, 2),
    published_days=(2, 3, 4.75, 7, 9, 12),
    spans=("day", "day", "day", "range"),
    ids=("ucdp-ged:1", "ucdp-ged:1", "acled:1"),
    numbers=((1, None), (30, None), (31, 30)),
    sequences=(None, "1", "2", "3", "3", "4"),
)
POOLS = (WIDE, WIDE, WIDE, WIDE, CLOSE, CLOSE, DAYS, DAYS, LONG, LONG, HISTORY, HISTORY)


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
    pools = _until(choose((4.75, 9, 1000, 1000)), choose(POOLS))._replace(base=choose(BASES))
    drawn = _rules(choose, pools)
    ticks = [at_day(pools, choose(TICK_DAYS))] if choose((False, False, True)) else []
    return Case(assertions=_assertions(choose, pools, choose((1, 2, 3, *range(1, most + 1)))), rules=drawn, ticks=ticks)


def draw_rules(choose: Choose) -> list[Json]:
    return _rules(choose, choose(POOLS))


def draw_delivery(choose: Choose, case: Case) -> Delivery:
    count = len(case.assertions) + len(case.ticks)
    repeats = [choose(range(count)) for _ in range(choose((0, 0, 1, 4)))]
    return Delivery(
        order=shuffled(choose, [*range(count), *repeats]), sizes=[choose((1, 1, 2, 3, 6)) for _ in range(3)]
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


def _until(horizon: float, pools: Pools) -> Pools:
    """The pools without what is later: a log that ends early leaves alerts open or yet to start."""
    starts = tuple(days for days in pools.start_days if days <= horizon - 0.5)
    return pools._replace(
        start_days=starts, published_days=tuple(days for days in pools.published_days if days <= horizon)
    )


def _assertions(choose: Choose, pools: Pools, count: int) -> list[Json]:
    """Later ones mostly speak of ids that were spoken of before."""
    said: list[Json] = []
    for _ in range(count):
        event_id = choose(pools.ids)
        what = choose(("correct",) * 7 + ("reaffirm", "reaffirm", "withdraw", "withdraw", "again"))
        if what == "withdraw":
            content = _withdrawal(choose, event_id)
        else:
            content = _content(choose, pools, event_id, what, [one for one in said if one["id"] == event_id])
        said.append(content | _published(choose, pools, content))
    return said


def _withdrawal(choose: Choose, event_id: str) -> Json:
    said: Json = {"id": event_id, "source": event_id.partition(":")[0], "type": "attack", "state": "withdrawn"}
    return said | {"reason": choose((None, "double"))}


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


def _typed(choose: Choose, kind: str) -> Json:
    """The type, and the block that only an event of this type has."""
    block: Json | None = None
    if kind == "coup":
        block = {"outcome": choose(("realised", "attempted", "conspiracy"))}
    elif kind == "resolution":
        block = {"symbol": "S/RES/1", "outcome": choose(("adopted", "adopted", "rejected"))}
        block |= {
            "mission": choose((None, "MINUSMA", "UNAMID")),
            "chapter_vii": choose((True, False)),
            "votes": {"for": 15, "against": 0, "abstaining": 0},
        }
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
    "type": lambda choose, pools: _typed(choose, choose(pools.types)),
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
