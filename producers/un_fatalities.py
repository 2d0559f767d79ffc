"""Fatalities of United Nations missions: a row is one dead person, an event a mission's dead of a day and a cause.

Source: the UN Peace and Security Data Hub's dataset DPPADPOSS-FATALITIES as CSV, or as its API answers (JSON, days in
milliseconds since 1970). A file is a complete statement of its
day, `last_update`: that is the sequence and the publish_time of all its events. The events are told at the end of the
file, because their rows stand anywhere in it; what is kept until then is a number for each event and the persons' ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import BinaryIO, Final

from producers.codes.actors import actor_id
from producers.codes.missions import MISSIONS
from producers.reading.json_tables import JsonTable, Members, object_starts
from producers.reading.row_by_row import told_of_rows
from producers.reading.sources import Source
from producers.reading.tables import Cells, Table
from producers.reading.values import day, midnight, shown
from producers.recognise import FATALITIES, FATALITIES_JSON, require
from producers.rows import Held, Merged, Published, Row
from schemas.errors import BadInput
from schemas.event import Event, check_event

_COLUMNS: Final = (
    *("casualty_id", "mission_acronym", "incident_date", "type_of_incident", "casualty_personnel_type", "last_update"),
    "type_of_casualty",
)
_TELLING: Final = {"id": r"\d{1,9}", "incident_date": r"\d{4}-\d\d-\d\d"}
_OBJECTS: Final = object_starts("id", *_COLUMNS)
_EPOCH: Final = date(1970, 1, 1)
_ATTACK: Final = "Malicious Act"
_GROUPS: Final = {
    "Military": "peacekeepers",
    "Police": "peacekeepers",
    "Military Observer": "peacekeepers",
    "International Civilian": "civilians",
    "Local": "civilians",
}


@dataclass(slots=True)
class _Incident:
    """The dead of one mission, day and type of incident so far; days as YYYY-MM-DD."""

    mission: str
    day: str
    kind: str
    last_update: str = ""
    peacekeepers: int = 0
    civilians: int = 0
    other: int = 0
    rows: int = 0
    repairs: tuple[str, ...] = ()


def parse(stream: BinaryIO, file: str) -> Iterator[Row]:
    """Yield Held for each good row, then each event, and Merged for each further row of it.

    Raises:
        Failed: it is a file of another feed, or an array that is cut.
    """
    source = Source(stream, file)
    from_api = require(source, FATALITIES) == FATALITIES_JSON
    table = JsonTable(source, _OBJECTS, _with_days) if from_api else Table(source, _TELLING)
    incidents: dict[tuple[str, str, str], _Incident] = {}
    persons: dict[str, _Incident] = {}
    yield from told_of_rows(table.rows(_COLUMNS), lambda row: _add(row, incidents, persons))
    # A file is of one day, even if some of its rows say that they were last touched earlier.
    published = max((incident.last_update for incident in incidents.values()), default="")
    for incident in incidents.values():
        yield Published(_event(incident, published))
        for _ in range(incident.rows - 1):
            yield Merged()


def _with_days(members: Members) -> Members:
    """Return an object of the API with its two days as CSV has them; negative milliseconds lie before 1970."""
    days = {}
    for name, field in (("incident_date", "event_time.start"), ("last_update", "publish_time")):
        moment = members.get(name)
        if isinstance(moment, int | float) and not isinstance(moment, bool):
            try:
                days[name] = (_EPOCH + timedelta(milliseconds=moment)).isoformat()
            except OverflowError as error:
                raise BadInput(f"{shown(str(moment))} milliseconds are no day of the calendar", field) from error
    return {**members, **days}


def _add(row: Cells, incidents: dict[tuple[str, str, str], _Incident], persons: dict[str, _Incident]) -> Held:
    person, mission, date_text, kind, personnel, update_text, casualty = (cell.strip() for cell in row.values)
    happened, last_update = day(date_text, "event_time.start"), day(update_text, "publish_time")
    for text, field in ((person, "id"), (mission, "mission"), (kind, "type")):
        if not 0 < len(text) <= 100:
            raise BadInput(f"expected a text of 1 to 100 letters, found {shown(text)}", field)
    if casualty not in ("Fatality", ""):
        raise BadInput(f"expected a fatality, found {shown(casualty)}", "killed")
    if happened > last_update:
        raise BadInput(f"incident_date {happened} is after last_update {last_update}", "event_time.start")
    midnight(happened, days_later=1)  # what has no end is refused here, where its row is at hand
    key = (mission, happened.isoformat(), kind)
    # A person can be listed twice, for example under two former nationalities: the first listing counts.
    incident = persons.get(person) or incidents.setdefault(key, _Incident(*key))
    incident.rows += 1
    incident.last_update = max(incident.last_update, last_update.isoformat())
    incident.repairs = incident.repairs or row.repairs
    if person not in persons:
        persons[person] = incident
        group = _GROUPS.get(personnel, "other")
        setattr(incident, group, getattr(incident, group) + 1)
    return Held()


def _event(incident: _Incident, published: str) -> Event:
    total = incident.peacekeepers + incident.civilians + incident.other
    groups = {
        "total": total,
        "peacekeepers": incident.peacekeepers,
        "civilians": incident.civilians,
        "other": incident.other,
    }
    country = MISSIONS.get(incident.mission)
    attacked = incident.kind == _ATTACK
    start = day(incident.day, "event_time")
    return check_event(
        {
            "id": f"{FATALITIES}:{incident.mission}:{incident.day}:{incident.kind}",
            "source": FATALITIES,
            "type": "attack" if attacked else "fatality",
            "sequence": published,
            "title": f"{incident.mission}: {total} dead, {incident.kind.lower()}",
            "event_time": {"start": midnight(start), "end": midnight(start, days_later=1), "precision": "day"},
            "publish_time": f"{published}T00:00:00Z",
            "publish_time_basis": "stated",
            "place": {"country": country, "precision": "country"} if country else None,
            "actors": [
                {
                    "id": actor_id(incident.mission),
                    "name": incident.mission,
                    "role": "target" if attacked else "affected",
                }
            ],
            "mission": incident.mission,
            # Who is none of a group is known, too: 0 is a number here, not the lack of one.
            "killed": {name: {"low": n, "best": n, "high": n} for name, n in groups.items()},
            "repairs": incident.repairs,
        }
    )
