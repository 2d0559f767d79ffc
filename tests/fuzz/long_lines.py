"""A line that never seems to end, in the middle of a file of any feed.

`python -m tests.fuzz.long_lines [MEGABYTES] [FILE]` reads one of 1 GB of each filling in every recorded file, or in one
of this name; the test reads small ones.
"""

from __future__ import annotations

import io
import resource
import sys
from collections.abc import Iterator
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from producers.feeds import FEEDS
from producers.publish import Nowhere, Stopped, Summary, publish
from schemas.errors import Failed

from .damage import whole_files

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

FILLINGS = (b"x", b'"', b",", b"\t", b"{", b"\\", b"\0", b"\xff", b'","', b'{"id":', b"<p>", b"<akomaNtoso>", b"] ")


class LongLine(io.RawIOBase):
    """The first lines of a file, a filling that is repeated until it has so many bytes, and the rest of the file."""

    def __init__(self, content: bytes, filling: bytes, length: int) -> None:
        super().__init__()
        half = len(content) // 2
        middle = content.find(b"\n", half) + 1 or half
        self._left = length
        self._filling = filling * ((1 << 20) // len(filling))
        self._before = io.BytesIO(content[:middle])
        self._after = io.BytesIO(b"\n" + content[middle:])

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        if read := self._before.readinto(view):
            return read
        if self._left <= 0:
            return self._after.readinto(view)
        size = min(len(view), self._left, len(self._filling))
        view[:size] = self._filling[:size]
        self._left -= size
        return size


class Reading(NamedTuple):
    """What came of a long line."""

    told: str
    summary: Summary | None


def read_long_line(feed: str, content: bytes, *, filling: bytes, length: int) -> Reading:
    """Read a file with a long line."""
    try:
        return Reading(
            "", publish(FEEDS[feed](io.BufferedReader(LongLine(content, filling, length)), "long"), Nowhere())
        )
    except Stopped as error:
        return Reading(str(error), error.summary)
    except Failed as error:
        return Reading(str(error), None)


def cases() -> Iterator[tuple[str, str, bytes]]:
    """Every feed, a file of it in each layout, and its content."""
    for feed in FEEDS:
        for name, content in whole_files(feed).items():
            yield feed, name, content


def main(megabytes: str = "1024", file: str | None = None) -> None:
    """Print what came of each, how long it took, and the most memory that this process had until then."""
    for feed, name, content in cases():
        for filling in FILLINGS if file in (None, name) else ():
            started = monotonic()
            told, summary = read_long_line(feed, content, filling=filling, length=int(megabytes) << 20)
            seconds, mebibytes = monotonic() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
            counts = summary.line().decode() if summary else ""
            print(f"{name} {filling!r}: {seconds:.1f} s, {mebibytes} MiB, {counts} {told}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
