"""Rows of a table that comes as JSON objects: in an array, in a wrapper's array, as GeoJSON, or one a line.

They become the cells that the same row would have in a CSV file, so that one reading serves both layouts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import orjson

from producers.reading.pieces import pieces
from producers.reading.records import Record
from producers.reading.sources import Source
from producers.reading.tables import Cells, dead_letter, decoded
from producers.rows import DeadLetter, Position
from schemas.errors import BadInput, Failed

Members = Mapping[str, Any]
_WHOLE_JSON: Final = json.JSONDecoder()
_CLOSING: Final = re.compile(rb"\s*\]\s*\}?\s*\Z")
# What a member's value may be; anything else has no place in a cell.
_SCALARS: Final = (str, int, float, type(None))


def object_starts(*first_members: str) -> re.Pattern[bytes]:
    """Return the pattern of the place where an object of a table begins, by the members that may come first in it.

    A quote inside of a text is escaped, so the pattern occurs in no text.
    """
    names = "|".join(map(re.escape, first_members))
    return re.compile(rf'\{{\s{{0,64}}"(?:{names})"\s{{0,8}}:'.encode())


class JsonTable:
    """The objects of one file as rows of a table."""

    def __init__(
        self, source: Source, starts: re.Pattern[bytes], members_of: Callable[[Members], Members] = lambda found: found
    ) -> None:
        """Read nothing yet; `members_of` gives the members of an object that stand for columns."""
        self._source = source
        self._starts = starts
        self._members_of = members_of
        self._closers = b""

    def rows(self, required: Sequence[str], optional: Sequence[str] = ()) -> Iterator[Cells | DeadLetter]:
        """Yield each object's required, then optional members as cells ("" where one is null or there is none).

        Raises:
            Failed: the array is not closed, so the file was cut; told after all of its rows.
        """
        columns = tuple(chain(required, optional))
        for number, record in enumerate(self._records(), 1):
            position = Position(self._source.name, number, record.line)
            try:
                text, repairs = decoded(record)
                found = self._members_of(_object(text))
                missing = [name for name in required if name not in found]
                if missing:
                    raise BadInput(f"the object lacks {', '.join(missing)}")
                yield Cells([_cell(found.get(name), name) for name in columns], repairs, record, position, None)
            except BadInput as error:
                yield dead_letter(error, record, position)
        if self._closers:
            raise Failed(f"{self._source.name}: cut: the array of its rows is not closed")

    def _records(self) -> Iterator[Record]:
        """Yield the objects without what stands around them; `_closers` is what the end of the file still owes."""
        before: Record | None = None
        for number, piece in enumerate(pieces(self._source, self._starts)):
            if number == 0 and not self._starts.match(piece.raw):
                self._closers = _closers(piece)
                if not _only_opens(piece, self._closers):
                    yield piece
                continue
            if before is not None:
                yield _stripped(before)
            before = piece
        if before is None:
            return
        last = _stripped(before)
        if last.sha256 is not None:
            self._closers = b""  # its end was not kept, so nothing tells
        if self._closers:
            last, rest = _parted(last)
            self._closers = b"" if b"]" in rest else self._closers
        yield last


def _closers(head: Record) -> bytes:
    """Return what closes the array that a file's beginning opens; empty when it opens none."""
    text = head.raw.lstrip()
    return {b"[": b"]", b"{": b"]}"}.get(text[:1], b"") if b"[" in text else b""


def _only_opens(head: Record, closers: bytes) -> bool:
    """Tell whether nothing is lost with a file's beginning: it is the array's wrapper and no broken row."""
    try:
        orjson.loads(head.raw + closers)
    except orjson.JSONDecodeError:
        return False
    return bool(closers)


def _stripped(piece: Record) -> Record:
    if piece.sha256 is not None:
        return piece
    raw = piece.raw.rstrip(b" \t\r\n,")
    return piece._replace(raw=raw, length=len(raw))


def _parted(last: Record) -> tuple[Record, bytes]:
    """Return the last object, and what stands behind it."""
    end = _end_of_object(last.raw)
    if end is None:
        # It is broken, or a broken one follows; what closes the array may stand behind it all the same.
        closing = _CLOSING.search(last.raw)
        end = closing.start() if closing else len(last.raw)
    return last._replace(raw=last.raw[:end], length=end), last.raw[end:]


def _end_of_object(raw: bytes) -> int | None:
    """Return where an object ends, None unless nothing or the end of an array follows."""
    try:
        _, end = _WHOLE_JSON.raw_decode(raw.decode("latin-1"))  # a letter a byte, so that the end is counted in bytes
    except (ValueError, RecursionError):
        return None
    return end if raw[end:].lstrip()[:1] in (b"", b"]") else None


def _object(text: str) -> Members:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"no JSON: {error}") from error
    if not isinstance(found, dict):
        raise BadInput("expected a JSON object")
    return found


def _cell(value: object, name: str) -> str:
    if not isinstance(value, _SCALARS):
        raise BadInput(f"expected {name} to be a text or a number")
    return "" if value is None else value if isinstance(value, str) else str(value)
