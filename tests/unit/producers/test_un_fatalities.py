"""UN fatalities: rows of one mission, day and type of incident are one event. Expected values come from plain csv."""

from __future__ import annotations

from collections import defaultdict

import pytest

from producers.codes.missions import MISSIONS
from producers.rows import Held, Merged, Position

from .reading import RECORDED, Outcome, content_of, read, table, with_cells

CONTENT = content_of(RECORDED / "un-fatalities.csv")
HEADER = CONTENT.partition(b"\n")[0] + b"\n"
ROWS = table(CONTENT)
ROW = ROWS[0]
PEACEKEEPERS = {"Military", "Police", "Military Observer"}
CIVILIANS = {"International Civilian", "Local"}


def outcome_of(*lines: bytes) -> Outcome:
    return read("un-fatalities", HEADER + b"".join(lines))


def person(number: int, **changes: str) -> bytes:
    return with_cells(ROW, casualty_id=f"X-{number}", **changes)


def test_every_event_has_the_dead_that_plain_csv_counts() -> None:
    persons: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
    for row in ROWS:
        key = (row["mission_acronym"], row["incident_date"], row["type_of_incident"])
        persons[key].setdefault(row["casualty_id"], row["casualty_personnel_type"].strip())
    outcome = read("un-fatalities", CONTENT)
    assert not outcome.dead
    assert len(outcome.events) == len(persons)
    assert sum(map(len, persons.values())) == len(ROWS) - 6
    for (mission, day, kind), dead in persons.items():
        document = outcome.document(f"un-fatalities:{mission}:{day}:{kind}")
        groups = {
            "total": len(dead),
            "peacekeepers": sum(group in PEACEKEEPERS for group in dead.values()),
            "civilians": sum(group in CIVILIANS for group in dead.values()),
            "other": sum(group not in PEACEKEEPERS | CIVILIANS for group in dead.values()),
        }
        assert document["killed"] == {name: {"low": n, "best": n, "high": n} for name, n in groups.items()}
        assert document["type"] == ("attack" if kind == "Malicious Act" else "fatality")
        assert document["event_time"]["start"] == f"{day}T00:00:00Z"
        assert document["event_time"]["precision"] == "day"
        assert (document["sequence"], document["publish_time"]) == ("2023-11-28", "2023-11-28T00:00:00Z")
        assert document["publish_time_basis"] == "stated"
        assert document["mission"] == mission


def test_a_file_is_of_one_day_the_latest_that_any_of_its_rows_names() -> None:
    older = person(1, last_update="2023-10-01", incident_date="2020-01-01")
    newer = person(2, last_update="2023-11-28", incident_date="2020-01-02")
    for event in outcome_of(older, newer).events:
        assert event.sequence == "2023-11-28"
        assert event.publish_time.isoformat() == "2023-11-28T00:00:00+00:00"


def test_each_row_is_held_and_then_an_event_or_part_of_one() -> None:
    outcome = read("un-fatalities", CONTENT)
    assert outcome.counted(Held) == len(ROWS)
    assert len(outcome.events) + outcome.counted(Merged) == len(ROWS)


def test_a_person_listed_twice_is_one_even_under_another_day() -> None:
    outcome = outcome_of(person(1), person(1, casualty_nationality="Other"), person(1, incident_date="2001-01-01"))
    (event,) = outcome.events
    assert event.killed is not None
    assert event.killed.total is not None
    assert event.killed.total.best == 1
    assert outcome.counted(Merged) == 2


def test_rows_of_one_event_may_stand_anywhere() -> None:
    lines = [person(1), person(2, incident_date="2001-01-01"), person(3)]
    assert {event.id for event in outcome_of(*lines).events} == {event.id for event in outcome_of(*lines[::-1]).events}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"incident_date": "2001-13-01"}, "event_time.start"),
        ({"incident_date": ""}, "event_time.start"),
        ({"incident_date": "2024-01-01"}, "event_time.start"),
        ({"incident_date": "9999-12-31", "last_update": "9999-12-31"}, "event_time"),
        ({"last_update": "soon"}, "publish_time"),
        ({"casualty_id": " "}, "id"),
        ({"mission_acronym": ""}, "mission"),
        ({"mission_acronym": "X" * 101}, "mission"),
        ({"type_of_incident": ""}, "type"),
        ({"type_of_casualty": "Injury"}, "killed"),
    ],
)
def test_a_wrong_cell_makes_a_dead_letter_that_names_the_field(changes: dict[str, str], field: str) -> None:
    outcome = outcome_of(person(1), with_cells(ROW, **changes), person(2))
    (letter,) = outcome.dead
    assert (letter.field, letter.position) == (field, Position("file", 2, 3))
    assert outcome.counted(Held) == 2


def test_a_cut_line_swallows_nothing() -> None:
    for end in range(1, len(person(2)) - 4):
        outcome = outcome_of(person(1), person(2)[:end] + b"\n", person(3))
        assert outcome.counted(Held) + len(outcome.dead) == 3
        assert outcome.events[0].id.startswith("un-fatalities:")


def test_a_quote_that_is_never_closed_swallows_nothing() -> None:
    outcome = outcome_of(person(1), person(2, mission_acronym='"')[:-1].replace(b'""""', b'"') + b"\n", person(3))
    assert (outcome.counted(Held), len(outcome.dead)) == (2, 1)


def test_a_mission_in_one_country_has_a_place_and_one_in_several_has_none() -> None:
    placed = {"MINUSMA": "MLI", "UNMIK": "XKX", "UNMISS": "SSD", "UNTSO": None, "UNISFA": None, "NEW": None}
    for mission, country in placed.items():
        document = outcome_of(person(1, mission_acronym=mission)).events[0]
        assert (document.place.country if document.place else None) == country
        assert MISSIONS.get(mission) == country


def test_days_before_1970_work() -> None:
    assert outcome_of(person(1, incident_date="1948-07-06")).events[0].id.split(":")[2] == "1948-07-06"
