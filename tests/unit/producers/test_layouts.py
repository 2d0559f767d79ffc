"""Further layouts of the tables: numbered rows, no header, JSON and GeoJSON; all give the events of the plain table."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from producers.feeds import FEEDS
from producers.rows import DeadLetter, Published, Row
from schemas.errors import Failed

from .reading import RECORDED, content_of, read, table

GLOBAL = content_of(RECORDED / "ucdp-ged.global-49.csv")
CELLS = list(csv.reader(io.StringIO(GLOBAL.decode(), newline="")))
HEADER, ROWS = CELLS[0], CELLS[1:]
PLAIN = read("ucdp-ged", GLOBAL)
GEOJSON = content_of(RECORDED / "ucdp-ged.geojson")
FEATURES = json.loads(GEOJSON)["features"]
PERSONS = content_of(RECORDED / "un-fatalities.api.json")
NUMBERS = {"id", "year", "type_of_violence", "country_id", "best", "low", "high", "deaths_civilians", "date_prec"}


def csv_of(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def numbered(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[str(number), *row] for number, row in enumerate(rows)]


def as_floats(row: Sequence[str]) -> list[str]:
    return [f"{cell}.0" if name in NUMBERS and cell else cell for name, cell in zip(HEADER, row, strict=True)]


def objects() -> list[dict[str, Any]]:
    """The rows as an API gives them: numbers as numbers, empty cells as null."""
    return [
        {name: int(cell) if name in NUMBERS and cell else cell or None for name, cell in zip(HEADER, row, strict=True)}
        for row in ROWS
    ]


def feature(row: dict[str, Any]) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [float(row.pop("longitude")), float(row.pop("latitude"))]}
    return {"type": "Feature", "properties": row, "geometry": point}


TABLES = {
    "a nameless column of numbers": csv_of([["", *HEADER], *numbered(ROWS)]),
    "a column of numbers that was named later": csv_of([["Unnamed: 0", *HEADER], *numbered(ROWS)]),
    "numbers that the header does not count": csv_of([HEADER, *numbered(ROWS)]),
    "a tag row that is numbered": csv_of(
        [["", *HEADER], ["0", *(f"#tag+{name}" for name in HEADER)], *numbered(ROWS)],
    ),
    "whole numbers with a decimal point": csv_of([HEADER, *map(as_floats, ROWS)]),
    "no header row": csv_of(ROWS),
    "no header row, and numbers": csv_of(numbered(ROWS)),
    "what R lacks": csv_of([["", *HEADER], *([str(n), *(cell or "NA" for cell in row)] for n, row in enumerate(ROWS))]),
    "every cell quoted": b"\n".join(
        b'"' + b'","'.join(cell.replace('"', '""').encode() for cell in row) + b'"' for row in ROWS
    ),
    "columns in another order": csv_of([row[::-1] for row in CELLS]),
}
JSONS: dict[str, Callable[[], str]] = {
    "an array": lambda: json.dumps(objects()),
    "an array over lines": lambda: json.dumps(objects(), indent=2),
    "an object a line": lambda: "\n".join(map(json.dumps, objects())),
    "an API's page": lambda: json.dumps({"TotalCount": 60, "NextPageUrl": "", "Result": objects()}),
    "a collection of features": lambda: json.dumps(
        {"type": "FeatureCollection", "bbox": [0, 0, 1, 1], "features": [feature(row) for row in objects()], "n": []}
    ),
    "features whose id comes first": lambda: json.dumps(
        {
            "features": [{"id": f"{row['id']}", **feature(row)} for row in objects()],
            "type": "FeatureCollection",
        },
        indent=1,
    ),
    "features whose geometry comes first": lambda: json.dumps(
        {"type": "FeatureCollection", "features": [dict(reversed(feature(row).items())) for row in objects()]}
    ),
    "a feature a line": lambda: "\n".join(json.dumps(feature(row)) for row in objects()),
}


@pytest.mark.parametrize("layout", TABLES)
def test_every_layout_of_the_table_gives_the_same_events(layout: str) -> None:
    assert read("ucdp-ged", TABLES[layout]).events == PLAIN.events


@pytest.mark.parametrize("layout", JSONS)
def test_every_layout_of_json_gives_the_same_events(layout: str) -> None:
    outcome = read("ucdp-ged", JSONS[layout]().encode())
    assert (outcome.events, outcome.dead) == (PLAIN.events, [])
    assert read("ucdp-ged", gzip.compress(JSONS[layout]().encode())).events == PLAIN.events


def test_features_say_what_plain_json_reads() -> None:
    outcome = read("ucdp-ged", GEOJSON)
    assert len(outcome.events) == len(outcome.rows) == len(FEATURES) == 23
    for found in FEATURES:
        properties, (longitude, latitude) = found["properties"], found["geometry"]["coordinates"]
        document = outcome.document(f"ucdp-ged:{properties['id']}")
        assert document["event_time"]["start"] == properties["date_start"] + "Z"
        assert (document["place"]["longitude"], document["place"]["latitude"]) == (longitude, latitude)
        assert document["place"]["country"] == "CAF"
        assert document["killed"]["total"]["best"] == properties["best"]
        assert document["killed"]["civilians"] == {"best": properties["deaths_civilians"]}
        assert document.get("place", {}).get("admin1") == (properties["adm_1"] or None)


def test_a_feature_and_the_row_of_one_event_are_the_same_event() -> None:
    features = {event.id: event for event in read("ucdp-ged", GEOJSON).events}
    both = [event for event in PLAIN.events if event.id in features]
    assert len(both) == 2
    assert all(features[event.id] == event for event in both)


def test_a_provisional_name_is_an_actor_of_its_own() -> None:
    row = dict(zip(HEADER, ROWS[0], strict=True), side_a="XXX130", dyad_name="XXX130 - Civilians", code_status="Check")
    (event,) = read("ucdp-ged", csv_of([list(row.values())])).events
    assert (event.actors[0].id, event.actors[0].name) == ("xxx130", "XXX130")


def test_persons_of_the_api_are_those_of_the_table() -> None:
    assert read("un-fatalities", PERSONS).rows == read("un-fatalities", content_of(RECORDED / "un-fatalities.csv")).rows
    assert any(
        event.event_time and event.event_time.start.year < 1970 for event in read("un-fatalities", PERSONS).events
    )


@pytest.mark.parametrize("moment", [10**20, 10**300, -(10**17), "2001-02-30", True, [1], "x", None])
def test_a_moment_that_is_no_day_is_a_dead_letter(moment: object) -> None:
    persons = json.loads(PERSONS)
    (letter,) = read("un-fatalities", json.dumps([persons[0] | {"incident_date": moment}, *persons[1:]]).encode()).dead
    assert letter.field in ("event_time.start", None)
    assert letter.position.record == 1


def told(feed: str, content: bytes) -> tuple[list[Row], str]:
    rows: list[Row] = []
    try:
        for row in FEEDS[feed](io.BytesIO(content), "file"):
            rows.append(row)
    except Failed as error:
        return rows, str(error)
    return rows, ""


@pytest.mark.parametrize("cut", [len(GEOJSON) - 5, len(GEOJSON) // 2, GEOJSON.rindex(b",\n{") + 2])
def test_a_cut_array_is_told_after_its_rows(cut: int) -> None:
    rows, failure = told("ucdp-ged", GEOJSON[:cut])
    assert "not closed" in failure
    whole = PERSONS[: PERSONS.rindex(b", {")]
    assert "not closed" in told("un-fatalities", whole)[1]
    assert not any(isinstance(row, Published) for row in told("un-fatalities", whole)[0])
    assert sum(isinstance(row, Published) for row in rows) >= GEOJSON[:cut].count(b'"Feature"') - 1


@pytest.mark.parametrize("name", ["file start", "middle", "last"])
@pytest.mark.parametrize("lost", [b'"', b"{", b"}", b":"])
def test_a_lost_bracket_or_quote_costs_two_rows_at_most(name: str, lost: bytes) -> None:
    lines = GEOJSON.split(b"\n")
    number = {"file start": 5, "middle": 15, "last": 27}[name]
    lines[number] = lines[number].replace(lost, b"", 1)
    rows, failure = told("ucdp-ged", b"\n".join(lines))
    events = sum(isinstance(row, Published) for row in rows)
    assert len(rows) - events >= 1
    assert events >= 21
    assert not failure


def test_an_object_without_a_needed_member_is_a_dead_letter_with_its_line_and_bytes() -> None:
    lines = GEOJSON.split(b"\n")
    lines[6] = lines[6].replace(b'"country_id"', b'"land"')
    (letter,) = [row for row in told("ucdp-ged", b"\n".join(lines))[0] if isinstance(row, DeadLetter)]
    assert "lacks country_id" in letter.reason
    assert letter.position[1:] == (2, 7)
    assert letter.raw == lines[6].rstrip(b",")


def test_of_an_object_over_the_limit_the_beginning_is_kept() -> None:
    rows = objects()
    rows[1]["source_article"] = "x" * (1 << 21)
    outcome = read("ucdp-ged", json.dumps(rows).encode())
    (letter,) = outcome.dead
    assert letter.sha256 is not None
    assert letter.length > 1 << 21
    assert len(letter.raw) == 64 << 10
    assert len(outcome.events) == len(rows) - 1


def test_rows_of_another_kind_in_the_table_stay_dead_letters() -> None:
    assert len(read("ucdp-ged", csv_of([HEADER, [*ROWS[0], "more"], *ROWS[1:]])).dead) == 1
    assert len(read("ucdp-ged", csv_of([HEADER, ["x", *ROWS[0][1:], "more"], *ROWS[1:]])).dead) == 1
    assert table(GLOBAL)
