"""Which feed a text belongs to, told from its first lines and never from its name."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Final

import orjson

from producers.sources import Source
from schemas.errors import Failed

UCDP: Final = "ucdp-ged"
FATALITIES: Final = "un-fatalities"
COUNCIL: Final = "unsc"
OWN: Final = "vigil"

_TITLES: Final = {
    UCDP: "a UCDP GED table",
    FATALITIES: "a UN mission fatalities table",
    COUNCIL: "UN Security Council resolutions as JSON lines",
    OWN: "Vigil's own events as JSON lines",
    "cline-coups": "a Cline Center coups table",
    "acled": "an ACLED export",
    "gdelt": "a GDELT event export",
    "geojson": "GeoJSON",
    "json": "JSON of no known feed",
    "json-array": "a JSON array",
    "xml": "XML",
    "ucdp-headless": "UCDP GED rows without a header row",
}
# Columns that no other feed's header has.
_HEADERS: Final = {
    UCDP: {"conflict_new_id", "side_a", "date_start"},
    FATALITIES: {"casualty_id", "mission_acronym"},
    "cline-coups": {"coup_id", "cowcode"},
    "acled": {"event_id_cnty"},
}
_GDELT_TABS: Final = (56, 57, 60)


def require(source: Source, feed: str) -> None:
    """Let a source pass when it is of this feed.

    Raises:
        Failed: it is not; the text says what it looks like.
    """
    found = kind_of(source.look())
    if found == feed or (feed == OWN and found == "json") or (found == "empty" and feed in (OWN, COUNCIL)):
        return
    if found == "empty":
        raise Failed(f"{source.name}: is empty, expected {_TITLES[feed]}")
    looks_like = f"looks like {_TITLES[found]}" if found else "looks like no known feed"
    raise Failed(f"{source.name}: {looks_like}, expected {_TITLES[feed]}")


def kind_of(lines: Iterable[bytes]) -> str | None:
    """Return the feed or format that the first telling line shows, `empty` without any text, None if none tells."""
    fallback: str | None = "empty"
    for line in lines:
        if not line.strip():
            continue
        kind = _kind(line.strip())
        if kind not in (None, "json"):
            return kind
        # A broken first line does not hide what the others are.
        fallback = kind if fallback in ("empty", None) else fallback
    return fallback


def _kind(line: bytes) -> str | None:
    if line[:1] == b"{":
        return _kind_of_object(line)
    if line[:1] == b"[":
        return "json-array"
    if line[:1] == b"<":
        return "xml"
    return _kind_of_table(line)


def _kind_of_object(line: bytes) -> str:
    if b'"FeatureCollection"' in line or line == b"{":
        return "geojson"
    try:
        members = orjson.loads(line)
    except orjson.JSONDecodeError:
        return "json"
    if "symbol" in members and ("adoption_date" in members or "resolution_title" in members):
        return COUNCIL
    if "id" in members and "source" in members and "type" in members:
        return OWN
    return OWN if "dead_letter" in members else "json"


def _kind_of_table(line: bytes) -> str | None:
    if line.count(b"\t") in _GDELT_TABS:
        return "gdelt"
    names = column_names(line)
    for feed, needed in _HEADERS.items():
        if needed <= set(names):
            return feed
    if len(names) in (47, 49) and names[0].isdigit() and names[2].isdigit():
        return "ucdp-headless"
    return None


def column_names(line: bytes) -> list[str]:
    """Return the names of a header row, folded to lower case."""
    try:
        return [name.strip().lower() for name in next(csv.reader([line.decode("utf-8", "replace")]))]
    except csv.Error:
        return []
