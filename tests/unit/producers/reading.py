"""What the tests of the adapters share: reading bytes as a file of a feed, and sorting what comes out."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from producers.feeds import FEEDS
from producers.rows import DeadLetter, Published, Row
from schemas.event import Event
from timeline.identity import assertion

ROOT = Path(__file__).parents[3]
RECORDED = ROOT / "tests" / "recorded"
SAMPLES = ROOT / "samples"
SHARED = ROOT.parent / "shared" / "data"


@dataclass(frozen=True)
class Outcome:
    """The rows of one file."""

    rows: list[Row]

    @property
    def events(self) -> list[Event]:
        return [row.event for row in self.rows if isinstance(row, Published)]

    @property
    def dead(self) -> list[DeadLetter]:
        return [row for row in self.rows if isinstance(row, DeadLetter)]

    def document(self, key: str) -> dict[str, Any]:
        """The event of this id as it is sent."""
        (event,) = [event for event in self.events if event.id == key]
        return assertion(event).document

    def counted(self, kind: type[Row]) -> int:
        return sum(isinstance(row, kind) for row in self.rows)


def read(feed: str, content: bytes) -> Outcome:
    """Read bytes as a file of a feed."""
    return Outcome(list(FEEDS[feed](io.BytesIO(content), "file")))


def content_of(path: Path) -> bytes:
    """The bytes of a file, unpacked."""
    raw = path.read_bytes()
    return gzip.decompress(raw) if path.suffix == ".gz" else raw


def table(content: bytes) -> list[dict[str, str]]:
    """The data rows of a CSV file by plain csv; an HXL tag row is none, and a trailing comma gives no column."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    data = [row for row in rows[1:] if row and not any(cell.startswith("#") for cell in row[:8])]
    return [dict(zip(rows[0], row, strict=False)) for row in data]


def with_cells(row: dict[str, str], **changes: str) -> bytes:
    """A CSV line of this row with some cells changed."""
    return csv_line([changes.get(name, value) for name, value in row.items()])


def csv_line(cells: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue().encode()
