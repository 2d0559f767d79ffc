"""UCDP's Georeferenced Event Dataset: the provider's global CSV, its country extracts, the website's export, GeoJSON.

Columns are bound by name, so the 42 of release 19.1, the 49 since 20.1, the extracts' additions, the export's 47
(`best_est`, days as MM/DD/YYYY, a comma at the end of each row) and the properties of a GeoJSON feature are one layout.
A candidate release without a header row has the 49. Source: the GED codebook, and what was counted in the files;
docs/feeds.md lists the rules that were settled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import BinaryIO, Final

import orjson

from producers.codes.actors import actor_id
from producers.codes.states import country_of_number
from producers.codes.subdivisions import division_code
from producers.reading.json_tables import JsonTable, Members, object_starts
from producers.reading.row_by_row import told_of_rows
from producers.reading.sources import Source
from producers.reading.tables import Cells, Table
from producers.reading.values import day, decimal, midnight, required, shown, whole
from producers.recognise import UCDP, UCDP_GEOJSON, UCDP_HEADLESS, UCDP_JSON, UCDP_NUMBERED, require
from producers.rows import Published, Row
from schemas.errors import BadInput
from schemas.event import Event, parse_event

_REQUIRED: Final = (
    *("id", "type_of_violence", "side_a", "side_b", "country_id", "where_prec", "latitude", "longitude"),
    *("date_prec", "date_start", "date_end"),
)
_ESTIMATES: Final = ("low", "best", "high")
_OPTIONAL: Final = ("deaths_civilians", "dyad_name", "country", "where_coordinates", "adm_1", "source_headline")
_TELLING: Final = {
    "id": r"\d{1,9}(\.0)?",
    "year": r"(19|20)\d\d(\.0)?",
    "active_year": r"[01]|True|False|TRUE|FALSE",
    "type_of_violence": r"[123](\.0)?",
}
_PLACE_PRECISION: Final = {1: "exact", 2: "near", 3: "admin2", 4: "admin1", 5: "area", 6: "country", 7: "sea"}
_ROLES: Final = {
    1: ("belligerent", "belligerent"),
    2: ("belligerent", "belligerent"),
    3: ("perpetrator", "target"),
}
_DESCRIPTION_LENGTH: Final = 300
# What is remembered of a row is bounded; the longest coalition of real rows has some 400 letters.
_LONGEST_NAMES: Final = 4000


# In the order of the provider's global CSV since 20.1.
_IN_ORDER: Final = """
    id relid year active_year code_status type_of_violence conflict_dset_id conflict_new_id conflict_name dyad_dset_id
    dyad_new_id dyad_name side_a_dset_id side_a_new_id side_a side_b_dset_id side_b_new_id side_b number_of_sources
    source_article source_office source_date source_headline source_original where_prec where_coordinates
    where_description adm_1 adm_2 latitude longitude geom_wkt priogrid_gid country country_id region event_clarity
    date_prec date_start date_end deaths_a deaths_b deaths_civilians deaths_unknown best high low gwnoa gwnob
"""
_COLUMNS: Final = tuple(_IN_ORDER.split())
_OBJECTS: Final = object_starts("id", "relid", "year")
# A feature's members may stand in any order; its geometry, a point, begins with its type too.
_FEATURES: Final = re.compile(
    rb'\{(?=[\s"])\s{0,64}(?:"id"\s{0,8}:\s{0,8}"?[\w.-]{1,40}"?\s{0,8},\s{0,64})?'
    rb'(?:"type"\s{0,8}:\s{0,8}"Feature"|"(?:properties|geometry)"\s{0,8}:\s{0,8}\{)'
)


def parse(stream: BinaryIO, file: str) -> Iterator[Row]:
    """Yield an event for each row.

    Raises:
        Failed: it is a file of another feed, or an array that is cut.
    """
    source = Source(stream, file)
    table = _table(source, require(source, UCDP))
    exported = isinstance(table, Table) and "best_est" in table.names
    estimates = [f"{name}_est" if exported else name for name in _ESTIMATES]
    rows = table.rows((*_REQUIRED, *estimates), _OPTIONAL)
    yield from told_of_rows(rows, lambda row: Published(_event(row, us_order=exported)))


def _table(source: Source, layout: str) -> Table | JsonTable:
    if layout == UCDP_GEOJSON:
        return JsonTable(source, _FEATURES, _of_feature)
    if layout == UCDP_JSON:
        return JsonTable(source, _OBJECTS)
    if layout == UCDP_HEADLESS:
        return Table(source, _TELLING, names=_COLUMNS)
    return Table(source, _TELLING, names=("", *_COLUMNS) if layout == UCDP_NUMBERED else ())


def _of_feature(feature: Members) -> Members:
    """Return a feature's properties, and the point's two numbers where the properties lack them."""
    properties, geometry = feature.get("properties"), feature.get("geometry")
    if not isinstance(properties, dict):
        raise BadInput("the feature has no properties")
    point = geometry.get("coordinates") if isinstance(geometry, dict) and geometry.get("type") == "Point" else None
    longitude, latitude = point[:2] if isinstance(point, list) and len(point) > 1 else (None, None)
    return {"longitude": longitude, "latitude": latitude} | properties


def _event(row: Cells, *, us_order: bool) -> Event:
    # R writes what it lacks as NA; nothing that UCDP says is called so.
    values = ["" if cell == "NA" else cell for cell in row.values] if "NA" in row.values else row.values
    key, violence, side_a, side_b, state, where_precision, latitude, longitude = values[:8]
    date_precision, first, last, low, best, high = values[8:14]
    civilians, dyad, country, where, admin1, headline = values[14:]
    total, repairs = _total(low, best, high)
    start, end, precision = _interval(first, last, date_precision, us_order)
    # Members of JSON types, no infinity among the numbers: orjson writes them in a third of check_event's time.
    members = orjson.dumps(
        {
            "id": f"{UCDP}:{_key(key)}",
            "source": UCDP,
            "type": "attack",
            "title": f"{dyad.strip() or f'{side_a} - {side_b}'}, {where.strip() or country.strip()}",
            "description": _short(headline.strip()),
            "event_time": {"start": start, "end": end, "precision": precision},
            "publish_time": end,
            "publish_time_basis": "assumed",
            "place": {
                "name": where.strip() or None,
                "latitude": decimal(latitude, "place.latitude"),
                "longitude": decimal(longitude, "place.longitude"),
                **_area(state, admin1.strip(), where_precision),
            },
            "actors": _actors(side_a, side_b, violence),
            "killed": {"total": total, "civilians": {"best": whole(civilians, "killed.civilians.best")}},
            "repairs": (*row.repairs, *repairs),
        }
    )
    return parse_event(members)


def _key(text: str) -> int:
    # Every row has another one: nothing to remember.
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 16 else required(text, "id")


def _short(headline: str) -> str:
    return headline if len(headline) <= _DESCRIPTION_LENGTH else headline[: _DESCRIPTION_LENGTH - 1] + "…"


@lru_cache(maxsize=16_384)
def _total(low_text: str, best_text: str, high_text: str) -> tuple[dict[str, int | None], tuple[str, ...]]:
    low = whole(low_text, "killed.total.low")
    best = whole(best_text, "killed.total.best")
    high = whole(high_text, "killed.total.high")
    known = [number for number in (low, best, high) if number is not None]
    if known == sorted(known):
        return {"low": low, "best": best, "high": high}, ()
    # Settled: the best estimate is what the coders stand by; the others are widened around it. Never dropped.
    ends = {"low": None if low is None else min(known), "high": None if high is None else max(known)}
    return {"best": best, **ends}, ("estimates",)


@lru_cache(maxsize=65_536)
def _interval(first_text: str, last_text: str, precision: str, us_order: bool) -> tuple[str, str, str]:
    first = day(first_text, "event_time.start", us_order=us_order)
    last = day(last_text, "event_time.end", us_order=us_order)
    level = required(precision, "event_time.precision")
    if not 1 <= level <= 5:
        raise BadInput(f"expected date_prec 1 to 5, found {level}", "event_time.precision")
    if last < first:
        raise BadInput(f"date_end {last} is before date_start {first}", "event_time.end")
    return midnight(first), midnight(last, days_later=1), "day" if level == 1 and first == last else "range"


@lru_cache(maxsize=16_384)
def _area(state: str, admin1: str, precision: str) -> dict[str, str | None]:
    if len(admin1) > _LONGEST_NAMES:
        raise BadInput(f"the name has {len(admin1)} letters", "place.admin1")
    country = country_of_number(required(state, "place.country"))
    if country is None:
        raise BadInput(f"no country has the Gleditsch-Ward number {shown(state)}", "place.country")
    level = required(precision, "place.precision")
    if level not in _PLACE_PRECISION:
        raise BadInput(f"expected where_prec 1 to 7, found {level}", "place.precision")
    return {
        "country": country,
        "admin1": admin1 or None,
        "admin1_code": division_code(country, admin1) if admin1 else None,
        "precision": _PLACE_PRECISION[level],
    }


@lru_cache(maxsize=16_384)
def _actors(side_a: str, side_b: str, violence: str) -> tuple[dict[str, str], ...]:
    if len(side_a) + len(side_b) > _LONGEST_NAMES:
        raise BadInput(f"the names of the two sides have {len(side_a) + len(side_b)} letters", "actors")
    roles = _ROLES.get(required(violence, "type"))
    if roles is None:
        raise BadInput(f"expected type_of_violence 1 to 3, found {violence}", "type")
    actors: dict[str, dict[str, str]] = {}
    for side, role in zip((side_a, side_b), roles, strict=True):
        # A coalition is written as its members with commas between.
        for name in filter(None, map(str.strip, side.split(", "))):
            actors.setdefault(actor_id(name), {"id": actor_id(name), "name": name, "role": role})
    if not actors:
        raise BadInput("expected the names of two sides, found none", "actors")
    return tuple(actors.values())
