"""Which event a row stands for that could not be read: its id, where that much can be read.

A release must not withdraw an event because the row that holds it is damaged.
"""

from __future__ import annotations

import csv
import re
from typing import Any, Final

import orjson

from producers.cline_coups import padded_id
from producers.reading.tables import column_names
from producers.reading.values import required
from producers.recognise import ACLED, COUPS, OWN, UCDP
from producers.rows import DeadLetter
from schemas.errors import BadInput

_KEYS: Final = {UCDP: "id", COUPS: "coup_id", ACLED: "event_id_cnty", OWN: "id"}
"""The column or member that names the event, by feed; in the other feeds a row is not an event."""

_OWN_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}:.+", re.DOTALL)


def event_id(feed: str, letter: DeadLetter) -> str | None:
    """Return the id of the event that this bad row of a feed stands for, None where it does not tell."""
    name = _KEYS.get(feed)
    key = None if name is None or letter.sha256 is not None else _cell(letter, name)
    if not key:
        return None
    try:
        if feed == UCDP:
            return f"{feed}:{required(key, 'id')}"
        if feed == COUPS:
            return f"{feed}:{padded_id(key)}"
    except BadInput:
        return None
    if feed == OWN:
        return key if _OWN_ID.fullmatch(key) else None
    return f"{feed}:{key}"


def _cell(letter: DeadLetter, name: str) -> str | None:
    if letter.context is None:
        return _member(letter.raw, name)
    names = column_names(letter.context)
    try:
        # A cut row has fewer cells than the header; the first of them are still in their places.
        cells = next(csv.reader([letter.raw.decode(errors="replace").replace("\0", "")]), [])
    except csv.Error:
        return None
    place = names.index(name) if name in names else len(cells)
    return cells[place].strip() if place < len(cells) else None


def _member(raw: bytes, name: str) -> str | None:
    try:
        members: Any = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    # In GeoJSON the row is what the feature's properties are.
    members = members.get("properties", members) if isinstance(members, dict) else None
    value = members.get(name) if isinstance(members, dict) else None
    return str(value).strip() if isinstance(value, str | int) else None
