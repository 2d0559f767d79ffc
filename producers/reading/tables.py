"""Rows of a CSV table, bound to its header by name; rows that cannot be bound become dead letters."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from producers.reading.records import KEPT_OF_OVERSIZE, RECORD_LIMIT, Record, Starts, quoted_records
from producers.reading.sources import Source
from producers.rows import DeadLetter, Position
from schemas.errors import BadInput, Failed

_REPLACED: Final = "encoding"


class Cells(NamedTuple):
    """One data row: its wanted cells in the order in which they were asked for, and what was mended to read it."""

    values: Sequence[str]
    repairs: tuple[str, ...]
    record: Record
    position: Position
    header: bytes | None

    def refused(self, error: BadInput) -> DeadLetter:
        """Return the row as a dead letter, which takes the table's header along."""
        return dead_letter(error, self.record, self.position, self.header)


class Table:
    """A CSV file from its header on."""

    def __init__(self, source: Source, telling: Mapping[str, str], *, names: Sequence[str] = ()) -> None:
        """Read the header, or take `names` where the file has none.

        `telling` gives a pattern for some first columns, by which a record's first line is known.

        Raises:
            Failed: there is no header.
        """
        csv.field_size_limit(RECORD_LIMIT)
        self._source = source
        self.names = list(names)
        self._line = 1
        if not names:
            header = next(quoted_records(source, lambda _: False), None)
            if header is None or header.sha256 is not None:
                raise Failed(f"{source.name}: has no header row")
            self.names = column_names(header.raw)
            self._line = header.line + header.raw.count(b"\n") + 1
        self._shape = {
            self.names.index(name): re.compile(pattern) for name, pattern in telling.items() if name in self.names[:9]
        }
        self._starts = _starts(self._shape)

    def rows(self, required: Sequence[str], optional: Sequence[str] = ()) -> Iterator[Cells | DeadLetter]:
        """Yield each data row with the cells of the required, then of the optional columns ("" where there is none).

        Raises:
            Failed: the header lacks a required column; reading the file fails.
        """
        missing = [name for name in required if name not in self.names]
        if missing:
            raise Failed(f"{self._source.name}: the header lacks {', '.join(missing)}")
        width = len(self.names)
        header = header_line(self.names)
        # Behind its last cell each row gets an empty one, which stands for all columns that the table does not have.
        places = [self.names.index(name) if name in self.names else width for name in (*required, *optional)]
        pick = itemgetter(*places)
        number = 0
        for record in quoted_records(self._source, self._starts, self._line):
            number += 1
            position = Position(self._source.name, number, record.line)
            try:
                text, repairs = decoded(record)
                cells = self._cells(text)
            except BadInput as error:
                yield dead_letter(error, record, position, header)
                continue
            if number == 1 and _is_tag_row(cells):
                number = 0
                continue
            yield Cells(pick(cells), repairs, record, position, header)

    def _cells(self, text: str) -> list[str]:
        """Return the cells of a record, and an empty one behind them."""
        width = len(self.names)
        if '"' in text or "\r" in text:
            try:
                # Strict: a quote that is never closed, or closed in the middle of a cell, is an error and no guess.
                cells = next(csv.reader((text,), strict=True))
            except csv.Error as error:
                raise BadInput(f"broken CSV: {error}") from error
        else:
            cells = text.split(",")
        if len(cells) == width:
            cells.append("")
        elif len(cells) == width + 1 and self._is_numbered(cells):
            cells = [*cells[1:], ""]
        elif len(cells) != width + 1 or cells[-1]:  # a comma at the end of every row is one provider's habit
            raise BadInput(f"expected {width} cells, found {len(cells)}")
        return cells

    def _is_numbered(self, cells: Sequence[str]) -> bool:
        """Tell whether a number of the row, which the header does not count, stands before its cells."""
        return len(self._shape) > 1 and all(pattern.fullmatch(cells[i + 1]) for i, pattern in self._shape.items())


def decoded(record: Record) -> tuple[str, tuple[str, ...]]:
    """Return a record's text, and the repair it took when some of its bytes are no UTF-8.

    Raises:
        BadInput: the record is over 1 MiB, or has a NUL byte.
    """
    if record.sha256 is not None:
        raise BadInput(f"the record is too long: {record.length} bytes, at most {RECORD_LIMIT} are read")
    if b"\0" in record.raw:
        raise BadInput("the record has a NUL byte")
    try:
        return record.raw.decode(), ()
    except UnicodeDecodeError:
        return record.raw.decode(errors="replace"), (_REPLACED,)


def dead_letter(error: BadInput, record: Record, position: Position, context: bytes | None = None) -> DeadLetter:
    """Return a record as a dead letter; `context` is the line that it needs before it to be read again."""
    return DeadLetter(error.reason, error.field, position, record.raw, record.length, record.sha256, context=context)


def column_names(line: bytes) -> list[str]:
    """Return the names of a header row, folded to lower case."""
    try:
        return [name.strip().lower() for name in next(csv.reader([line.decode("utf-8", "replace")]))]
    except csv.Error:
        return []


def header_line(names: Sequence[str]) -> bytes | None:
    """Return the header row of a table with these columns, without its line end; None for one too long to go along."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    header = line.getvalue().encode()
    return header if len(header) <= KEPT_OF_OVERSIZE else None


def _starts(shape: Mapping[int, re.Pattern[str]]) -> Starts:
    """Return the test for lines that start like a record: all of the telling cells among the first ones fit.

    With fewer than two of them there no line does: prose that begins with a number is no record.
    """
    if len(shape) < 2:
        return lambda _: False
    patterns = {place: re.compile(pattern.pattern.encode()) for place, pattern in shape.items()}
    last = max(patterns)

    def starts(line: bytes) -> bool:
        cells = line.split(b",", last + 1)
        return len(cells) > last and all(pattern.fullmatch(cells[i].strip(b'" ')) for i, pattern in patterns.items())

    return starts


def _is_tag_row(cells: Sequence[str]) -> bool:
    """Tell a row of HXL tags such as `#date+start`, which stands between header and data; a number may precede them."""
    filled = [cell for cell in cells if cell]
    return 2 * sum(cell.startswith("#") for cell in filled) > len(filled)
