"""The small pools that assertions, rules and times are drawn from, so that they meet."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

Json = dict[str, Any]

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
    methods: tuple[str | None, ...] = (None, None, "explosive", "shooting")
    mandate_days: tuple[int | None, ...] = (None, 20, 40)
    tick_days: tuple[float, ...] = TICK_DAYS


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
