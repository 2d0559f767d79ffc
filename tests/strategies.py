"""What Hypothesis draws: sets of assertions, rules and ticks, and the ways in which they may arrive.

Ids, days, places and times come from small pools, so that assertions meet: on one event, in one scope, at one time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

Json = dict[str, Any]

BASE = datetime(2021, 4, 1, tzinfo=UTC)
IDS = ("ucdp-ged:1", "ucdp-ged:2", "ucdp-ged:3", "acled:1", "acled:2", "gdelt:1")
START_DAYS = (0, 0, 0, 1, 1, 2, 2, 3, 6, 7, 9, 31, 88)
PUBLISHED_DAYS = (0.5, 1, 1, 4.75, 9, 9, 14, 31, 100, 400)
TICK_DAYS = (3.0, 12.0, 15.25, 60.0, 430.5)
TYPES = ("attack",) * 20 + ("protest", "coup", "resolution", "fatality", "tally", "statement", "displacement")
PLACES: tuple[Json | None, ...] = (
    {"country": "MLI", "admin1": "Kidal", "admin1_code": "ML-8", "latitude": 19.46, "longitude": 5.0},
    {"country": "MLI", "admin1": "Ségou"},
    {"country": "MLI"},
    {"country": "MLI", "name": "Aguelhok"},
    {"country": "NER", "admin1": "Tillabéri"},
    {"country": "SDN", "precision": "country"},
    {"country": None, "precision": "area"},
    None,
)
ACTORS = ({"id": "jnim", "name": "JNIM", "role": "perpetrator"}, {"id": "minusma", "role": "target"}, {"id": "État"})
ACTOR_LISTS: tuple[tuple[int, ...], ...] = ((), (0,), (1,), (0, 1), (0, 1), (0, 2, 0), (2, 1, 0))
PEOPLE = (None, 0, 1, 30, 31, 40, 60, 70, 100, 130)
FEW = (None, 0, 1, 1, 3)
COUNT_NUMBERS: tuple[tuple[int, int | None], ...] = ((1, None), (2, None), (2, 1), (2, 1), (3, 1))
PEOPLE_NUMBERS: tuple[tuple[int, int | None], ...] = ((100, 60), (61, 30), (31, 20), (100, None), (1, None), (130, 31))
WHERES: tuple[Json, ...] = (
    {},
    {},
    {},
    {},
    {},
    {"type": "attack"},
    {"type": ["attack", "protest"], "coding": "human"},
    {"place.country": ["MLI", "SDN"]},
    {"actors.id": "jnim"},
    {"killed.total.best": {"at_least": 30}},
    {"killed.peacekeepers.best": {"at_least": 1}, "type": "attack"},
    {"killed.total.high": {"at_most": 100}, "source": ["ucdp-ged", "acled"]},
)
SCOPE_KINDS = ("world", "region", "country", "country", "admin1", "actor", "mission")


class Case(NamedTuple):
    """A set of what is in the log, in no order that matters."""

    assertions: list[Json]
    rules: list[Json]
    ticks: list[str]


class Delivery(NamedTuple):
    """One way in which a case arrives: `order` indexes assertions, then ticks, repeats included; cut by `sizes`."""

    order: list[int]
    sizes: list[int]


def text(moment: datetime) -> str:
    fraction = f".{moment.microsecond:06}".rstrip("0") if moment.microsecond else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def at_day(days: float) -> str:
    return text(BASE + timedelta(days=days))


@st.composite
def event_times(draw: st.DrawFn) -> Json:
    start = BASE + timedelta(days=draw(st.sampled_from(START_DAYS)))
    kind = draw(
        st.sampled_from(
            ("instant", "day", "day", "day", "day", "day", "hours", "range", "long", "week", "month", "year")
        )
    )
    spans = {"instant": 0.0, "day": 1, "hours": 1.25, "range": 3, "long": 12, "week": 7}
    if kind == "instant":
        start += timedelta(hours=draw(st.sampled_from((0, 12))))
    if kind == "month":
        start = start.replace(day=1)
        end = (start + timedelta(days=32)).replace(day=1)
    elif kind == "year":
        start = start.replace(month=1, day=1)
        end = start.replace(year=start.year + 1)
    else:
        end = start + timedelta(days=spans[kind])
    precision = "range" if kind in ("long", "hours") else kind
    return {"start": text(start), "end": text(end), "precision": precision}


@st.composite
def estimates(draw: st.DrawFn, pool: tuple[int | None, ...]) -> Json:
    best = draw(st.sampled_from(pool))
    shape = draw(st.integers(0, 5))
    if best is None:
        return {"low": 1 if shape == 1 else None, "best": None, "high": 9 if shape > 3 else None}
    low, high = max(0, best - shape), best + shape * 10
    return {"low": None if shape == 5 else low, "best": best, "high": None if shape >= 4 else high}


@st.composite
def casualties(draw: st.DrawFn) -> Json:
    said: Json = {}
    groups = draw(
        st.sampled_from(((), ("total",), ("total",), ("total",), ("total", "peacekeepers"), ("total", "civilians")))
    )
    for group in groups:
        said[group] = draw(estimates(PEOPLE if group == "total" else FEW))
    return said


def blocks(draw: st.DrawFn, kind: str) -> Json:
    """What only an event of this type has."""
    if kind == "coup":
        return {"coup": {"outcome": draw(st.sampled_from(("realised", "attempted", "conspiracy")))}}
    if kind == "resolution":
        mission = draw(st.sampled_from((None, "MINUSMA", "UNAMID")))
        outcome = draw(st.sampled_from(("adopted", "adopted", "rejected")))
        votes = {"for": 15, "against": 0, "abstaining": 0}
        return {"resolution": {"symbol": "S/RES/1", "outcome": outcome, "mission": mission, "votes": votes}}
    if kind == "tally":
        return {"tally": {"measure": "killed", "value": 255, "as_of": "2021-04-30"}}
    return {"displacement": {"persons": 370_000}} if kind == "displacement" else {}


# Each part of an event's content, drawn by itself, so that a correction can move one and keep the others.
PARTS: dict[str, Callable[[st.DrawFn], Json]] = {
    "day": lambda draw: {"event_time": draw(event_times())},
    "place": lambda draw: {"place": draw(st.sampled_from(PLACES))},
    "actors": lambda draw: {"actors": [ACTORS[n] for n in draw(st.sampled_from(ACTOR_LISTS))]},
    "mission": lambda draw: {"mission": draw(st.sampled_from((None, None, "MINUSMA", "UNAMID")))},
    "casualties": lambda draw: {"killed": draw(casualties()), "injured": draw(casualties())},
    "title": lambda draw: {"title": draw(st.sampled_from((None, "Raid", "Überfall")))},
    "type": lambda draw: _typed(draw, draw(st.sampled_from(TYPES))),
    "coding": lambda draw: {"coding": draw(st.sampled_from(("human",) * 7 + ("machine",)))},
}
CORRECTED = ("day", "day", "place", "actors", "casualties", "casualties", "type", "mission", "coding", "title")
STAMPED = ("sequence", "publish_time", "publish_time_basis")
TYPED = ("coup", "resolution", "tally", "displacement")


def _typed(draw: st.DrawFn, kind: str) -> Json:
    return {"type": kind, **dict.fromkeys(TYPED), **blocks(draw, kind)}


def _published(draw: st.DrawFn, content: Json) -> Json:
    """A time at which this can be made known, and now and then a sequence of the feed's own."""
    times = [at_day(days) for days in PUBLISHED_DAYS]
    start = content.get("event_time", {}).get("start", "")
    possible = (
        [time for time in times if datetime.fromisoformat(time) >= datetime.fromisoformat(start)] if start else times
    )
    said: Json = {"publish_time": draw(st.sampled_from(possible)), "publish_time_basis": "assumed"}
    sequence = draw(st.sampled_from((None, None, None, "1", "2", "2021-04-20")))
    return said | ({"sequence": sequence} if sequence else {})


def _withdrawal(draw: st.DrawFn, event_id: str) -> Json:
    said: Json = {"id": event_id, "source": event_id.partition(":")[0], "type": "attack", "state": "withdrawn"}
    return said | {"reason": draw(st.sampled_from((None, "double")))}


def _content(draw: st.DrawFn, event_id: str, what: str, before: list[Json]) -> Json:
    """What is now said of the id: one part corrected, the last content reaffirmed, or an earlier one said again."""
    contents = [{key: one[key] for key in one if key not in STAMPED} for one in before if "state" not in one]
    if contents and what != "correct":
        return contents[-1] if what == "reaffirm" else draw(st.sampled_from(contents))
    content = contents[-1] if contents else {"id": event_id, "source": event_id.partition(":")[0]}
    for part in [draw(st.sampled_from(CORRECTED))] if contents else list(PARTS):
        content |= PARTS[part](draw)
    return content | ({"coding": "machine"} if not contents and content["source"] == "gdelt" else {})


@st.composite
def assertions(draw: st.DrawFn, most: int) -> list[Json]:
    """At least one assertion; later ones mostly speak of ids that were spoken of before."""
    said: list[Json] = []
    for _ in range(draw(st.integers(1, most))):
        event_id = draw(st.sampled_from(IDS))
        what = draw(st.sampled_from(("correct",) * 4 + ("reaffirm",) * 2 + ("withdraw",) * 2 + ("again",)))
        if what == "withdraw":
            content = _withdrawal(draw, event_id)
        else:
            content = _content(draw, event_id, what, [one for one in said if one["id"] == event_id])
        said.append(content | _published(draw, content))
    return said


@st.composite
def rules(draw: st.DrawFn, most: int = 3) -> list[Json]:
    drawn = []
    for number in range(draw(st.integers(1, most))):
        rule: Json = {"id": f"rule-{number}", "title": f"Rule {number}", "severity": "moderate"}
        rule["scope"] = draw(st.sampled_from(SCOPE_KINDS))
        where = draw(st.sampled_from(WHERES))
        if draw(st.integers(0, 3)) == 0:
            rule |= {"kind": "match", "where": where or {"type": "attack"}}
            hold = draw(st.sampled_from((None, 0, 40)))
        else:
            rule |= _threshold(draw) | ({"where": where} if where else {})
            hold = draw(st.sampled_from((None, None, None, 5)))
        drawn.append(rule if hold is None else rule | {"hold": hold})
    return drawn


def _threshold(draw: st.DrawFn) -> Json:
    people = ("killed",) * 5 + ("injured", "civilians_killed", "other_deaths")
    counts = ("attacks", "attacks", "events", "events", "machine_reports", "coups")
    measure = draw(st.sampled_from(people + counts))
    reaches, ends_below = draw(st.sampled_from(PEOPLE_NUMBERS if measure in people else COUNT_NUMBERS))
    rule: Json = {"kind": "threshold", "measure": measure, "reaches": reaches}
    rule["window"] = draw(st.sampled_from(("7d", "7d", "7d", "1d", "30d", "90d", "365d")))
    if ends_below is not None:
        rule["ends_below"] = ends_below
    if measure in people and draw(st.booleans()):
        rule["estimate"] = draw(st.sampled_from(("low", "high")))
    if draw(st.booleans()):
        rule["count"] = draw(st.sampled_from(("possible", "certain")))
    feed = draw(st.sampled_from((None, None, None, "ucdp-ged", "acled")))
    return rule | ({"feed": feed} if feed else {})


@st.composite
def cases(draw: st.DrawFn, most: int = 12) -> Case:
    ticks = [at_day(days) for days in draw(st.lists(st.sampled_from(TICK_DAYS), max_size=2))]
    return Case(assertions=draw(assertions(most)), rules=draw(rules()), ticks=ticks)


@st.composite
def deliveries(draw: st.DrawFn, case: Case) -> Delivery:
    count = len(case.assertions) + len(case.ticks)
    repeats = draw(st.lists(st.integers(0, count - 1), max_size=4))
    order = draw(st.permutations(list(range(count)) + repeats))
    return Delivery(order=list(order), sizes=draw(st.lists(st.integers(1, 6), min_size=1, max_size=3)))


def chunks(items: list[Any], sizes: list[int]) -> list[list[Any]]:
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


def _with_offset(time: str) -> str:
    moment = datetime.fromisoformat(time) + timedelta(hours=2)
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}+02:00"
