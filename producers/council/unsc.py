"""Documents of the United Nations Security Council: resolutions, presidential statements and rejected drafts.

They come as JSON lines (resolutions only) or as XML; entries of one document are merged: what is not empty beats what
is, then the later entry wins. The events are told at the end, because an entry can be completed by any later one.
Nothing is guessed from a title: a mission, a country and the end of a mandate are there only where the text names
exactly one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from datetime import date
from itertools import chain
from typing import Any, BinaryIO

from producers.codes.missions import MISSIONS
from producers.council import from_json, from_xml
from producers.council.documents import Document, Kind
from producers.council.titles import agenda_country, mandate_end, single_mission
from producers.reading.records import Record, line_records
from producers.reading.sources import Source
from producers.reading.tables import dead_letter, decoded
from producers.reading.values import midnight
from producers.recognise import COUNCIL, COUNCIL_XML, require
from producers.rows import Held, Merged, Position, Published, Row, Skipped
from schemas.errors import BadInput
from schemas.event import Event, check_event


def parse(stream: BinaryIO, file: str) -> Iterator[Row]:
    """Yield Held for each good entry, then each document, and Merged for each further entry of it.

    An XML document in another language than English is skipped: under one id it would compete with the English one.

    Raises:
        Failed: it is a file of another feed.
    """
    return parse_together([(stream, file)])


def parse_together(files: Iterable[tuple[BinaryIO, str]]) -> Iterator[Row]:
    """As `parse`, of several files as if they were one: a document may have entries in each of them."""
    known: dict[str, Document] = {}
    for stream, file in files:
        source = Source(stream, file)
        as_xml = require(source, COUNCIL) == COUNCIL_XML
        read = from_xml.document if as_xml else from_json.document
        records = from_xml.documents(source) if as_xml else line_records(source)
        for number, record in enumerate(records, 1):
            position = Position(file, number, record.line)
            try:
                entry = read(*decoded(record))
            except BadInput as error:
                yield dead_letter(error, record, position)
                continue
            if entry is None:
                yield Skipped()
                continue
            _add(known, entry, record, position)
            yield Held()
    for document in known.values():
        yield from _told(document)


def _add(known: dict[str, Document], entry: Document, record: Record, position: Position) -> None:
    if entry.adopted is None:
        entry.incomplete.append(dead_letter(BadInput("no day of adoption", "event_time"), record, position))
    before = known.get(entry.symbol)
    known[entry.symbol] = entry if before is None else _merged(before, entry)


def _merged(before: Document, later: Document) -> Document:
    values: dict[str, Any] = {}
    for name in (member.name for member in fields(Document)):
        new = getattr(later, name)
        values[name] = getattr(before, name) if new in (None, "", ()) else new
    values["rows"] = before.rows + later.rows
    values["incomplete"] = before.incomplete + later.incomplete if values["adopted"] is None else []
    return Document(**values)


def _told(document: Document) -> Iterator[Row]:
    if document.adopted is None:
        yield from (replace(entry, late=True) for entry in document.incomplete)
    else:
        yield Published(_event(document, document.adopted.value))
        yield from (Merged() for _ in range(document.rows - 1))


def _event(document: Document, adopted: date) -> Event:
    mission = single_mission(document.title)
    country = agenda_country(document.agenda) or (MISSIONS.get(mission) if mission else None)
    mended = (value.repairs for value in (document.adopted, document.votes) if value is not None)
    publish_time = midnight(adopted, days_later=1)
    return check_event(
        {
            "id": f"{COUNCIL}:{document.symbol.replace(' ', '')}",
            "source": COUNCIL,
            "type": "statement" if document.kind is Kind.STATEMENT else "resolution",
            # The day of a termination stands in the text alone: an entry that has it wins over one that has it not.
            "sequence": f"{publish_time}+text" if document.terminated else None,
            "title": document.title or document.symbol,
            "description": document.agenda,
            "event_time": {"start": midnight(adopted), "end": publish_time, "precision": "day"},
            "publish_time": publish_time,
            "publish_time_basis": "assumed",
            "place": {"country": country, "precision": "country"} if country else None,
            "mission": mission,
            "repairs": [*document.repairs, *chain.from_iterable(mended)],
            "resolution": None if document.kind is Kind.STATEMENT else _resolution(document, mission),
        }
    )


def _resolution(document: Document, mission: str | None) -> dict[str, object]:
    adopted = document.kind is Kind.RESOLUTION
    until = document.terminated or mandate_end(document.title) if adopted else None
    votes = document.votes
    return {
        "symbol": document.symbol,
        "outcome": "adopted" if adopted else "rejected",
        "mission": mission,
        "mandate_end": until.isoformat() if until else None,
        "chapter_vii": document.chapter_vii,
        "votes": votes and dict(zip(("for", "against", "abstaining"), votes.value, strict=True)),
    }
