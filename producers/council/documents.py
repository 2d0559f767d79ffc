"""A document of the Security Council as its sources tell it: what all layouts have in common."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, Generic, NamedTuple, TypeVar

from producers.reading.values import MONTHS, shown
from producers.rows import DeadLetter
from schemas.errors import BadInput

SEATS: Final = 15
_YEAR: Final = r"((?:19|20)\d\d)"
_DATE: Final = re.compile(r"(\d{1,2}) ?([A-Za-z]{3,9})\.? (\d{4})|(\d{4})-(\d\d)-(\d\d)")
_COUNTS: Final = re.compile(r"\((\d+)-(\d+)-(\d+)|(?<![\d-])(\d+)-(\d+)-(\d+)(?![\d-])")

T = TypeVar("T")


class Kind(StrEnum):
    """What a document is; a draft is one that was put to the vote and rejected."""

    RESOLUTION = "resolution"
    DRAFT = "draft"
    STATEMENT = "statement"


_SYMBOLS: Final = {
    Kind.RESOLUTION: (re.compile(rf"S/RES/(\d{{1,5}}) ?\({_YEAR}\)"), "S/RES/2584 (2021)"),
    Kind.DRAFT: (re.compile(rf"S/{_YEAR}/\d{{1,5}}(?:/Rev\.\d{{1,2}})?"), "S/2023/212"),
    Kind.STATEMENT: (re.compile(rf"S/PRST/{_YEAR}/\d{{1,3}}(?:/(?:Corr|Rev)\.\d{{1,2}})?"), "S/PRST/2012/7"),
}


class Mended(NamedTuple, Generic[T]):
    """A value, and the repairs that it took to read it."""

    value: T
    repairs: tuple[str, ...] = ()


Votes = Mended[tuple[int, int, int]]
"""States for, against and abstaining."""


@dataclass(slots=True)
class Document:
    """What one entry, or several merged, say of a document; None, "" and () say nothing."""

    kind: Kind
    symbol: str
    adopted: Mended[date] | None
    title: str
    agenda: str
    chapter_vii: bool | None
    votes: Votes | None
    repairs: tuple[str, ...]
    terminated: date | None = None
    """Last day of the mandate that it terminates."""
    rows: int = 1
    incomplete: list[DeadLetter] = field(default_factory=list)
    """Entries that cannot stand alone; they are dead letters when no other entry completes them."""


def symbol_of(text: str, kind: Kind) -> tuple[str, int]:
    """Return a document's symbol as it is cited, and the year in it.

    Raises:
        BadInput: it is no symbol of this kind.
    """
    pattern, example = _SYMBOLS[kind]
    match = pattern.fullmatch(text)
    if match is None:
        raise BadInput(f"expected a symbol as {example}, found {shown(text)}", "id")
    if kind is Kind.RESOLUTION:
        return f"S/RES/{int(match[1])} ({match[2]})", int(match[2])
    return text, int(match[1])


def day_of(text: str, year: int) -> Mended[date] | None:
    """Return the day that a text names, mended when its year is not the one of the symbol; None when it is empty.

    Raises:
        BadInput: it is no day.
    """
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


def agenda_item(text: str) -> str:
    """Return an agenda item's name without the stop that some sources write behind it."""
    return text.rstrip(" .")


def votes_of(stated: Sequence[int], listed: Sequence[int], manner: str) -> Votes | None:
    """Return the votes by the stated counts and by the lengths of the lists of states; None when nobody voted.

    Where these contradict each other, what the manner of adoption says is right, or else the lists.
    """
    if not any(stated) and not any(listed):
        return None
    if stated == listed:
        return Mended((stated[0], stated[1], stated[2]))
    match = _COUNTS.search(manner)
    told = [int(number) for number in match.groups() if number is not None] if match else listed
    if told == stated or sum(told) > SEATS:
        told = stated
    return Mended((told[0], told[1], told[2]), ("votes",))
