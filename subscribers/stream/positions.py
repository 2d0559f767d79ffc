"""Positions in a topic: for each partition the next offset; as text they are the ids of a stream's events.

Rules kept here:
- A position stands for a set of records: in each partition all before its offset. Whoever goes on from one is given
  exactly the others, in whatever order the records of different partitions were told.
- The text is opaque and names its log: a position of another log, or damaged text, is refused and never guessed at.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Final

Vector = tuple[int, ...]
"""By partition the offset of the next record: everything before it is known."""

_FORM: Final = b"\x01"
_LOG_BYTES: Final = 5
_CHECK_BYTES: Final = 4
_MAX_TEXT: Final = 1_000


class Unreadable(ValueError):
    """Text that is no position, or a damaged one."""


class OtherLog(ValueError):
    """A position in another log than this one."""


def covers(whole: Vector, part: Vector) -> bool:
    """Whether all that `part` stands for stands in `whole`."""
    return all(mine >= other for mine, other in zip(whole, part, strict=True))


def united(one: Vector, other: Vector) -> Vector:
    """Return the position that stands for what either stands for."""
    return tuple(map(max, one, other))


def moved(position: Vector, partition: int, following: int) -> Vector:
    """Return the position with another offset in one partition."""
    return (*position[:partition], following, *position[partition + 1 :])


class PositionText:
    """Writes and reads the positions of one topic as text. `log` names the topic for ever, as its id does."""

    def __init__(self, log: str, partitions: int) -> None:
        self._head = _FORM + sha256(log.encode()).digest()[:_LOG_BYTES]
        self._partitions = partitions

    def encode(self, position: Vector) -> str:
        """Return the text of a position, ASCII without blanks."""
        said = self._head + b"".join(map(_varint, position))
        return urlsafe_b64encode(said + _check(said)).rstrip(b"=").decode()

    def decode(self, text: str) -> Vector:
        """Return the position that `encode` made this text of.

        Raises:
            Unreadable: it made no such text.
            OtherLog: it was made for another topic, or another number of partitions.
        """
        said = _bytes(text)
        if not said.startswith(self._head):
            raise OtherLog(text)
        position = tuple(_numbers(said[len(self._head) :]))
        if len(position) != self._partitions:
            raise OtherLog(text)
        if self.encode(position) != text:
            raise Unreadable(text)
        return position


def _bytes(text: str) -> bytes:
    """What was encoded, without its check."""
    try:
        raw = text.encode("ascii")
        said = urlsafe_b64decode(raw + b"=" * (-len(raw) % 4)) if len(raw) <= _MAX_TEXT else b""
    except (UnicodeEncodeError, binascii.Error) as error:
        raise Unreadable(text) from error
    said, check = said[:-_CHECK_BYTES], said[-_CHECK_BYTES:]
    if not said.startswith(_FORM) or _check(said) != check:
        raise Unreadable(text)
    return said


def _check(said: bytes) -> bytes:
    return binascii.crc32(said).to_bytes(_CHECK_BYTES, "big")


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the high bit says that more follow."""
    said = bytearray()
    while number > 0x7F:
        said.append(number & 0x7F | 0x80)
        number >>= 7
    said.append(number)
    return bytes(said)


def _numbers(said: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in said:
        number |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            yield number
            number = shift = 0
    if shift:
        raise Unreadable("a number is cut off")
