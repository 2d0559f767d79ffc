"""The newest records of a topic in one order that all clients share, bounded by their number and their bytes.

Rules kept here:
- Records of one partition stand in the order of their offsets; between partitions any order will do, and stays.
- A client holds a cursor, never a queue of its own. What lies behind the ring is no longer there for it.
- A client may come with a position that no moment of the shared order had: it read the log by itself, or from another
  server. Until the shared position covers its own, it is given only what its own lacks, and positions of its own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from subscribers.stream.frames import id_line
from subscribers.stream.positions import Vector, covers, moved, united
from subscribers.stream.told import Members, Told

# Beside its frame an entry is its members, its position and its text.
ENTRY_BYTES = 1_500
LOOKED_AT = 1_000
"""Entries that one span looks at, at most: with a narrow filter it would hold everybody else up."""

Passes = Callable[[Members], bool]
Encode = Callable[[Vector], str]


@dataclass(frozen=True, slots=True)
class Entry:
    """A record in the ring: where it lies, what is told of it, and the shared position after it, also as text."""

    partition: int
    offset: int
    told: Told
    after: Vector
    id_line: bytes

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return len(self.told.frame) + ENTRY_BYTES


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes for a client, and where it stands after them; `own` is its position while the shared one lacks some."""

    frames: bytes
    cursor: int
    own: Vector | None


class Ring:
    """Entries are numbered in the order in which they came, from the oldest that there is, `first`, up to `end`.

    Whoever has a position that covers `start` can go on in the ring; `now` is the position after all that was read.
    """

    def __init__(self, start: Vector, encode: Encode, *, records: int, size: int) -> None:
        self.start = self.now = start
        self.first = self.end = 0
        self._encode = encode
        self._records, self._size = records, size
        self._entries: dict[int, Entry] = {}
        self.size = 0

    def append(self, partition: int, offset: int, told: Told) -> None:
        """Take in a record that follows in its partition; what the ring has no more room for leaves it."""
        self.now = moved(self.now, partition, offset + 1)
        entry = Entry(partition, offset, told, self.now, id_line(self._encode(self.now)))
        self._entries[self.end] = entry
        self.end += 1
        self.size += entry.size
        while self.size > self._size or self.end - self.first > self._records:
            oldest = self._entries.pop(self.first)
            self.first += 1
            self.size -= oldest.size
            self.start = oldest.after

    def settle(self, now: Vector) -> None:
        """Take note how far the topic was read: there may have been markers after the last record."""
        self.now = now

    def enter(self, position: Vector) -> Span:
        """Return where a client goes on whose position covers `start`; there are no bytes in it."""
        cursor = bisect_left(
            range(self.first, self.end), True, key=lambda number: not covers(position, self._entries[number].after)
        )
        cursor += self.first
        own = None if covers(self._at(cursor), position) else position
        return Span(b"", cursor, own)

    def span(self, cursor: int, own: Vector | None, passes: Passes | None, *, most: int) -> Span:
        """Return what comes from a cursor on: whole events, until they are `most` bytes or there are no more."""
        parts: list[bytes] = []
        size = 0
        end = min(self.end, cursor + LOOKED_AT)
        while cursor < end and size < most:
            entry = self._entries[cursor]
            wanted = own is None or entry.offset >= own[entry.partition]
            if wanted and (passes is None or passes(entry.told.members)):
                line = entry.id_line if own is None else id_line(self._encode(united(entry.after, own)))
                parts += (line, entry.told.frame)
                size += len(entry.told.frame)
            cursor += 1
            if own is not None and covers(entry.after, own):
                own = None
        return Span(b"".join(parts), cursor, own)

    def position(self, cursor: int, own: Vector | None) -> Vector:
        """Return what a client at this cursor has been given, or passed over."""
        at = self._at(cursor)
        return at if own is None else united(at, own)

    def _at(self, cursor: int) -> Vector:
        if cursor == self.end:
            return self.now
        return self.start if cursor == self.first else self._entries[cursor - 1].after
