"""An archive: lines as `vigil publish --as-jsonl` prints them, plain, compressed, or from standard input."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from producers.records import Record, line_records
from producers.sources import Source, opened
from schemas.errors import BadInput
from schemas.event import parse_event
from timeline.identity import Assertion, assertion

SHOWN = 5
_DEAD_LETTER = b'{"dead_letter"'


@dataclass(slots=True)
class Reading:
    """What became of the lines that were read."""

    events: int = 0
    dead_letters: int = 0
    refused: int = 0

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.events} events, {self.dead_letters} dead letters skipped, {self.refused} lines refused"


def read_archive(names: Sequence[str], reading: Reading, *, tell: Callable[[str], None]) -> Iterator[Assertion]:
    """Yield the assertions of these files (`-` is standard input); counts in `reading`, tells the first bad lines.

    Raises:
        Failed: a file cannot be read.
    """
    for name in names:
        with opened(name) as stream:
            for record in line_records(Source(stream, name)):
                if record.raw.startswith(_DEAD_LETTER):
                    reading.dead_letters += 1
                    continue
                try:
                    statement = _assertion(record)
                except BadInput as error:
                    reading.refused += 1
                    if reading.refused <= SHOWN:
                        tell(f"{name} line {record.line} is no event and is left out: {error}")
                    continue
                reading.events += 1
                yield statement


def _assertion(record: Record) -> Assertion:
    if record.sha256 is not None:
        raise BadInput(f"over 1 MiB: {record.length} bytes")
    return assertion(parse_event(record.raw))
