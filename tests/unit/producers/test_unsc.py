"""Security Council resolutions: entries of one id merged, dates mended, missions and mandates only where certain."""

from __future__ import annotations

import io
import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from producers.council.titles import agenda_country, mandate_end, single_mission
from producers.council.unsc import parse_together
from producers.rows import Held, Merged, Position

from .reading import RECORDED, Outcome, content_of, read

CONTENT = content_of(RECORDED / "unsc.jsonl")
ENTRIES: dict[str, dict[str, Any]] = {entry["symbol"]: entry for entry in map(json.loads, CONTENT.splitlines())}
ENTRY = ENTRIES["S/RES/2584 (2021)"]


def outcome_of(*entries: dict[str, Any]) -> Outcome:
    return read("unsc", b"".join(json.dumps(entry).encode() + b"\n" for entry in entries))


def document_of(*entries: dict[str, Any]) -> dict[str, Any]:
    outcome = outcome_of(*entries)
    (event,) = outcome.events
    return outcome.document(event.id)


def title(text: str) -> dict[str, Any]:
    return ENTRY | {"resolution_title": text}


def test_every_entry_is_a_resolution_as_plain_json_reads_it() -> None:
    outcome = read("unsc", CONTENT)
    assert len(outcome.events) == len(ENTRIES) == 19
    for symbol, entry in ENTRIES.items():
        document = outcome.document("unsc:" + symbol.replace(" ", ""))
        words = entry["adoption_date"].split()
        year = symbol[-5:-1]
        day = entry["adoption_date"][:10] if "-" in words[0] else " ".join([*words[:2], year])
        first = date.fromisoformat(day) if "-" in words[0] else datetime.strptime(day, "%d %B %Y").date()  # noqa: DTZ007
        assert document["event_time"] == {
            "start": f"{first}T00:00:00Z",
            "end": f"{first + timedelta(days=1)}T00:00:00Z",
            "precision": "day",
        }
        assert (document["publish_time"], document["publish_time_basis"]) == (document["event_time"]["end"], "assumed")
        assert document["title"] == " ".join(entry["resolution_title"].split())
        assert document["resolution"]["outcome"] == "adopted"
        assert document["resolution"].get("chapter_vii") == {"Chapter VII": True, "N.A.": False}.get(
            entry["chapter_VII"]
        )


def test_resolution_2423_gets_the_year_of_its_symbol() -> None:
    document = read("unsc", CONTENT).document("unsc:S/RES/2423(2018)")
    assert document["event_time"]["start"] == "2018-06-29T00:00:00Z"
    assert document["repairs"] == ["date"]


def test_counts_that_contradict_the_lists_are_repaired() -> None:
    outcome = read("unsc", CONTENT)
    votes = {
        key: (found["resolution"]["votes"], found["repairs"])
        for key in ("unsc:S/RES/1559(2004)", "unsc:S/RES/2403(2018)", "unsc:S/RES/2521(2020)")
        for found in [outcome.document(key)]
    }
    assert votes == {
        "unsc:S/RES/1559(2004)": ({"for": 9, "against": 0, "abstaining": 6}, ["votes"]),
        "unsc:S/RES/2403(2018)": ({"for": 15, "against": 0, "abstaining": 0}, ["votes"]),
        "unsc:S/RES/2521(2020)": ({"for": 12, "against": 0, "abstaining": 3}, ["votes"]),
    }


def test_without_a_vote_there_are_no_votes() -> None:
    nobody: dict[str, Any] = {f"MS_{name}": [] for name in ("in_favour", "against", "abstaining")}
    zero = {f"{name}_count": "0" for name in nobody}
    assert "votes" not in document_of(ENTRY | nobody | zero)["resolution"]


def test_the_known_resolution_is_all_there() -> None:
    document = document_of(ENTRY)
    assert document["id"] == "unsc:S/RES/2584(2021)"
    assert document["resolution"] == {
        "symbol": "S/RES/2584 (2021)",
        "outcome": "adopted",
        "mission": "MINUSMA",
        "mandate_end": "2022-06-30",
        "chapter_vii": True,
        "votes": {"for": 15, "against": 0, "abstaining": 0},
    }
    assert (document["mission"], document["place"]) == ("MINUSMA", {"country": "MLI", "precision": "country"})


def test_what_is_not_empty_beats_what_is_and_then_the_later_wins() -> None:
    first = ENTRY | {"resolution_title": "", "agenda_item_name": "first", "chapter_VII": "Chapter VII"}
    second = ENTRY | {
        "resolution_title": "second",
        "agenda_item_name": "second",
        "chapter_VII": "",
        "adoption_date": "",
    }
    outcome = outcome_of(first, second)
    (event,) = outcome.events
    assert (event.title, event.description) == ("second", "second")
    assert event.resolution is not None
    assert event.resolution.chapter_vii is True
    assert (outcome.counted(Held), outcome.counted(Merged)) == (2, 1)
    assert outcome_of(second, first).events[0].description == "first"


def test_entries_of_one_id_in_two_files_are_merged() -> None:
    files = [(io.BytesIO(json.dumps(ENTRY).encode()), name) for name in ("a", "b")]
    outcome = Outcome(list(parse_together(files)))
    assert (len(outcome.events), outcome.counted(Merged)) == (1, 1)


def test_an_entry_without_a_day_is_a_dead_letter_unless_another_completes_it() -> None:
    undated = ENTRY | {"adoption_date": ""}
    (letter,) = outcome_of(undated).dead
    assert (letter.field, letter.late, letter.position) == ("event_time", True, Position("file", 1, 1))
    assert not outcome_of(undated, ENTRY).dead


@pytest.mark.parametrize(
    "text",
    [
        "29 June 2021",
        "29 June 2021 in Nairobi",
        "2021-06-29 00:00:00",
        "29\xa0June\xa02021",
        "29 Jun. 2021",
        "on29 June 2021",
    ],
)
def test_days_are_read_in_every_way_in_which_they_are_written(text: str) -> None:
    assert document_of(ENTRY | {"adoption_date": text})["event_time"]["start"] == "2021-06-29T00:00:00Z"


@pytest.mark.parametrize("symbol", ["S/RES/2584(2021)", "S/RES/2584 (2021)", " S/RES/2584\xa0(2021) "])
def test_blanks_in_a_symbol_make_no_other_id(symbol: str) -> None:
    assert document_of(ENTRY | {"symbol": symbol})["resolution"]["symbol"] == "S/RES/2584 (2021)"


def test_without_a_title_the_symbol_is_the_title() -> None:
    assert document_of(title(" "))["title"] == "S/RES/2584 (2021)"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"symbol": "S/PRST/2020/10"}, "id"),
        ({"symbol": None}, "id"),
        ({"symbol": 5}, "id"),
        ({"symbol": "S/RES/2584 (9999)"}, "id"),
        ({"MS_against_count": "9" * 5000}, "resolution.votes"),
        ({"adoption_date": "soon"}, "event_time"),
        ({"adoption_date": "31 June 2021"}, "event_time"),
        ({"adoption_date": "29 Brumaire 2021"}, "event_time"),
        ({"adoption_date": ["29 June 2021"]}, "event_time"),
        ({"MS_in_favour_count": "many"}, "resolution.votes"),
        ({"MS_in_favour": "ALL"}, "resolution.votes"),
        ({"resolution_title": {}}, "title"),
    ],
)
def test_a_wrong_member_makes_a_dead_letter_that_names_the_field(changes: dict[str, Any], field: str) -> None:
    outcome = outcome_of(ENTRIES["S/RES/2423 (2018)"], ENTRY | changes)
    (letter,) = outcome.dead
    assert (letter.field, letter.position, letter.late) == (field, Position("file", 2, 2), False)
    assert len(outcome.events) == 1


def test_lines_that_are_no_objects_are_dead_letters() -> None:
    good = json.dumps(ENTRY).encode()
    outcome = read("unsc", b"\n".join([good, good[:100], b"[1]", b"5", b"null", b"{", good.replace(b"MALI", b"\0", 1)]))
    assert len(outcome.events) == 1
    assert len(outcome.dead) + outcome.counted(Held) == 7
    assert all(letter.field is None for letter in outcome.dead)


def test_the_end_of_a_mandate_is_there_only_for_one_mission_and_one_date() -> None:
    one = "on extension of the mandate of the UN Mission in South Sudan (UNMISS) until 15 July 2013"
    assert mandate_end(one) == date(2013, 7, 15)
    assert mandate_end("on renewal of the mandate of the UN Disengagement Observer Force until 31 Dec. 2011") == date(
        2011, 12, 31
    )
    for other in (
        "on termination of the mandate of the AU/UN Hybrid Operation in Darfur (UNAMID) as of 31 Dec. 2020",
        one + " and the mandate of the Panel of Experts until 13 Apr. 2015",
        "on extension of the mandate of the Panel of Experts concerning Mali until 30 Sept. 2022",
        "on extension of the mandate of UNMIL and of UNOCI until 30 June 2016",
        "on extension of the mandate of the UN Mission for the Referendum in Western Sahara (MINURSO)",
        "on extension of the mandate of the UN Mission in South Sudan (UNMISS) until 31 June 2013",
        "on establishment of the UN Mission in South Sudan (UNMISS) until 15 July 2013",
    ):
        assert mandate_end(other) is None


def test_a_mission_is_named_only_where_there_is_one() -> None:
    assert single_mission("on the situation in Mali") is None
    assert (
        single_mission("on MINUSMA and the UN Multidimensional Integrated Stabilization Mission (MINUSMA)") == "MINUSMA"
    )
    assert single_mission("from UNMIL to UNOCI") is None


@pytest.mark.parametrize(
    ("agenda", "country"),
    [
        ("The situation in Mali", "MLI"),
        ("The situation in Côte d’Ivoire", "CIV"),
        ("The situation concerning the Democratic Republic of the Congo", "COD"),
        ("The situation concerning Western Sahara", "ESH"),
        ("The question concerning Haiti", "HTI"),
        ("Reports of the Secretary-General on the Sudan", "SDN"),
        ("Reports of the Secretary-General on the Sudan and South Sudan", None),
        ("The situation between Iraq and Kuwait", None),
        ("The situation in the Middle East", None),
        ("The situation in the Great Lakes region", None),
        ("Non-proliferation/Democratic People’s Republic of Korea", "PRK"),
        ("Non-proliferation", None),
    ],
)
def test_an_agenda_item_names_a_country_or_none(agenda: str, country: str | None) -> None:
    assert agenda_country(agenda) == country
