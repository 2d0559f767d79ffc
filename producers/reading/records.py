"""Records of a text file as raw bytes, in bounded memory whatever the file holds.

Rules kept here:
- A record over 1 MiB is never held: its first 64 KiB, its length and its SHA-256 are, and reading goes on after it.
- A CSV record may span lines inside quotes. A quote that is never closed (a cut line) must not swallow the rest of the
  file: the record ends where a line starts like a record, as the table's header tells.
- Blank lines are no records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import NamedTuple, Protocol

RECORD_LIMIT = 1 << 20
KEPT_OF_OVERSIZE = 64 << 10

Starts = Callable[[bytes], bool]
"""Tells whether a line starts like a record of its table."""


class LineStream(Protocol):
    """What is read from: as a binary file, of which only this is used."""

    def readline(self, limit: int = -1, /) -> bytes:
        """Return the next line with its end, or its first `limit` bytes; empty at the end."""


class Record(NamedTuple):
    """One record without its line end; `raw` is cut and `sha256` given when `length` is over the limit."""

    raw: bytes
    line: int
    length: int
    sha256: str | None = None


def line_records(stream: LineStream, line: int = 1) -> Iterator[Record]:
    """Yield each line that is not blank; `line` is the number of the first."""
    return _records(stream, starts=None, line=line)


def quoted_records(stream: LineStream, starts: Starts, line: int = 1) -> Iterator[Record]:
    """Yield each CSV record; nothing of the stream after the yielded record has been read."""
    return _records(stream, starts=starts, line=line)


def _records(stream: LineStream, *, starts: Starts | None, line: int) -> Iterator[Record]:
    pending: Pending | None = None
    begins_line = True
    while part := stream.readline(RECORD_LIMIT):
        if pending is not None and begins_line and starts is not None and starts(part):
            yield pending.record()
            pending = None
        ends_line = part.endswith(b"\n")
        if pending is None and ends_line and (starts is None or not part.count(b'"') & 1):
            # Nearly every record is one line.
            raw = part.rstrip(b"\r\n")
            if raw and not raw.isspace():
                yield Record(raw, line, len(raw))
        else:
            if pending is None:
                pending = Pending(line)
            pending.add(part)
            if ends_line and (starts is None or not pending.quote_is_open):
                yield pending.record()
                pending = None
        begins_line = ends_line
        line += ends_line
    if pending is not None and not pending.is_blank():
        yield pending.record()


class Pending:
    """A record that has not ended yet; its line end counts neither in the length nor in the digest."""

    def __init__(self, line: int) -> None:
        self.quote_is_open = False
        self._line = line
        self._parts: list[bytes] = []
        self._length = 0
        self._digest = sha256()
        self._line_end = b""

    def add(self, part: bytes) -> None:
        """Take the next bytes of the record."""
        self.quote_is_open ^= bool(part.count(b'"') & 1)
        part = self._line_end + part
        text = part.removesuffix(b"\n").removesuffix(b"\r")
        self._line_end = part[len(text) :]
        if self._length <= KEPT_OF_OVERSIZE or self._length + len(text) <= RECORD_LIMIT:
            self._parts.append(text)
        self._length += len(text)
        self._digest.update(text)

    def is_blank(self) -> bool:
        """Tell whether nothing but blanks was added."""
        return self._length <= RECORD_LIMIT and not b"".join(self._parts).strip()

    def record(self) -> Record:
        """Return what was added."""
        raw = b"".join(self._parts)
        if self._length <= RECORD_LIMIT:
            return Record(raw, self._line, self._length)
        return Record(raw[:KEPT_OF_OVERSIZE], self._line, self._length, self._digest.hexdigest())
