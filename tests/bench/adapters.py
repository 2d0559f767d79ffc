"""`python -m tests.bench.adapters [FEED...]`: rows a second from the bytes of a file to assertions, without Kafka.

One pass over every file in the checkout, and over the full files where they are beside it; nothing is read twice within
a pass. The first pass also fills what the adapters remember (places, names, days). CPU time, so that other load on the
machine counts less; one core.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from producers.feeds import FEEDS
from producers.rows import Published
from timeline.identity import assertion

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
PASSES = 4
FULL_FILES = {
    "ucdp-ged": "ucdp/*/*.csv.gz",
    "un-fatalities": "un_fatalities/*.csv.gz",
    "unsc": "unsc/data_extract/*.json",
    "cline-coups": "coups/*.csv",
    "gdelt": "gdelt/v*/*.CSV.gz",
}
# Their rows belong together, so a number for each event is kept until the end of the file.
KEEPING = ("un-fatalities", "unsc")
GROWTH = 8


def contents(feed: str) -> list[bytes]:
    """The files of a feed, unpacked: the full ones, or else those in the checkout."""
    paths = sorted(SHARED.glob(FULL_FILES[feed])) if feed in FULL_FILES else []
    if not paths:
        paths = sorted((ROOT / "samples" / feed).glob("*")) or sorted((ROOT / "tests" / "recorded").glob(f"{feed}.*"))
    if feed == "vigil":
        paths = [ROOT / "samples" / "mali-2021.jsonl"]
    raw = (path.read_bytes() for path in paths)
    return [gzip.decompress(each) if each.startswith(b"\x1f\x8b") else each for each in raw]


def read(feed: str, files: list[bytes]) -> int:
    """Read all files up to the assertion of each event; return the number of rows."""
    rows = 0
    for content in files:
        for row in FEEDS[feed](io.BytesIO(content), "file"):
            rows += 1
            if isinstance(row, Published):
                assertion(row.event)
    return rows


class Repeated(io.RawIOBase):
    """A file whose last lines are repeated, made as it is read."""

    def __init__(self, content: bytes, times: int) -> None:
        super().__init__()
        start = content.find(b"\n", len(content) // 2) + 1
        lines = content[start:]
        self._parts: Iterator[bytes] = iter([content[:start], *[lines] * times])
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._left = memoryview(part)
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def peak_bytes(feed: str, content: bytes, times: int) -> int:
    """The most memory that is held while a file is read whose second half stands there so many times."""
    tracemalloc.start()
    try:
        for row in FEEDS[feed](io.BufferedReader(Repeated(content, times)), "file"):
            if isinstance(row, Published):
                assertion(row.event)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def adapter(feed: str) -> dict[str, Any]:
    """Rows a second of one feed, first and best pass, and what its memory does when the file is longer."""
    files = contents(feed)
    speeds = []
    rows = 0
    for _ in range(PASSES):
        started = time.process_time()
        rows = read(feed, files)
        speeds.append(round(rows / (time.process_time() - started)))
    report: dict[str, Any] = {"rows": rows, "rows_a_second": max(speeds), "first_pass": speeds[0]}
    if feed not in KEEPING:
        longest = max(files, key=len)
        peaks = [peak_bytes(feed, longest, times) >> 10 for times in (1, GROWTH)]
        report["peak_kib"], report[f"peak_kib_of_{GROWTH}_times"] = peaks
    return report


def main() -> None:
    """Print a table to stderr, and the report as one JSON object to stdout."""
    report = {}
    for feed in sys.argv[1:] or FEEDS:
        report[feed] = adapter(feed)
        print(f"{feed:14} " + "  ".join(f"{name} {value:,}" for name, value in report[feed].items()), file=sys.stderr)
    print(json.dumps({"adapters": report}))


if __name__ == "__main__":
    main()
