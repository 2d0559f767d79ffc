"""Resolutions of the United Nations Security Council: one JSON object a line, as the UN's data extract has them.

Entries of one resolution are merged: what is not empty beats what is, then the later entry wins. The events are told at
the end, because an entry can be completed by any later one. Nothing is guessed from a title: a mission, a country and
the end of a mandate are there only where the text names exactly one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from itertools import chain
from typing import Any, BinaryIO, Final, Generic, NamedTuple, TypeVar

import orjson

from producers.council_titles import agenda_country, mandate_end, single_mission
from producers.missions import MISSIONS
from producers.recognise import COUNCIL, require
from producers.records import Record, line_records
from producers.rows import DeadLetter, Held, Merged, Position, Published, Row
from producers.sources import Source
from producers.tables import dead_letter, decoded
from producers.values import MONTHS, midnight, shown
from schemas.errors import BadInput
from schemas.event import Event, check_event

_SYMBOL: Final = re.compile(r"S/RES/(\d{1,5}) ?\(((?:19|20)\d\d)\)")
_DATE: Final = re.compile(r"(\d{1,2}) ?([A-Za-z]{3,9})\.? (\d{4})|(\d{4})-(\d\d)-(\d\d)")
_COUNTS: Final = re.compile(r"\((\d+)-(\d+)-(\d+)|(?<![\d-])(\d+)-(\d+)-(\d+)(?![\d-])")
_SEATS: Final = 15
_VOTES: Final = ("in_favour", "against", "abstaining")


T = TypeVar("T")


class Mended(NamedTuple, Generic[T]):
    """A value, and the repairs that it took to read it."""

    value: T
    repairs: tuple[str, ...] = ()


@dataclass(slots=True)
class _Resolution:
    """What one entry, or several merged, say of a resolution; None, "" and () say nothing."""

    number: int
    year: int
    adopted: Mended[date] | None
    title: str
    agenda: str
    chapter_vii: bool | None
    votes: Mended[tuple[int, int, int]] | None
    repairs: tuple[str, ...]
    rows: int = 1
    incomplete: list[DeadLetter] = field(default_factory=list)
    """Entries that cannot stand alone; they are dead letters when no other entry completes them."""


def parse(stream: BinaryIO, file: str) -> Iterator[Row]:
    """Yield Held for each good entry, then each resolution, and Merged for each further entry of it.

    Raises:
        Failed: it is a file of another feed.
    """
    return parse_together([(stream, file)])


def parse_together(files: Iterable[tuple[BinaryIO, str]]) -> Iterator[Row]:
    """As `parse`, of several files as if they were one: a resolution may have entries in each of them."""
    known: dict[str, _Resolution] = {}
    for stream, file in files:
        source = Source(stream, file)
        require(source, COUNCIL)
        for number, record in enumerate(line_records(source), 1):
            try:
                _add(known, record, Position(file, number, record.line))
                yield Held()
            except BadInput as error:
                yield dead_letter(error, record, Position(file, number, record.line))
    for resolution in known.values():
        yield from _told(resolution)


def _add(known: dict[str, _Resolution], record: Record, position: Position) -> None:
    text, repairs = decoded(record)
    entry = _entry(text, repairs)
    if entry.adopted is None:
        entry.incomplete.append(dead_letter(BadInput("no adoption_date", "event_time"), record, position))
    symbol = f"S/RES/{entry.number}({entry.year})"
    before = known.get(symbol)
    known[symbol] = entry if before is None else _merged(before, entry)


def _merged(before: _Resolution, later: _Resolution) -> _Resolution:
    values: dict[str, Any] = {}
    for name in (member.name for member in fields(_Resolution)):
        new = getattr(later, name)
        values[name] = getattr(before, name) if new in (None, "", ()) else new
    values["rows"] = before.rows + later.rows
    values["incomplete"] = before.incomplete + later.incomplete if values["adopted"] is None else []
    return _Resolution(**values)


def _told(resolution: _Resolution) -> Iterator[Row]:
    if resolution.adopted is None:
        yield from (replace(entry, late=True) for entry in resolution.incomplete)
    else:
        yield Published(_event(resolution, resolution.adopted.value))
        yield from (Merged() for _ in range(resolution.rows - 1))


def _entry(text: str, repairs: tuple[str, ...]) -> _Resolution:
    try:
        members = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"no JSON: {error}") from error
    if not isinstance(members, dict):
        raise BadInput("expected a JSON object")
    symbol = _SYMBOL.fullmatch(_text(members, "symbol", "id"))
    if symbol is None:
        raise BadInput(f"expected a symbol as S/RES/2584 (2021), found {shown(str(members.get('symbol')))}", "id")
    number, year = int(symbol[1]), int(symbol[2])
    chapter = _text(members, "chapter_VII", "resolution.chapter_vii").upper()
    return _Resolution(
        number=number,
        year=year,
        adopted=_adopted(_text(members, "adoption_date", "event_time"), year),
        title=_text(members, "resolution_title", "title"),
        agenda=_text(members, "agenda_item_name", "description"),
        chapter_vii={"CHAPTER VII": True, "N.A.": False}.get(chapter),
        votes=_counted(members),
        repairs=repairs,
    )


def _text(members: Mapping[str, object], name: str, path: str) -> str:
    """Return a text with its blanks, no-break ones too, made single."""
    value = members.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadInput(f"expected {name} to be a text, found {shown(repr(value))}", path)
    return " ".join(value.split())


def _adopted(text: str, year: int) -> Mended[date] | None:
    """Return the day of adoption, mended when its year is not the symbol's."""
    if text in ("", "N.A."):
        return None
    match = _DATE.search(text)
    month = MONTHS.get(match[2][:3].lower()) if match and match[2] else None
    try:
        if match and month:
            found = date(int(match[3]), month, int(match[1]))
        elif match and match[4]:
            found = date(int(match[4]), int(match[5]), int(match[6]))
        else:
            raise BadInput(f"expected a date as 29 June 2021, found {shown(text)}", "event_time")
        return Mended(found.replace(year=year), () if found.year == year else ("date",))
    except ValueError as error:
        raise BadInput(f"{shown(text)} is no day of the calendar of {year}", "event_time") from error


def _counted(members: Mapping[str, object]) -> Mended[tuple[int, int, int]] | None:
    """Return votes for, against and abstaining; None when it was adopted without a vote.

    Where the counts contradict the lists of states, what the type of adoption says is right, or else the lists.
    """
    stated, listed = [], []
    for name in _VOTES:
        count = _text(members, f"MS_{name}_count", "resolution.votes") or "0"
        states = members.get(f"MS_{name}") or []
        if not (count.isdecimal() and len(count) < 4 and isinstance(states, list)):
            raise BadInput(f"expected MS_{name} as a number and a list", "resolution.votes")
        stated.append(int(count))
        listed.append(len(states))
    if not any(stated) and not any(listed):
        return None
    if stated == listed:
        return Mended((stated[0], stated[1], stated[2]))
    match = _COUNTS.search(_text(members, "adoption_type", "resolution.votes"))
    told = [int(number) for number in match.groups() if number is not None] if match else listed
    if told == stated or sum(told) > _SEATS:
        told = stated
    return Mended((told[0], told[1], told[2]), ("votes",))


def _event(resolution: _Resolution, adopted: date) -> Event:
    symbol = f"S/RES/{resolution.number} ({resolution.year})"
    mission = single_mission(resolution.title)
    country = agenda_country(resolution.agenda) or (MISSIONS.get(mission) if mission else None)
    until = mandate_end(resolution.title)
    votes = resolution.votes
    mended = (value.repairs for value in (resolution.adopted, votes) if value is not None)
    return check_event(
        {
            "id": f"{COUNCIL}:{symbol.replace(' ', '')}",
            "source": COUNCIL,
            "type": "resolution",
            "title": resolution.title or symbol,
            "description": resolution.agenda,
            "event_time": {"start": midnight(adopted), "end": midnight(adopted, days_later=1), "precision": "day"},
            "publish_time": midnight(adopted, days_later=1),
            "publish_time_basis": "assumed",
            "place": {"country": country, "precision": "country"} if country else None,
            "mission": mission,
            "repairs": [*resolution.repairs, *chain.from_iterable(mended)],
            "resolution": {
                "symbol": symbol,
                "outcome": "adopted",
                "mission": mission,
                "mandate_end": until.isoformat() if until else None,
                "chapter_vii": resolution.chapter_vii,
                "votes": votes and dict(zip(("for", "against", "abstaining"), votes.value, strict=True)),
            },
        }
    )
