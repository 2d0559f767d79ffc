"""A row that was refused, read again by the adapter of its feed after what was wrong with it, or with us, was mended.

Where an event is made of several rows (the dead of one incident, the entries of one resolution), a single row must not
be read alone: the event that it gives would take the place of the whole one. Such a file is published again instead.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final

from producers.feeds import FEEDS
from producers.reading.sources import Source
from producers.recognise import COUNCIL, FATALITIES, kind_of
from producers.rows import DeadLetter, Merged, Published, Row, Skipped
from schemas.errors import BadInput, Failed
from schemas.event import Event

READ_TOGETHER: Final = frozenset({FATALITIES, COUNCIL})


def read_again(feed: str, raw: bytes, *, context: bytes | None, file: str) -> list[Event]:
    """Return the events of a refused row; none when it is now left out by choice.

    `context` is what must stand before the row, `file` the name of the file that it came from.

    Raises:
        BadInput: it is still no event, or cannot be read alone.
    """
    content = raw + b"\n" if context is None else context + b"\n" + raw + b"\n"
    try:
        name = feed if feed in FEEDS else kind_of(Source(io.BytesIO(content), file).look())
        if name in READ_TOGETHER:
            raise BadInput(f"rows of {name} make an event together: publish {file} again")
        if name is None or name not in FEEDS:
            raise BadInput(f"no feed {feed} is read here")
        rows = list(FEEDS[name](io.BytesIO(content), file))
    except Failed as error:
        raise BadInput(f"cannot be read alone: {error}") from error
    if not rows:
        raise BadInput("cannot be read alone: no data row was found")
    return list(_events(rows))


def _events(rows: list[Row]) -> Iterator[Event]:
    for row in rows:
        if isinstance(row, DeadLetter):
            raise BadInput(row.reason, row.field)
        if isinstance(row, Published):
            yield row.event
        elif not isinstance(row, (Merged, Skipped)):
            raise BadInput("cannot be read alone: it is part of an event")
