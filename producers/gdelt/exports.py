"""GDELT's event exports: a row is what a machine read in an article, a lead and no incident.

Tab-separated without a header and without quoting: 61 columns in 2.0, 58 in 1.0, 57 in its backfile until 2013, which
has no SOURCEURL; one file may hold several of them. Only the kinds of violence and coercion become events unless every
row is asked for. Source: the GDELT codebooks of 1.0 and 2.0; docs/feeds.md lists the rules that were settled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, BinaryIO, Final

import orjson

from producers.codes.cameo import cameo_actor, label, method
from producers.gdelt.places import place_of
from producers.reading.records import Record
from producers.reading.row_by_row import told_of_lines
from producers.reading.sources import Source
from producers.reading.tables import decoded
from producers.reading.values import midnight, shown
from producers.recognise import GDELT, require
from producers.rows import Published, Row, Skipped
from schemas.errors import BadInput
from schemas.event import Event, parse_event

_DONE: Final = (0, 1, 26, 28)  # GLOBALEVENTID, SQLDATE, EventCode, EventRootCode
_ACTORS: Final = (5, 6, 8, 15, 16, 18)  # code, name and known group of each
# Type, FullName, CountryCode, Lat and Long of ActionGeo, then DATEADDED and SOURCEURL.
_PICK_58: Final = itemgetter(*_DONE, *_ACTORS, 49, 50, 51, 53, 54, 56, 57)
_PICK: Final = {57: _PICK_58, 58: _PICK_58, 61: itemgetter(*_DONE, *_ACTORS, 51, 52, 53, 56, 57, 59, 60)}
_ROOT: Final = 28
_ROOTS: Final = frozenset(f"{root:02}" for root in range(1, 21))
_VIOLENT: Final = frozenset(("17", "18", "19", "20"))
_TYPES: Final = {"14": "protest", "18": "attack", "19": "attack", "20": "attack"}
_ADDED: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,18}", re.ASCII)
# What is remembered of a row is bounded.
_LONGEST: Final = 4000
_SKIPPED: Final = Skipped()


def parse(stream: BinaryIO, file: str, *, every_row: bool = False) -> Iterator[Row]:
    """Yield an event for each row of EventRootCode 17 to 20, or with `every_row` for each; others are skipped.

    Raises:
        Failed: it is a file of another feed.
    """
    source = Source(stream, file)
    require(source, GDELT)
    yield from told_of_lines(source, lambda record: _row(record, every_row=every_row))


def _row(record: Record, *, every_row: bool) -> Row:
    text, repairs = decoded(record)
    cells = text.split("\t")
    if len(cells) not in _PICK:
        raise BadInput(f"expected 57, 58 or 61 cells, found {len(cells)}")
    root = cells[_ROOT]
    if root not in _ROOTS and root.strip("-"):  # hyphens, or nothing: the machine found no code
        raise BadInput(f"expected an EventRootCode 01 to 20, found {shown(root)}", "type")
    if not every_row and root not in _VIOLENT:
        return _SKIPPED
    if len(cells) == 57:
        cells.append("")
    return Published(_event(_PICK[len(cells)](cells), repairs))


def _event(cells: Sequence[str], repairs: tuple[str, ...]) -> Event:
    key, day, code, root = cells[:4]
    kind, name, fips, latitude, longitude, added, url = cells[10:]
    if not _NUMBER.fullmatch(key):
        raise BadInput(f"expected a GLOBALEVENTID, found {shown(key)}", "id")
    attack = root in ("18", "19", "20")
    people, sides = _people(tuple(cells[4:10]), attack)
    place, where, mended = place_of(kind, name, fips, latitude, longitude)
    members: dict[str, Any] = {
        "id": f"{GDELT}:{int(key)}",
        "source": GDELT,
        "type": _TYPES.get(root, "statement"),
        "title": f"{label(code)}{sides}{where}",
        "event_time": _interval(day),
        "publish_time": _published(added),
        "place": place,
        "actors": people,
        "method": method(code) if attack else None,
        "coding": "machine",
        "repairs": repairs + mended,
    }
    if url.startswith(("http://", "https://", "ftp://")):
        members["links"] = ({"url": url},)
    else:
        members["description"] = url.strip()  # a source that is not on the web, such as BBC Monitoring
    return parse_event(orjson.dumps(members))


@lru_cache(maxsize=4096)
def _interval(text: str) -> dict[str, str]:
    match = _ADDED.fullmatch(text)
    if match is None or match[4]:
        raise BadInput(f"expected a day as YYYYMMDD, found {shown(text)}", "event_time.start")
    try:
        start = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError as error:
        raise BadInput(f"{shown(text)} is no day of the calendar", "event_time.start") from error
    return {"start": midnight(start), "end": midnight(start, days_later=1), "precision": "day"}


@lru_cache(maxsize=4096)
def _published(text: str) -> str:
    """Return DATEADDED, the time at which GDELT took it up: a moment in 2.0, in 1.0 a day, of which its end counts."""
    match = _ADDED.fullmatch(text)
    if match is None:
        raise BadInput(f"expected a time as YYYYMMDD or YYYYMMDDHHMMSS, found {shown(text)}", "publish_time")
    try:
        if match[4]:
            return datetime(*map(int, match.groups())).isoformat() + "Z"  # type: ignore[arg-type]  # noqa: DTZ001
        return midnight(date(int(match[1]), int(match[2]), int(match[3])), days_later=1)
    except ValueError as error:
        raise BadInput(f"{shown(text)} is no time of the calendar", "publish_time") from error


@lru_cache(maxsize=16_384)
def _people(cells: tuple[str, ...], attack: bool) -> tuple[tuple[dict[str, str], ...], str]:
    """Return the actors, and the two of them as a title says them: the first acts, the second is acted upon."""
    letters = sum(map(len, cells))
    if letters > _LONGEST:
        raise BadInput(f"codes and names of the actors have {letters} letters", "actors")
    people: dict[str, dict[str, str]] = {}
    names = []
    roles = ("perpetrator" if attack else "initiator", "target")
    for code, name, group, role in zip(cells[0::3], cells[1::3], cells[2::3], roles, strict=True):
        code, name = code.strip(), " ".join(name.split())  # noqa: PLW2901  some files of 1.0 begin codes with a blank
        if code or name:
            identity = cameo_actor(code, name, group.strip())
            people.setdefault(identity, {"id": identity, "name": name or code, "role": role})
            names.append(name or code)
    return tuple(people.values()), f": {' - '.join(names)}" if names else ""
