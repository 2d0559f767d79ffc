"""What a parser says about each data row that it reads, in the order of the file.

Every data row ends up in exactly one of Published, Merged, Skipped and DeadLetter, so that a summary adds up. A parser
that must see the whole file before it can tell an event (rows of one incident, entries of one resolution) says Held
for a good row at once, and tells what became of it at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from schemas.event import Event


class Position(NamedTuple):
    """Where a row stands: `record` counts data rows from 1, `line` is the line of the file that it starts on."""

    file: str
    record: int
    line: int


@dataclass(frozen=True, slots=True)
class Published:
    """The row (or several: see Merged) is this event."""

    event: Event


@dataclass(frozen=True, slots=True)
class Merged:
    """The row became part of an event that another row stands for."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """The row is well formed and left out by choice."""


@dataclass(frozen=True, slots=True)
class Held:
    """The row is good so far; what becomes of it comes later: Published, Merged or a late DeadLetter. That counts."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """The row can never become an event. `raw` is its bytes; of a record over 1 MiB only the first 64 KiB.

    `length` is the number of bytes that the record had, `sha256` (hexadecimal) is given when `raw` is not all of them.
    `field` is the dotted path of the event's member at fault, None when the row as a whole is broken. `late` means that
    the row was told as Held before. `context` is the line that must stand before the row so that both are a file of the
    feed again (the header row of a table); None when the row alone is one.
    """

    reason: str
    field: str | None
    position: Position
    raw: bytes
    length: int
    sha256: str | None = None
    late: bool = False
    context: bytes | None = None


Row = Published | Merged | Skipped | Held | DeadLetter

Parse = Callable[[BinaryIO, str], Iterator[Row]]
"""From a stream (plain or gzip) and the name of its file to its rows. Raises Failed for a file of another feed."""
