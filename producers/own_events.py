"""Vigil's own feed: any event in the form of INTERFACES, one JSON object a line, its id and source kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import orjson

from producers.reading.records import Record
from producers.reading.row_by_row import told_of_lines
from producers.reading.sources import Source
from producers.reading.tables import decoded
from producers.recognise import OWN, require
from producers.rows import Published, Row, Skipped
from schemas.event import Event, check_event, parse_event


def parse(stream: BinaryIO, file: str) -> Iterator[Row]:
    """Yield an event for each line; a line that tells of a dead letter of an earlier reading is skipped.

    Raises:
        Failed: it is a file of another feed.
    """
    source = Source(stream, file)
    require(source, OWN)
    yield from told_of_lines(source, _row)


def _row(record: Record) -> Row:
    return Skipped() if record.raw.startswith(b'{"dead_letter":') else Published(_event(record))


def _event(record: Record) -> Event:
    text, repairs = decoded(record)
    if not repairs:
        return parse_event(record.raw)
    event = parse_event(text.encode())
    members = orjson.loads(text)
    return check_event(members | {"repairs": [*event.repairs, *repairs]})
