"""The Cline Center's Coup d'Etat Project: a row is one coup, attempt or conspiracy.

The id is a Correlates of War number and MMDDYYYY; releases up to 2.0.0 drop its leading zeros and write `a` and `b`
for two on one day, where later ones write `_1` and `_2`. It is a name and nothing else: in some rows it contradicts the
columns, which then are right. What happened to people is told by flags, never by numbers. Source: the codebook.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO, Final

import pycountry

from producers.codes.cow_states import country_of_cow
from producers.codes.states import country_of_name
from producers.reading.row_by_row import told_of_rows
from producers.reading.sources import Source
from producers.reading.tables import Cells, Table
from producers.reading.values import midnight, shown, whole
from producers.recognise import COUPS, require
from producers.rows import Published, Row
from schemas.errors import BadInput
from schemas.event import Event, check_event

_REQUIRED: Final = ("coup_id", "cowcode", "country", "year", "month", "day", "event_type")
_KINDS: Final = (
    *("military", "dissident", "rebel", "palace", "foreign", "auto", "resign", "popular", "counter"),
    "other",
)
_TELLING: Final = {"coup_id": r"\d{9,11}([ab]|_\d)?", "cowcode": r"\d{1,3}", "year": r"(19|20)\d\d"}
_ID: Final = re.compile(r"(\d{9,11})(?:([ab])|_(\d))?")
_LETTERS: Final = {"a": "1", "b": "2"}
_OUTCOMES: Final = {
    "coup": ("realised", "Coup in"),
    "attempted": ("attempted", "Attempted coup in"),
    "conspiracy": ("conspiracy", "Coup conspiracy in"),
}
# What is remembered of a row is bounded.
_LONGEST_NAME: Final = 200


def parse(stream: BinaryIO, file: str) -> Iterator[Row]:
    """Yield an event for each row.

    Raises:
        Failed: it is a file of another feed.
    """
    source = Source(stream, file)
    require(source, COUPS)
    rows = Table(source, _TELLING).rows(_REQUIRED, _KINDS)
    yield from told_of_rows(rows, lambda row: Published(_event(row)))


def _event(row: Cells) -> Event:
    key, number, name, year, month, day, kind = (cell.strip() for cell in row.values[: len(_REQUIRED)])
    outcome, title = _OUTCOMES.get(kind.lower(), (None, ""))
    if outcome is None:
        raise BadInput(f"expected coup, attempted or conspiracy, found {shown(kind)}", "coup.outcome")
    identity = padded_id(key)
    country = _country(number, identity)
    name, repairs = _name(name, country)
    start, end, precision = _interval(year, month, day)
    flags = dict(zip(_KINDS, row.values[len(_REQUIRED) :], strict=True))
    return check_event(
        {
            "id": f"{COUPS}:{identity}",
            "source": COUPS,
            "type": "coup",
            "title": f"{title} {name}",
            "event_time": {"start": start, "end": end, "precision": precision},
            "publish_time": end,
            "publish_time_basis": "assumed",
            "place": {"country": country, "precision": "country"},
            "method": ", ".join(kind for kind, flag in flags.items() if flag.strip() == "1") or None,
            "coup": {"outcome": outcome},
            "repairs": (*row.repairs, *repairs),
        }
    )


def padded_id(key: str) -> str:
    """Return the key as later releases write it.

    Raises:
        BadInput: it is none.
    """
    match = _ID.fullmatch(key)
    if match is None:
        raise BadInput(f"expected a coup_id as 04001011959, found {shown(key)}", "id")
    digits, letter, part = match.groups()
    part = _LETTERS[letter] if letter else part
    return digits.zfill(11) + (f"_{part}" if part else "")


def _country(number: str, identity: str) -> str:
    """Return the country of the column or, when it holds no known number, of the first three digits of the id."""
    for text in (number, identity[:3]):
        country = country_of_cow(int(text)) if text.isdecimal() and text.isascii() and len(text) <= 3 else None
        if country is not None:
            return country
    raise BadInput(f"no country has the Correlates of War number {shown(number)}", "place.country")


def _name(name: str, country: str) -> tuple[str, tuple[str, ...]]:
    """Return the state's name as it is written, unless it names another country than the number does."""
    if len(name) > _LONGEST_NAME:
        raise BadInput(f"the country's name has {len(name)} letters", "title")
    if name and country_of_name(name) in (country, None):
        return name, ()
    known = pycountry.countries.get(alpha_3=country)
    return known.name if known else country, ("country",)


def _interval(year_text: str, month_text: str, day_text: str) -> tuple[str, str, str]:
    """Return start, end and precision; a month or day of 0, or none, is not known."""
    year = whole(year_text, "event_time.start")
    month = whole(month_text, "event_time.start") or 0
    day = whole(day_text, "event_time.start") or 0
    try:
        if not year:
            raise ValueError("no year")
        if not month:
            return midnight(date(year, 1, 1)), midnight(date(year, 12, 31), days_later=1), "year"
        if not day:
            last = date(year, month, monthrange(year, month)[1])
            return midnight(date(year, month, 1)), midnight(last, days_later=1), "month"
        return midnight(date(year, month, day)), midnight(date(year, month, day), days_later=1), "day"
    except (ValueError, OverflowError) as error:
        found = shown(f"{year_text}-{month_text}-{day_text}")
        raise BadInput(f"{found} is no day of the calendar", "event_time.start") from error
