"""Reading archives: Parquet as `vigil archive` writes it, or lines as `vigil publish --as-jsonl` prints them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.output import tell
from eventlog.archive_files import is_archive
from producers.reading.records import Record, line_records
from producers.reading.sources import Source, opened
from schemas.errors import BadInput, Failed
from schemas.event import parse_event
from timeline.as_of import Taken
from timeline.identity import Assertion, assertion, decode

SHOWN = 5
_DEAD_LETTER = b'{"dead_letter"'
_COLUMNS = ("event", "content", "ingest_time")


@dataclass(slots=True)
class Reading:
    """What became of the lines or rows that were read."""

    events: int = 0
    dead_letters: int = 0
    refused: int = 0

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.events} events, {self.dead_letters} dead letters skipped, {self.refused} lines refused"


def archived(names: Sequence[str]) -> Iterator[Taken]:
    """Yield the assertions of these archives, as `read_taken`; in the end say on stderr what is none.

    Raises:
        Failed: an archive cannot be read or is damaged, or nothing in all of them is an event.
    """
    reading = Reading()
    yield from read_taken(names, reading, tell=tell)
    if reading.dead_letters or reading.refused:
        tell(str(reading))
    if reading.refused and not reading.events and not reading.dead_letters:
        raise Failed(
            "nothing in it is an event; an archive is what `vigil archive` or `vigil publish --as-jsonl` writes"
        )


def read_archive(names: Sequence[str], reading: Reading, *, tell: Callable[[str], None]) -> Iterator[Assertion]:
    """Yield the assertions of these archives; see `read_taken`."""
    return (each.statement for each in read_taken(names, reading, tell=tell))


def read_taken(names: Sequence[str], reading: Reading, *, tell: Callable[[str], None]) -> Iterator[Taken]:
    """Yield the assertions of these archives, and when the log took them, which lines do not say.

    A name is a folder or a file of Parquet, a file of lines, or `-` (lines from standard input). Counts in `reading`,
    tells the first bad lines.

    Raises:
        Failed: an archive cannot be read, or is damaged.
    """
    for name in names:
        yield from _rows(Path(name), reading) if is_archive(Path(name)) else _lines(name, reading, tell)


def _rows(path: Path, reading: Reading) -> Iterator[Taken]:
    from eventlog.archive import read_rows  # noqa: PLC0415 - takes time to load

    for batch in read_rows(path, _COLUMNS):
        for event, content, ingest_time in batch:
            if event is None:
                reading.dead_letters += 1
            else:
                reading.events += 1
                yield Taken(decode(event.encode(), content), ingest_time)


def _lines(name: str, reading: Reading, tell: Callable[[str], None]) -> Iterator[Taken]:
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
            yield Taken(statement, None)


def _assertion(record: Record) -> Assertion:
    if record.sha256 is not None:
        raise BadInput(f"over 1 MiB: {record.length} bytes")
    return assertion(parse_event(record.raw))
