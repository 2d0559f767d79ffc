"""ACLED: both sets of columns, the types, how precise a day is, and the time of upload. All rows here are invented."""

from __future__ import annotations

from typing import Any

import pytest

from producers.acled.names import acled_actor, mission_of, short_name
from producers.rows import Position

from .reading import RECORDED, Outcome, content_of, csv_line, read, table, with_cells

CONTENT = {columns: content_of(RECORDED / f"acled.{columns}.csv") for columns in ("current", "older")}
HEADER = CONTENT["current"].partition(b"\n")[0] + b"\n"
ROW = table(CONTENT["current"])[1]
TYPES = {
    "Battles": "attack",
    "Explosions/Remote violence": "attack",
    "Violence against civilians": "attack",
    "Protests": "protest",
    "Riots": "protest",
    "Strategic developments": "statement",
}
PRECISIONS = {"1": "exact", "2": "near", "3": "admin1"}


def outcome_of(*lines: bytes) -> Outcome:
    return read("acled", HEADER + b"".join(lines))


def event_of(**changes: str) -> dict[str, Any]:
    (event,) = outcome_of(with_cells(ROW, **changes)).events
    return outcome_of(with_cells(ROW, **changes)).document(event.id)


@pytest.mark.parametrize("columns", CONTENT)
def test_both_sets_of_columns_give_what_plain_csv_reads(columns: str) -> None:
    rows, outcome = table(CONTENT[columns]), read("acled", CONTENT[columns])
    assert len(rows[0]) == 31
    assert not outcome.dead
    assert [event.id for event in outcome.events] == [f"acled:{row['event_id_cnty']}" for row in rows]
    for row in rows:
        document = outcome.document(f"acled:{row['event_id_cnty']}")
        special = {"Agreement": "agreement", "Excessive force against protesters": "attack"}
        assert document["type"] == special.get(row["sub_event_type"], TYPES[row["event_type"]])
        assert document["killed"] == {"total": {"best": int(row["fatalities"])}}
        assert (document["publish_time"], document["publish_time_basis"]) == ("2022-05-19T22:40:00Z", "stated")
        assert "sequence" not in document
        place = document["place"]
        assert (place["latitude"], place["longitude"]) == (float(row["latitude"]), float(row["longitude"]))
        assert (place["name"], place["precision"]) == (row["location"], PRECISIONS[row["geo_precision"]])
        assert document["method"] == row["sub_event_type"]
        assert document["coding"] == "human"


def test_the_two_sets_of_columns_say_the_same_of_one_event() -> None:
    current, older = ({event.id: event for event in read("acled", content).events} for content in CONTENT.values())
    assert older.keys() < current.keys()
    assert all(current[key] == event for key, event in older.items())


@pytest.mark.parametrize("kind", TYPES)
def test_six_event_types_are_three_of_ours(kind: str) -> None:
    assert event_of(event_type=kind, sub_event_type="")["type"] == TYPES[kind]


def test_excessive_force_against_protesters_is_an_attack_on_them() -> None:
    document = read("acled", CONTENT["current"]).document("acled:MLI990006")
    assert (document["type"], document["method"]) == ("attack", "Excessive force against protesters")
    assert [actor["role"] for actor in document["actors"]] == ["target", "perpetrator"]


def test_an_agreement_is_one_and_mob_violence_is_a_protest() -> None:
    outcome = read("acled", CONTENT["current"])
    assert outcome.document("acled:MLI990008")["type"] == "agreement"
    assert outcome.document("acled:MLI990007")["type"] == "protest"


@pytest.mark.parametrize("text", ["2022-03-09", "2022-03-09 00:00:00", "09 March 2022", "9-March-2022", "09-03-2022"])
def test_days_are_read_in_every_way_in_which_they_are_written(text: str) -> None:
    assert event_of(event_date=text)["event_time"] == {
        "start": "2022-03-09T00:00:00Z",
        "end": "2022-03-10T00:00:00Z",
        "precision": "day",
    }


@pytest.mark.parametrize(
    ("level", "interval"),
    [
        ("1", ("2022-02-15", "2022-02-16", "day")),
        ("2", ("2022-02-12", "2022-02-19", "week")),
        ("3", ("2022-02-01", "2022-03-01", "month")),
    ],
)
def test_a_week_is_seven_days_around_its_middle_and_a_month_all_of_it(level: str, interval: tuple[str, ...]) -> None:
    start, end, precision = interval
    found = event_of(event_date="2022-02-15", time_precision=level)["event_time"]
    assert found == {"start": f"{start}T00:00:00Z", "end": f"{end}T00:00:00Z", "precision": precision}


def test_the_time_of_upload_orders_versions_and_without_one_the_end_is_assumed() -> None:
    assert event_of(timestamp="1700000000")["publish_time"] == "2023-11-14T22:13:20Z"
    document = event_of(timestamp="")
    assert (document["publish_time"], document["publish_time_basis"]) == (document["event_time"]["end"], "assumed")


def test_fatalities_are_the_best_estimate_and_nothing_else_is_known_of_them() -> None:
    assert event_of(fatalities="0")["killed"] == {"total": {"best": 0}}
    assert "killed" not in event_of(fatalities="")
    assert "injured" not in event_of()


@pytest.mark.parametrize(
    ("cells", "country"),
    [
        ({"iso": "466", "country": "anything"}, "MLI"),
        ({"iso": "4", "country": "Afghanistan"}, "AFG"),
        ({"iso": "516.0", "country": "Namibia"}, "NAM"),
        ({"iso": "0", "country": "Kosovo"}, "XKX"),
        ({"iso": "", "country": "Democratic Republic of Congo"}, "COD"),
        ({"iso": "", "country": "Ivory Coast"}, "CIV"),
        ({"iso": "275", "country": "Palestine"}, "PSE"),
    ],
)
def test_a_country_has_an_iso_number_or_a_name(cells: dict[str, str], country: str) -> None:
    assert event_of(**cells)["place"]["country"] == country


def test_roles_are_told_only_where_they_are_certain() -> None:
    roles = {
        event.id.rpartition("99000")[2]: [actor.role for actor in event.actors]
        for event in read("acled", CONTENT["older"]).events
    }
    assert roles["1"] == ["belligerent", "belligerent"]
    assert roles["2"] == ["perpetrator", "target", "target", "target"]
    assert roles["4"] == ["target", "perpetrator"]
    assert set(roles["5"] + roles["7"] + roles["8"]) == {"participant"}


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("JNIM: Group for Support of Islam and Muslims", "jnim"),
        ("Military Forces of Mali (2020-)", "fama"),
        ("Government of Mali (2012-2020)", "gov-mli"),
        ("Government of Mali (-2012)", "gov-mli"),
        ("Civilians (Mali)", "civilians"),
        ("MINUSMA: United Nations Multidimensional Integrated Stabilization Mission in Mali (2013-2023)", "minusma"),
        ("UNMIN: United Nations Mission in Nepal (2007-2011)", "unmin"),
        ("Protesters (Mali)", "protesters-mali"),
        ("XYZ: Nobody's Front", "xyz-nobodys-front"),
    ],
)
def test_actors_have_the_ids_that_other_feeds_give_them(name: str, identity: str) -> None:
    assert acled_actor(name) == identity


def test_a_mission_is_named_only_where_there_is_one() -> None:
    outcome = read("acled", CONTENT["current"])
    assert outcome.document("acled:MLI990003")["mission"] == "MINUSMA"
    assert outcome.document("acled:DRC990012")["mission"] == "MONUSCO"
    assert "mission" not in outcome.document("acled:MLI990001")
    assert mission_of(["MINUSMA: a", "MONUSCO: b"]) is None
    assert short_name("Military Forces of France (2017-) Operation Barkhane") == (
        "Military Forces of France Operation Barkhane"
    )


def test_a_title_has_short_names() -> None:
    titles = [event.title for event in read("acled", CONTENT["current"]).events]
    assert titles[0] == "Armed clash: Military Forces of Mali - JNIM, Placeville"
    assert titles[4] == "Peaceful protest: Protesters (Mali), Bamako"


def test_notes_are_the_description_and_short() -> None:
    first = read("acled", CONTENT["current"]).document("acled:MLI990001")
    assert first["description"] == 'An invented clash, told over\ntwo lines, with "quotes".'
    assert len(event_of(notes="x" * 400)["description"]) == 300


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"event_id_cnty": "4111"}, "id"),
        ({"event_id_cnty": ""}, "id"),
        ({"event_date": "03/09/2022"}, "event_time.start"),
        ({"event_date": "31-02-2022"}, "event_time.start"),
        ({"event_date": "09 Brumaire 2022"}, "event_time.start"),
        ({"event_date": "0001-01-01", "time_precision": "2"}, "event_time"),
        ({"event_date": "9999-12-31"}, "event_time"),
        ({"time_precision": "4"}, "event_time.precision"),
        ({"time_precision": ""}, "event_time.precision"),
        ({"event_type": "Rumours"}, "type"),
        ({"timestamp": "soon"}, "publish_time"),
        ({"timestamp": "999999999999999"}, "publish_time"),
        ({"timestamp": "1600000000"}, "publish_time"),
        ({"fatalities": "several"}, "killed.total.best"),
        ({"fatalities": "-1"}, "killed.total.best"),
        ({"geo_precision": "0"}, "place.precision"),
        ({"latitude": "95"}, "place.latitude"),
        ({"iso": "999", "country": "Atlantis"}, "place.country"),
        ({"country": "x" * 500}, "place.country"),
        ({"actor1": "x" * 5000}, "actors"),
    ],
)
def test_a_wrong_cell_makes_a_dead_letter_that_names_the_field(changes: dict[str, str], field: str) -> None:
    outcome = outcome_of(with_cells(ROW), with_cells(ROW, **changes), with_cells(ROW, event_id_cnty="MLI7"))
    (letter,) = outcome.dead
    assert (letter.field, letter.position) == (field, Position("file", 2, 3))
    assert len(outcome.events) == 2


def test_a_cut_line_or_an_open_quote_costs_its_own_row_only() -> None:
    for content in CONTENT.values():
        names, rows = list(table(content)[0]), table(content)
        lines = [csv_line([row[name] for name in names]) for row in rows]
        for end in range(1, len(lines[0]) - 14):
            outcome = read("acled", csv_line(names) + lines[1] + lines[0][:end] + b"\n" + lines[2] + lines[3])
            assert len(outcome.events) == 3, lines[0][:end]
            assert b"\n".join(letter.raw for letter in outcome.dead).rstrip(b"\n") == lines[0][:end].rstrip(b"\n")


def test_a_tag_row_is_no_data_row_and_more_columns_do_no_harm() -> None:
    names = [*ROW, "population_1km", "iso3"]
    tags = ["#" + name for name in names]
    row = [*ROW.values(), "", "MLI"]
    content = csv_line(names) + csv_line(tags) + csv_line(row)
    assert read("acled", content).events == outcome_of(with_cells(ROW)).events
