"""Cells of a feed's table as numbers and days; what a cell must hold and does not is bad input."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from schemas.errors import BadInput

# Cells are remembered; a hostile file must not make them grow without bound.
_LONGEST: Final = 60
_WHOLE: Final = re.compile(r" *(-?[0-9]{1,15})(?:\.0{0,15})? *")
_DECIMAL: Final = re.compile(r"[-+]?[0-9]{1,20}(?:\.[0-9]{0,40})?(?:[eE][-+]?[0-9]{1,3})?|[-+]?\.[0-9]{1,40}")
# The time of day, where a feed writes one, is always midnight.
_ISO_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[ T]00:00:00(?:\.0{0,9})?Z?)?")
_US_DAY: Final = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(?: 0?0:00(?::00)?)?")

_MONTH_NAMES: Final = "jan feb mar apr may jun jul aug sep oct nov dec"
MONTHS: Final = {name: number for number, name in enumerate(_MONTH_NAMES.split(), 1)}
"""Numbers of the months by the first three letters of their English names."""


@lru_cache(maxsize=16_384)
def whole(text: str, field: str) -> int | None:
    """Return a whole number, also written `15960.0`; None for an empty cell.

    Raises:
        BadInput: it is anything else.
    """
    if text.isdecimal() and text.isascii() and len(text) < 16:
        return int(text)
    if not text or text.isspace():
        return None
    match = _WHOLE.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise BadInput(f"expected a whole number, found {shown(text)}", field)
    return int(match[1])


def required(text: str, field: str) -> int:
    """Return a whole number of a cell that may not be empty."""
    number = whole(text, field)
    if number is None:
        raise BadInput("expected a whole number, found nothing", field)
    return number


def decimal(text: str, field: str) -> float | None:
    """Return a number; None for an empty cell."""
    if not text or text.isspace():
        return None
    bare = text.strip()  # of more kinds of blanks than float() knows
    if not _DECIMAL.fullmatch(bare):
        raise BadInput(f"expected a number, found {shown(text)}", field)
    return float(bare)


@lru_cache(maxsize=65_536)
def day(text: str, field: str, *, us_order: bool = False) -> date:
    """Return the day of an ISO date, or with `us_order` of one written MM/DD/YYYY; midnight may follow either.

    Raises:
        BadInput: it is none.
    """
    match = (_US_DAY if us_order else _ISO_DAY).fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if match is None:
        raise BadInput(f"expected a date as {'MM/DD/YYYY' if us_order else 'YYYY-MM-DD'}, found {shown(text)}", field)
    first, second, third = map(int, match.groups())
    try:
        return date(third, first, second) if us_order else date(first, second, third)
    except ValueError as error:
        raise BadInput(f"{shown(text)} is no day of the calendar", field) from error


@lru_cache(maxsize=65_536)
def midnight(day_: date, *, days_later: int = 0) -> str:
    """Return the first moment of a day, or of one some days later, as an event's time."""
    try:
        return f"{(day_ + timedelta(days=days_later)).isoformat()}T00:00:00Z"
    except OverflowError as error:
        raise BadInput(f"{day_.isoformat()} is too late a day", "event_time") from error


def shown(text: str) -> str:
    """Return a cell's text for a message: quoted, on one line and not long."""
    return repr(text if len(text) <= 60 else text[:59] + "…")
