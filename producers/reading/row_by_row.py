"""The loop of a feed whose rows each tell something of their own: what is told of the row, or a dead letter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from producers.reading.records import Record, line_records
from producers.reading.sources import Source
from producers.reading.tables import Cells, dead_letter
from producers.rows import DeadLetter, Position, Row
from schemas.errors import BadInput


def told_of_rows(rows: Iterable[Cells | DeadLetter], tell: Callable[[Cells], Row]) -> Iterator[Row]:
    """Yield what `tell` makes of each row of a table; the row as a dead letter where it raises BadInput."""
    for row in rows:
        if not isinstance(row, Cells):
            yield row
            continue
        try:
            yield tell(row)
        except BadInput as error:
            yield row.refused(error)


def told_of_lines(source: Source, tell: Callable[[Record], Row]) -> Iterator[Row]:
    """Yield what `tell` makes of each line of a file without a header; the line as a dead letter likewise."""
    for number, record in enumerate(line_records(source), 1):
        try:
            yield tell(record)
        except BadInput as error:
            yield dead_letter(error, record, Position(source.name, number, record.line))
