"""ACLED's exports: a row is one event of one day and place. Users bring them under ACLED's terms; none is kept here.

Columns are bound by name, so that today's 31 and the older set (data_id, iso3; no disorder_type) are one layout.
`timestamp`, the time of upload, orders what ACLED said of an event: it is the publish_time, and as no sequence is given
it is that too. Source: the ACLED codebook; docs/feeds.md lists the rules that were settled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import BinaryIO, Final

from producers.acled.names import acled_actor, mission_of, short_name
from producers.acled.times import interval_of, published_at
from producers.codes.crosswalk import country_of
from producers.codes.states import country_of_name
from producers.codes.subdivisions import division_code
from producers.reading.row_by_row import told_of_rows
from producers.reading.sources import Source
from producers.reading.tables import Cells, Table
from producers.reading.values import decimal, required, shown, whole
from producers.recognise import ACLED, require
from producers.rows import Published, Row
from schemas.errors import BadInput
from schemas.event import Event, check_event

_REQUIRED: Final = (
    *("event_id_cnty", "event_date", "time_precision", "event_type", "sub_event_type"),
    *("actor1", "inter1", "actor2", "inter2"),
    *("country", "admin1", "location", "latitude", "longitude", "geo_precision", "fatalities"),
)
_OPTIONAL: Final = ("assoc_actor_1", "assoc_actor_2", "iso", "iso3", "notes", "timestamp")
_COLUMNS: Final = (*_REQUIRED, *_OPTIONAL)
_TELLING: Final = {
    "event_id_cnty": r"[A-Z]{3}\d{1,9}",
    "event_date": r"\d{4}-\d\d-\d\d|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{4}|\d{1,2}-\d{1,2}-\d{4}",
    "year": r"(19|20)\d\d",
    "time_precision": "[123]",
}
_ID: Final = re.compile(r"[A-Z]{3}\d{1,9}", re.ASCII)
_TYPES: Final = {
    "Battles": "attack",
    "Explosions/Remote violence": "attack",
    "Violence against civilians": "attack",
    "Protests": "protest",
    "Riots": "protest",
    "Strategic developments": "statement",
}
# Where the finer type decides. ACLED itself counts force against protesters as political violence, like attacks.
_SUB_TYPES: Final = {"Excessive force against protesters": "attack", "Agreement": "agreement"}
_PLACE_PRECISIONS: Final = {1: "exact", 2: "near", 3: "admin1"}
_CIVILIANS: Final = ("7", "Civilians")
_PROTESTERS: Final = ("6", "Protesters")
# What is remembered of a row is bounded.
_LONGEST: Final = 4000
_LONGEST_COUNTRY: Final = 200
_DESCRIPTION_LENGTH: Final = 300


def parse(stream: BinaryIO, file: str) -> Iterator[Row]:
    """Yield an event for each row.

    Raises:
        Failed: it is a file of another feed.
    """
    source = Source(stream, file)
    require(source, ACLED)
    rows = Table(source, _TELLING).rows(_REQUIRED, _OPTIONAL)
    yield from told_of_rows(rows, lambda row: Published(_event(row)))


def _event(row: Cells) -> Event:
    cell = {name: value.strip() for name, value in zip(_COLUMNS, row.values, strict=True)}
    if not _ID.fullmatch(cell["event_id_cnty"]):
        raise BadInput(f"expected an id as MLI4111, found {shown(cell['event_id_cnty'])}", "id")
    start, end, precision = interval_of(cell["event_date"], cell["time_precision"])
    sides, mission = _sides(cell)
    names = " - ".join(filter(None, map(short_name, (cell["actor1"], cell["actor2"]))))
    what = cell["sub_event_type"] or cell["event_type"]
    fatalities = whole(cell["fatalities"], "killed.total.best")
    published = published_at(cell["timestamp"])
    return check_event(
        {
            "id": f"{ACLED}:{cell['event_id_cnty']}",
            "source": ACLED,
            "type": _type(cell["event_type"], cell["sub_event_type"]),
            "title": f"{what}: {names}, {cell['location'] or cell['country']}",
            "description": _short(cell["notes"]),
            "event_time": {"start": start, "end": end, "precision": precision},
            "publish_time": published or end,
            "publish_time_basis": "stated" if published else "assumed",
            "place": _place(cell),
            "actors": sides,
            "mission": mission,
            "method": cell["sub_event_type"] or None,
            "killed": {"total": {"best": fatalities}},
            "repairs": row.repairs,
        }
    )


def _type(event_type: str, sub_event_type: str) -> str:
    general = _TYPES.get(event_type)
    if general is None:
        raise BadInput(f"expected one of the six event types, found {shown(event_type)}", "type")
    return _SUB_TYPES.get(sub_event_type, general)


def _short(notes: str) -> str:
    return notes if len(notes) <= _DESCRIPTION_LENGTH else notes[: _DESCRIPTION_LENGTH - 1] + "…"


def _sides(cell: dict[str, str]) -> tuple[tuple[dict[str, str], ...], str | None]:
    """Return the actors and the one mission among them.

    That someone is first says nothing. Who is attacked is certain for civilians, and for protesters who meet with
    excessive force; the other side then attacked. All others are belligerents, of demonstrations and developments
    participants.
    """
    if sum(len(cell[name]) for name in ("actor1", "actor2", "assoc_actor_1", "assoc_actor_2")) > _LONGEST:
        raise BadInput("the actors' names are too long", "actors")
    attacked: tuple[str, ...] = _CIVILIANS if _type(cell["event_type"], "") == "attack" else ()
    if cell["sub_event_type"] == "Excessive force against protesters":
        attacked = (*_CIVILIANS, *_PROTESTERS)
    sides = [_side(cell, "1"), _side(cell, "2")]
    targets = [bool(names) and cell[f"inter{side}"] in attacked for side, names in zip("12", sides, strict=True)]
    usual = "belligerent" if _type(cell["event_type"], "") == "attack" else "participant"
    actors: dict[str, dict[str, str]] = {}
    for names, target in zip(sides, targets, strict=True):
        role = "target" if target else "perpetrator" if any(targets) else usual
        for name in names:
            actors.setdefault(acled_actor(name), {"id": acled_actor(name), "name": name, "role": role})
    return tuple(actors.values()), mission_of(name for names in sides for name in names)


def _side(cell: dict[str, str], side: str) -> list[str]:
    """Return an actor and those that ACLED associates with it."""
    names = (cell[f"actor{side}"], *cell[f"assoc_actor_{side}"].split("; "))
    return [name.strip() for name in names if name.strip()]


def _place(cell: dict[str, str]) -> dict[str, object]:
    country = _country(cell["iso3"], cell["iso"], cell["country"])
    level = required(cell["geo_precision"], "place.precision")
    if level not in _PLACE_PRECISIONS:
        raise BadInput(f"expected geo_precision 1 to 3, found {level}", "place.precision")
    return {
        "country": country,
        "admin1": cell["admin1"] or None,
        "admin1_code": division_code(country, cell["admin1"]) if 0 < len(cell["admin1"]) < _LONGEST else None,
        "name": cell["location"] or None,
        "latitude": decimal(cell["latitude"], "place.latitude"),
        "longitude": decimal(cell["longitude"], "place.longitude"),
        "precision": _PLACE_PRECISIONS[level],
    }


@lru_cache(maxsize=4096)
def _country(iso3: str, number: str, name: str) -> str:
    """Return the ISO alpha-3 code; Kosovo has no number, so its name tells."""
    if len(iso3) + len(number) + len(name) > _LONGEST_COUNTRY:
        raise BadInput(f"the country's name has {len(name)} letters", "place.country")
    for country in (country_of("iso3", iso3), country_of("m49", number), country_of_name(name)):
        if country is not None:
            return country
    raise BadInput(f"no country is known by {shown(name)} or the ISO number {shown(number)}", "place.country")
