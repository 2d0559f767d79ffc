"""Security Council resolutions as the UN's data extract has them: one JSON object a line, its counts as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson

from producers.council.documents import Document, Kind, Votes, agenda_item, day_of, symbol_of, votes_of
from producers.reading.values import shown
from schemas.errors import BadInput

_VOTES: Final = ("in_favour", "against", "abstaining")


def document(text: str, repairs: tuple[str, ...]) -> Document:
    """Return what an entry says of its resolution.

    Raises:
        BadInput: it is no such entry.
    """
    try:
        members = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"no JSON: {error}") from error
    if not isinstance(members, dict):
        raise BadInput("expected a JSON object")
    symbol, year = symbol_of(_text(members, "symbol", "id"), Kind.RESOLUTION)
    chapter = _text(members, "chapter_VII", "resolution.chapter_vii").upper()
    return Document(
        kind=Kind.RESOLUTION,
        symbol=symbol,
        adopted=day_of(_text(members, "adoption_date", "event_time"), year),
        title=_text(members, "resolution_title", "title"),
        agenda=agenda_item(_text(members, "agenda_item_name", "description")),
        chapter_vii={"CHAPTER VII": True, "N.A.": False}.get(chapter),
        votes=_votes(members),
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


def _votes(members: Mapping[str, object]) -> Votes | None:
    stated, listed = [], []
    for name in _VOTES:
        count = _text(members, f"MS_{name}_count", "resolution.votes") or "0"
        states = members.get(f"MS_{name}") or []
        if not (count.isdecimal() and len(count) < 4 and isinstance(states, list)):
            raise BadInput(f"expected MS_{name} as a number and a list", "resolution.votes")
        stated.append(int(count))
        listed.append(len(states))
    return votes_of(stated, listed, _text(members, "adoption_type", "resolution.votes"))
