"""Coups of the Cline Center: ids made alike, countries of living and dead states, days that are not known."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest

from producers.rows import Position

from .reading import RECORDED, Outcome, content_of, csv_line, read, table, with_cells

CONTENT = {release: content_of(RECORDED / f"cline-coups.{release}.csv") for release in ("2.0.0", "2.1.2")}
HEADER = CONTENT["2.1.2"].partition(b"\n")[0] + b"\n"
ROW = table(CONTENT["2.1.2"])[0]
OUTCOMES = {"coup": "realised", "attempted": "attempted", "conspiracy": "conspiracy"}


def outcome_of(*lines: bytes) -> Outcome:
    return read("cline-coups", HEADER + b"".join(lines))


def event_of(**changes: str) -> dict[str, Any]:
    outcome = outcome_of(with_cells(ROW, **changes))
    (event,) = outcome.events
    return outcome.document(event.id)


def identity(key: str) -> str:
    """The id by hand: letters to numbers, then zeros in front."""
    number, _, part = key.replace("a", "_1").replace("b", "_2").partition("_")
    return number.rjust(11, "0") + (f"_{part}" if part else "")


@pytest.mark.parametrize("release", CONTENT)
def test_every_release_gives_what_plain_csv_reads(release: str) -> None:
    rows, outcome = table(CONTENT[release]), read("cline-coups", CONTENT[release])
    assert len(rows) >= 50
    assert not outcome.dead
    assert [event.id for event in outcome.events] == [f"cline-coups:{identity(row['coup_id'])}" for row in rows]
    for row in rows:
        document = outcome.document(f"cline-coups:{identity(row['coup_id'])}")
        day = date(int(row["year"]), int(row["month"]), int(row["day"]))
        end = f"{day + timedelta(days=1)}T00:00:00Z"
        assert document["event_time"] == {"start": f"{day}T00:00:00Z", "end": end, "precision": "day"}
        assert (document["publish_time"], document["publish_time_basis"]) == (end, "assumed")
        assert document["coup"] == {"outcome": OUTCOMES[row["event_type"]]}
        assert (document["type"], document["coding"]) == ("coup", "human")
        assert not {"killed", "injured", "sequence", "actors"} & document.keys()


def test_ids_of_the_two_releases_meet() -> None:
    old, new = ({event.id for event in read("cline-coups", content).events} for content in CONTENT.values())
    assert {"cline-coups:53002031977_1", "cline-coups:53002031977_2", "cline-coups:00201211948"} <= old
    assert {"cline-coups:53002031977_1", "cline-coups:53002031977_2"} <= new


def test_an_id_is_never_made_of_the_columns() -> None:
    """In release 2.0.0 the id of a conspiracy in Afghanistan says 30 January 1973, the columns 26 November 1976."""
    document = read("cline-coups", CONTENT["2.0.0"]).document("cline-coups:70011301973")
    assert document["event_time"]["start"] == "1976-11-26T00:00:00Z"
    assert event_of(coup_id="37205001999", year="1999", month="5", day="22")["id"] == "cline-coups:37205001999"


COUNTRIES = """
    2 USA; 255 DEU; 260 DEU; 265 DEU; 315 CZE; 316 CZE; 340 SRB; 345 SRB; 347 XKX; 365 RUS; 393 RUS; 403 STP; 432 MLI;
    490 COD; 511 TZA; 565 NAM; 678 YEM; 679 YEM; 680 YEM; 816 VNM; 817 VNM; 946 KIR; 947 TUV; 955 TON; 970 NRU; 711 -;
    971 -; 396 -
"""


@pytest.mark.parametrize("year", ["1948", "1989", "2005"])
@pytest.mark.parametrize("pair", COUNTRIES.split(";"))
def test_numbers_of_living_and_dead_states_are_countries_of_today(pair: str, year: str) -> None:
    number, country = pair.split()
    cells = {"cowcode": number, "coup_id": f"{number:0>3}0101{year}", "year": year, "month": "1", "day": "1"}
    if country == "-":
        (letter,) = outcome_of(with_cells(ROW, **cells)).dead
        assert letter.field == "place.country"
    else:
        assert event_of(**cells)["place"] == {"country": country, "precision": "country"}


@pytest.mark.parametrize("number", ["", "999", "xx", "43.2", "²"])
def test_an_unknown_number_gives_way_to_the_first_three_digits_of_the_id(number: str) -> None:
    document = event_of(cowcode=number, coup_id="4001011959", country="Cuba")
    assert (document["id"], document["place"]["country"]) == ("cline-coups:04001011959", "CUB")


def test_a_name_that_contradicts_the_number_is_mended() -> None:
    """Release 2.0.0 calls the Philippines Zimbabwe once; its number, its id and the later release do not."""
    document = read("cline-coups", CONTENT["2.0.0"]).document("cline-coups:84011292007")
    assert (document["title"], document["place"]["country"]) == ("Attempted coup in Philippines", "PHL")
    assert document["repairs"] == ["country"]
    assert event_of(country="Surinam", cowcode="115")["title"].endswith("in Surinam")


@pytest.mark.parametrize(
    ("month", "day", "interval"),
    [
        ("2", "0", ("1960-02-01", "1960-03-01", "month")),
        ("12", "", ("1960-12-01", "1961-01-01", "month")),
        ("0", "0", ("1960-01-01", "1961-01-01", "year")),
        ("0", "17", ("1960-01-01", "1961-01-01", "year")),
        ("02", "29", ("1960-02-29", "1960-03-01", "day")),
    ],
)
def test_a_month_or_day_of_zero_is_not_known(month: str, day: str, interval: tuple[str, str, str]) -> None:
    document = event_of(year="1960", month=month, day=day)
    start, end, precision = interval
    assert document["event_time"] == {"start": f"{start}T00:00:00Z", "end": f"{end}T00:00:00Z", "precision": precision}
    assert document["publish_time"] == f"{end}T00:00:00Z"


def test_flags_of_people_are_no_numbers_and_flags_of_kind_the_method() -> None:
    document = event_of(killed="1", injured="1", military="1", dissident="0", rebel="0", palace="1", foreign="0")
    assert not {"killed", "injured"} & document.keys()
    assert document["method"].split(", ")[:2] == ["military", "palace"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"coup_id": "x"}, "id"),
        ({"coup_id": "12345678"}, "id"),
        ({"coup_id": "53002031977c"}, "id"),
        ({"event_type": "rumour"}, "coup.outcome"),
        ({"event_type": ""}, "coup.outcome"),
        ({"year": "0"}, "event_time.start"),
        ({"year": ""}, "event_time.start"),
        ({"year": "999999999999999"}, "event_time.start"),
        ({"month": "13"}, "event_time.start"),
        ({"month": "13", "day": "0"}, "event_time.start"),
        ({"month": "2", "day": "30"}, "event_time.start"),
        ({"month": "-1"}, "event_time.start"),
        ({"day": "first"}, "event_time.start"),
        ({"country": "x" * 500}, "title"),
    ],
)
def test_a_wrong_cell_makes_a_dead_letter_that_names_the_field(changes: dict[str, str], field: str) -> None:
    outcome = outcome_of(with_cells(ROW), with_cells(ROW, **changes), with_cells(ROW))
    (letter,) = outcome.dead
    assert (letter.field, letter.position) == (field, Position("file", 2, 3))
    assert len(outcome.events) == 2


def test_a_cut_line_or_an_open_quote_costs_its_own_row_only() -> None:
    for release, content in CONTENT.items():
        lines = content.splitlines(keepends=True)
        for end in range(1, len(lines[2]) - 4):
            outcome = read("cline-coups", lines[0] + lines[1] + lines[2][:end] + b"\n" + lines[3])
            assert len(outcome.events) >= 2, (release, lines[2][:end])
            assert len(outcome.rows) == 3


def test_columns_are_bound_by_name() -> None:
    names = list(reversed(ROW))
    content = csv_line(names) + csv_line([ROW[name] for name in names])
    assert read("cline-coups", content).events == outcome_of(with_cells(ROW)).events


def test_the_two_releases_are_quoted_differently() -> None:
    """What the adapter must not depend on: 2.0.0 quotes its numbers and 2.1.2 does not."""
    first = [content.splitlines()[1] for content in CONTENT.values()]
    assert [b',"20' in line for line in first] == [True, False]
    assert all(len(next(csv.reader(io.StringIO(line.decode())))) == 29 for line in first)
