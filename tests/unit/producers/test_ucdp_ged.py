"""UCDP GED: every layout by name, every bad row with its reason. Expected values come from plain csv."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest

from producers.rows import Position

from .reading import RECORDED, Outcome, content_of, csv_line, read, table, with_cells

LAYOUTS = ["global-42", "global-49", "global-49-crlf", "country-extract", "website-export"]
GLOBAL = content_of(RECORDED / "ucdp-ged.global-49.csv")
HEADER = GLOBAL.partition(b"\n")[0] + b"\n"
ROW = table(GLOBAL)[0]
GOOD = [with_cells(row) for row in table(GLOBAL)]
PRECISIONS = {"1": "exact", "2": "near", "3": "admin2", "4": "admin1", "5": "area", "6": "country", "7": "sea"}


def outcome_of(*lines: bytes) -> Outcome:
    return read("ucdp-ged", HEADER + b"".join(lines))


def event_of(**changes: str) -> dict[str, Any]:
    return outcome_of(with_cells(ROW, **changes)).document("ucdp-ged:" + (changes.get("id") or ROW["id"]).split(".")[0])


def refusal(**changes: str) -> tuple[str | None, str]:
    (letter,) = outcome_of(with_cells(ROW, **changes)).dead
    return letter.field, letter.reason


def days(row: dict[str, str]) -> tuple[str, str]:
    """First day and the day after the last, by splitting text."""
    found = []
    for name in ("date_start", "date_end"):
        text = row[name].split()[0]
        month, day, year = text.split("/") if "/" in text else (*text.split("-")[1:], text[:4])
        found.append(date(int(year), int(month), int(day)))
    return f"{found[0]}T00:00:00Z", f"{found[1] + timedelta(days=1)}T00:00:00Z"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_what_plain_csv_reads(layout: str) -> None:
    content = content_of(RECORDED / f"ucdp-ged.{layout}.csv")
    outcome = read("ucdp-ged", content)
    rows = table(content)
    assert len(rows) >= 30
    assert not outcome.dead
    assert len(outcome.events) == len(rows)
    for row in rows:
        document = outcome.document(f"ucdp-ged:{row['id']}")
        start, end = days(row)
        precision = "day" if row["date_prec"] == "1" else "range"
        assert document["event_time"] == {"start": start, "end": end, "precision": precision}
        assert (document["publish_time"], document["publish_time_basis"]) == (end, "assumed")
        low, best, high = (int(row.get(name) or row[f"{name}_est"]) for name in ("low", "best", "high"))
        three = sorted((low, best, high))
        in_order = three == [low, best, high]
        assert document["killed"]["total"] == {"low": three[0], "best": best, "high": three[2]}
        assert document.get("repairs", []) == ([] if in_order else ["estimates"])
        assert document["killed"]["civilians"] == {"best": int(row["deaths_civilians"])}
        place = document["place"]
        assert (place["latitude"], place["longitude"]) == (float(row["latitude"]), float(row["longitude"]))
        assert place["precision"] == PRECISIONS[row["where_prec"]]
        assert place.get("admin1") == (row["adm_1"].strip() or None)
        assert row["dyad_name"].strip() in document["title"]
        assert document["type"] == "attack"
        assert document["coding"] == "human"
        assert not {"sequence", "links", "method", "mission"} & document.keys()


def test_rows_out_of_order_are_repaired_around_the_best_estimate() -> None:
    rows = table(GLOBAL)
    assert sum(not int(row["low"]) <= int(row["best"]) <= int(row["high"]) for row in rows) == 7
    assert event_of(low="5", best="3", high="2")["killed"]["total"] == {"low": 2, "best": 3, "high": 5}
    assert event_of(low="5", best="", high="2")["killed"]["total"] == {"low": 2, "high": 5}
    assert "total" not in event_of(low="", best="", high="")["killed"]


def test_the_two_layouts_of_one_event_say_the_same() -> None:
    """The website export names columns, days and booleans differently, and ends each row with a comma."""
    names = list(ROW)[:-2]
    exported = dict(ROW, date_start="01/03/2013 00:00:00", date_end="01/03/2013 00:00:00", active_year="True")
    header = ",".join(name + "_est" if name in ("best", "high", "low") else name for name in names).encode() + b"\n"
    line = csv_line([*(exported[name] for name in names), ""])
    own = dict(ROW, date_start="2013-01-03 00:00:00.000", date_end="2013-01-03 00:00:00.000")
    assert read("ucdp-ged", header + line).events == outcome_of(csv_line(list(own.values()))).events


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"latitude": "95"}, "place.latitude"),
        ({"longitude": "-180.5"}, "place.longitude"),
        ({"latitude": "nan"}, "place.latitude"),
        ({"latitude": "12_5"}, "place.latitude"),
        ({"country_id": "9999"}, "place.country"),
        ({"country_id": ""}, "place.country"),
        ({"country_id": "Mali"}, "place.country"),
        ({"where_prec": "9"}, "place.precision"),
        ({"type_of_violence": "4"}, "type"),
        ({"id": "one"}, "id"),
        ({"id": ""}, "id"),
        ({"best": "many"}, "killed.total.best"),
        ({"low": "-1", "best": "0", "high": "1"}, "killed.total.low"),
        ({"high": "4.5"}, "killed.total.high"),
        ({"best": "1_0"}, "killed.total.best"),
        ({"best": "²"}, "killed.total.best"),
        ({"high": "99999999999"}, "killed.total.high"),
        ({"deaths_civilians": "x"}, "killed.civilians.best"),
        ({"date_start": "2013-02-30 00:00:00.000"}, "event_time.start"),
        ({"date_start": "01/03/2013"}, "event_time.start"),
        ({"date_end": "1988-01-01"}, "event_time.end"),
        ({"date_end": "9999-12-31"}, "event_time"),
        ({"date_prec": "0"}, "event_time.precision"),
        ({"side_a": "", "side_b": " "}, "actors"),
        ({"side_a": "x" * 5000}, "actors"),
        ({"adm_1": "x" * 5000}, "place.admin1"),
        ({"date_prec": "1" + " " * 100}, "event_time.precision"),
        ({"date_start": "2013-01-03" + " " * 100}, "event_time.start"),
    ],
)
def test_a_wrong_cell_makes_a_dead_letter_that_names_the_field(changes: dict[str, str], field: str) -> None:
    assert refusal(**changes)[0] == field


def test_numbers_with_a_decimal_point_of_nothing_are_whole() -> None:
    document = event_of(id="15960.0", best="3.0", low="2.0", high="4.", country_id=f"{ROW['country_id']}.0")
    assert document["killed"]["total"] == {"low": 2, "best": 3, "high": 4}


def test_a_cut_line_is_one_dead_letter_and_nothing_after_it_is_lost() -> None:
    """Cut at every byte: outside quotes, inside them, in the middle of a letter."""
    victim = next(line for line in GOOD if line.count(b"\n") > 1 or line.count(b'"') > 8)
    for end in range(1, len(victim) - 8):
        outcome = outcome_of(GOOD[0], victim[:end] + b"\n", GOOD[1], GOOD[2])
        assert len(outcome.events) == 3, victim[:end]
        assert b"\n".join(letter.raw for letter in outcome.dead) == victim[:end].rstrip(b"\n")


def test_a_quote_too_many_costs_its_own_row_at_most() -> None:
    for place in range(1, len(GOOD[0]) - 1, 7):
        damaged = GOOD[0][:place] + b'"' + GOOD[0][place:]
        outcome = outcome_of(GOOD[1], damaged, GOOD[2])
        assert {GOOD[1].split(b",")[0], GOOD[2].split(b",")[0]} <= {
            event.id.partition(":")[2].encode() for event in outcome.events
        }
        assert len(outcome.events) + len(outcome.dead) == 3


def test_dead_letters_keep_position_and_bytes() -> None:
    several_lines = with_cells(ROW, source_headline="a\nb")
    bad = with_cells(ROW, latitude="95")
    outcome = outcome_of(several_lines, b"\n", bad, b"cut\n")
    assert [letter.position for letter in outcome.dead] == [Position("file", 2, 5), Position("file", 3, 6)]
    assert [letter.raw + b"\n" for letter in outcome.dead] == [bad, b"cut\n"]
    assert outcome.dead[1].reason == "expected 49 cells, found 1"


def test_bytes_that_are_no_utf_8_are_replaced_and_said_so() -> None:
    line = with_cells(ROW, where_coordinates="Caf\xe9X").replace("\xe9".encode(), b"\xe9")
    document = outcome_of(line).document(f"ucdp-ged:{ROW['id']}")
    assert document["place"]["name"] == "Caf�X"
    assert document["repairs"] == ["encoding", "estimates"]


def test_nul_bytes_and_rows_over_the_limit_are_dead_letters() -> None:
    nul = with_cells(ROW, where_coordinates="a\0b")
    long = with_cells(ROW, source_original="x" * (1 << 20))
    wide = b"1," * 100_000 + b"\n"
    outcome = outcome_of(nul, long, wide, GOOD[1])
    assert [letter.reason.split(":")[0] for letter in outcome.dead] == [
        "the record has a NUL byte",
        "the record is too long",
        "expected 49 cells, found 100001",
    ]
    assert len(outcome.dead[1].raw) == 64 << 10
    assert outcome.dead[1].length == len(long) - 1
    assert len(outcome.events) == 1


def test_a_cell_may_be_longer_than_csv_allows_by_default() -> None:
    outcome = outcome_of(with_cells(ROW, source_original="x" * 500_000))
    assert len(outcome.events) == 1


STATES = """
    260 DEU; 265 DEU; 315 CZE; 340 SRB; 345 SRB; 347 XKX; 432 MLI; 490 COD; 565 NAM; 625 SDN; 626 SSD; 678 YEM;
    680 YEM; 713 TWN; 816 VNM; 817 VNM
"""


@pytest.mark.parametrize("state", STATES.split(";"))
def test_gleditsch_ward_numbers_become_iso_codes(state: str) -> None:
    number, country = state.split()
    assert event_of(country_id=number)["place"]["country"] == country


def test_roles_say_who_attacked_whom_only_where_the_feed_does() -> None:
    sides = {"side_a": "JNIM", "side_b": "Civilians"}
    assert event_of(type_of_violence="3", **sides)["actors"] == [
        {"id": "jnim", "name": "JNIM", "role": "perpetrator"},
        {"id": "civilians", "name": "Civilians", "role": "target"},
    ]
    sides = {"side_a": "Government of Myanmar (Burma)", "side_b": "KNU, DKBA 5, KNU"}
    assert event_of(type_of_violence="1", **sides)["actors"] == [
        {"id": "gov-mmr", "name": "Government of Myanmar (Burma)", "role": "belligerent"},
        {"id": "knu", "name": "KNU", "role": "belligerent"},
        {"id": "dkba-5", "name": "DKBA 5", "role": "belligerent"},
    ]


@pytest.mark.parametrize(
    ("country", "name", "code"),
    [
        ("432", "Kidal region", "ML-8"),
        ("70", "Nuevo León state", "MX-NLE"),
        ("625", "South Darfur state", "SD-DS"),
        ("625", "Southern Darfur state", None),
        ("775", "Sagaing District", None),
        ("645", "Nīnawá province", "IQ-NI"),
        ("565", "Khomas", "NA-KH"),
    ],
)
def test_a_division_has_a_code_only_where_its_name_is_certain(country: str, name: str, code: str | None) -> None:
    place = event_of(country_id=country, adm_1=name)["place"]
    assert (place["admin1"], place.get("admin1_code")) == (name, code)


def test_the_headline_is_the_description_and_short() -> None:
    assert event_of(source_headline=" One. ")["description"] == "One."
    assert "description" not in event_of(source_headline="")
    text = event_of(source_headline="x" * 400)["description"]
    assert (len(text), text[-1]) == (300, "…")


def test_a_day_known_to_the_day_that_lasts_longer_is_a_range() -> None:
    document = event_of(date_prec="1", date_start="2013-01-03", date_end="2013-01-05")
    assert document["event_time"] == {
        "start": "2013-01-03T00:00:00Z",
        "end": "2013-01-06T00:00:00Z",
        "precision": "range",
    }


def test_columns_are_bound_by_name() -> None:
    names = list(ROW)
    shuffled = ["index", *reversed(names)]
    content = csv_line(shuffled) + csv_line(["0", *(ROW[name] for name in reversed(names))])
    assert read("ucdp-ged", content).events == outcome_of(with_cells(ROW)).events


def test_a_tag_row_is_no_data_row() -> None:
    content = content_of(RECORDED / "ucdp-ged.country-extract.csv")
    lines = list(csv.reader(io.StringIO(content.decode(), newline="")))
    assert any(cell.startswith("#") for cell in lines[1])
    assert len(read("ucdp-ged", content).rows) == len(lines) - 2


def test_the_same_file_gives_the_same_rows_each_time() -> None:
    assert read("ucdp-ged", GLOBAL) == read("ucdp-ged", GLOBAL)
