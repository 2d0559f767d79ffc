"""Which feed a text belongs to, told from its first lines and never from its name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import orjson

from producers.reading.sources import Source
from producers.reading.tables import column_names
from schemas.errors import Failed

UCDP: Final = "ucdp-ged"
FATALITIES: Final = "un-fatalities"
COUNCIL: Final = "unsc"
COUPS: Final = "cline-coups"
GDELT: Final = "gdelt"
ACLED: Final = "acled"
OWN: Final = "vigil"
# Layouts of a feed that are read in another way than its first.
FATALITIES_JSON: Final = "un-fatalities-json"
COUNCIL_XML: Final = "unsc-xml"
UCDP_JSON: Final = "ucdp-ged-json"
UCDP_GEOJSON: Final = "ucdp-ged-geojson"
UCDP_HEADLESS: Final = "ucdp-ged-headless"
UCDP_NUMBERED: Final = "ucdp-ged-headless-numbered"
_FEED_OF: Final = {
    FATALITIES_JSON: FATALITIES,
    COUNCIL_XML: COUNCIL,
    **dict.fromkeys((UCDP_JSON, UCDP_GEOJSON, UCDP_HEADLESS, UCDP_NUMBERED), UCDP),
}

_TITLES: Final = {
    UCDP: "a UCDP GED table",
    FATALITIES: "a UN mission fatalities table",
    COUNCIL: "UN Security Council resolutions as JSON lines",
    OWN: "Vigil's own events as JSON lines",
    COUPS: "a Cline Center coups table",
    ACLED: "an ACLED export",
    GDELT: "a GDELT event export",
    "geojson": "GeoJSON",
    "json": "JSON of no known feed",
    "json-array": "a JSON array",
    "xml": "XML",
    FATALITIES_JSON: "UN mission fatalities as JSON",
    COUNCIL_XML: "UN documents as Akoma Ntoso XML",
    UCDP_JSON: "UCDP GED as JSON",
    UCDP_GEOJSON: "UCDP GED as GeoJSON",
    UCDP_HEADLESS: "UCDP GED rows without a header row",
    UCDP_NUMBERED: "numbered UCDP GED rows without a header row",
}
# What one line may show and a further one may tell more about.
_VAGUE: Final = (None, "json", "json-array", "geojson", "xml")
# Columns that no other feed's header has.
_HEADERS: Final = {
    UCDP: {"conflict_new_id", "side_a", "date_start"},
    FATALITIES: {"casualty_id", "mission_acronym"},
    COUPS: {"coup_id", "cowcode"},
    ACLED: {"event_id_cnty"},
}
# Members that no other feed's objects have, and what a text of such objects has besides.
_MEMBERS: Final = {
    layout: [re.compile(pattern) for pattern in patterns]
    for layout, patterns in {
        FATALITIES_JSON: (rb'"casualty_id"\s*:', rb'"mission_acronym"\s*:'),
        UCDP_GEOJSON: (rb'"conflict_new_id"\s*:', rb'"side_a"\s*:', rb'"Feature(?:Collection)?"'),
        UCDP_JSON: (rb'"conflict_new_id"\s*:', rb'"side_a"\s*:'),
    }.items()
}
# GLOBALEVENTID, SQLDATE, MonthYear and Year; then 57, 58 or 61 columns in all.
_GDELT: Final = re.compile(rb"\d{1,18}\t\d{8}\t\d{6}\t\d{4}\t")
_NUMBER: Final = re.compile(r"\d{1,9}(?:\.0)?")
_GDELT_TABS: Final = (56, 57, 60)
_MAY_BE_EMPTY: Final = (OWN, COUNCIL, GDELT)


def require(source: Source, feed: str) -> str:
    """Let a source pass when it is of this feed; return its layout, which is the feed's name for its first one.

    Raises:
        Failed: it is not; the text says what it looks like.
    """
    found = kind_of(source.look())
    if found is not None and _FEED_OF.get(found, found) == feed:
        return found
    if (feed == OWN and found == "json") or (found == "empty" and feed in _MAY_BE_EMPTY):
        return feed
    if found == "empty":
        raise Failed(f"{source.name}: is empty, expected {_TITLES[feed]}")
    looks_like = f"looks like {_TITLES[found]}" if found else "looks like no known feed"
    raise Failed(f"{source.name}: {looks_like}, expected {_TITLES[feed]}")


def kind_of(lines: Iterable[bytes]) -> str | None:
    """Return the layout or format that the first telling line shows, `empty` without any text, None if none tells."""
    fallback: str | None = "empty"
    head = b""
    for line in lines:
        if not line.strip():
            continue
        kind = _kind(line.strip(b" \r\n"))  # tabs at the end of a line are empty cells
        head += line
        if kind in _VAGUE and (in_head := _kind_of_head(head)):
            return in_head
        if kind not in _VAGUE:
            return kind
        # A broken first line does not hide what the others are.
        fallback = kind if fallback in ("empty", None) else fallback
    return fallback


def _kind_of_head(head: bytes) -> str | None:
    """Return what a text shows that has no record a line."""
    for layout, members in _MEMBERS.items():
        if all(member.search(head) for member in members):
            return layout
    return COUNCIL_XML if b"<akomaNtoso" in head else None


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
    if line.count(b"\t") in _GDELT_TABS and _GDELT.match(line):
        return GDELT
    names = column_names(line)
    for feed, needed in _HEADERS.items():
        if needed <= set(names):
            return feed
    if _is_ucdp_row(names):
        return UCDP_HEADLESS
    return UCDP_NUMBERED if _is_ucdp_row(names[1:]) else None


def _is_ucdp_row(cells: list[str]) -> bool:
    """Tell a data row by its id, year, active_year and type_of_violence; its line may end inside of a later cell."""
    return (
        len(cells) > 6
        and _NUMBER.fullmatch(cells[0]) is not None
        and cells[2][:4].isdigit()
        and cells[3] in ("0", "1", "0.0", "1.0", "true", "false")
        and cells[5][:1] in ("1", "2", "3")
    )
