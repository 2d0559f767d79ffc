"""Security Council documents as XML: resolutions, statements, rejected drafts; what JSON says too is the same event."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import Any

import pytest

from producers.council.titles import termination
from producers.council.unsc import parse_together
from producers.feeds import FEEDS
from producers.rows import Held, Merged, Position, Skipped

from .reading import RECORDED, Outcome, content_of, read

RESOLUTION = content_of(RECORDED / "unsc.resolution.xml")
STATEMENT = content_of(RECORDED / "unsc.statement.xml")
REJECTED = content_of(RECORDED / "unsc.rejected.xml")
(ENTRY,) = [line for line in content_of(RECORDED / "unsc.jsonl").splitlines() if b'"S/RES/2590 (2021)"' in line]
TERMINATION = "Decides to terminate the mandate of MINUSMA under resolution 2640 (2022), as of 30 June 2023;"


def document_of(content: bytes) -> dict[str, Any]:
    outcome = read("unsc", content)
    assert not outcome.dead
    (event,) = outcome.events
    return outcome.document(event.id)


def refusal(content: bytes) -> tuple[str | None, str]:
    (letter,) = read("unsc", content).dead
    return letter.field, letter.reason


def terminating() -> bytes:
    """A resolution that terminates a mandate, made of a recorded one."""
    start = RESOLUTION.index(b"<mainBody>") + len(b"<mainBody>")
    named = b"Security Council resolution 2590 (2021) [on termination of the mandate of the mission (MINUSMA)]"
    title = RESOLUTION[RESOLUTION.index(b'<keyword refersTo="title"') :].split(b'showAs="')[1].split(b'"')[0]
    body = f"<p><i>Decides</i>\xa0to terminate{TERMINATION.partition('terminate')[2]}</p>".encode()
    return (RESOLUTION[:start] + body + RESOLUTION[start:]).replace(title, named)


def test_a_resolution_says_in_xml_what_it_says_in_json() -> None:
    assert read("unsc", RESOLUTION).events == read("unsc", ENTRY).events
    document = document_of(RESOLUTION)
    assert document["id"] == "unsc:S/RES/2590(2021)"
    assert document["resolution"] == {
        "symbol": "S/RES/2590 (2021)",
        "outcome": "adopted",
        "chapter_vii": True,
        "votes": {"for": 15, "against": 0, "abstaining": 0},
    }


def test_a_presidential_statement_is_a_statement() -> None:
    assert document_of(STATEMENT) == {
        "id": "unsc:S/PRST/2012/9",
        "source": "unsc",
        "type": "statement",
        "state": "asserted",
        "title": "Statement [made on behalf of the Security Council, at the 6745th meeting, 4 Apr. 2012, in connection "
        'with the Council\'s consideration of the item entitled "Peace and security in Africa"]',
        "description": "Peace and security in Africa",
        "event_time": {"start": "2012-04-04T00:00:00Z", "end": "2012-04-05T00:00:00Z", "precision": "day"},
        "publish_time": "2012-04-05T00:00:00Z",
        "publish_time_basis": "assumed",
        "coding": "human",
    }


def test_a_rejected_draft_is_a_resolution_with_that_outcome() -> None:
    document = document_of(REJECTED)
    assert (document["id"], document["type"]) == ("unsc:S/2023/212", "resolution")
    assert document["resolution"] == {
        "symbol": "S/2023/212",
        "outcome": "rejected",
        "votes": {"for": 3, "against": 0, "abstaining": 12},
    }
    for outcome in (b"veto", b"Veto"):
        assert document_of(REJECTED.replace(b"notAdopted", outcome)) == document


def test_a_draft_that_was_not_rejected_is_no_event() -> None:
    assert refusal(REJECTED.replace(b'outcome="notAdopted"', b"")) == (
        "resolution.outcome",
        "the draft was not rejected, so it is no event",
    )


def test_a_rejected_draft_extends_no_mandate() -> None:
    title = (
        b"Draft resolution [on extension of the mandate of the UN Mission in South Sudan (UNMISS) until 15 July 2023]"
    )
    old = REJECTED[REJECTED.index(b'<keyword refersTo="title"') :].split(b'showAs="')[1].split(b'"')[0]
    resolution = document_of(REJECTED.replace(old, title))["resolution"]
    assert resolution["mission"] == "UNMISS"
    assert "mandate_end" not in resolution


def test_the_day_of_a_termination_comes_from_the_text() -> None:
    document = document_of(terminating())
    assert document["resolution"]["mandate_end"] == "2023-06-30"
    assert document["resolution"]["mission"] == "MINUSMA"
    untold = document_of(terminating().replace(b"terminate", b"review"))
    assert "mandate_end" not in untold["resolution"]
    assert "sequence" not in untold
    # The entry that knows the day is current in whatever order the two are published.
    assert document["sequence"] > untold["publish_time"] == document["publish_time"]


@pytest.mark.parametrize(
    ("decision", "day"),
    [
        (TERMINATION, date(2023, 6, 30)),
        ("Decides to terminate MINUSMA’s mandate under resolution 2640 (2022) as of June 30 2023;", date(2023, 6, 30)),
        ("Decides to terminate MINUSMA's mandate effective on 31 July 2008, emphasizes", date(2008, 7, 31)),
        ("Decides to terminate the mandate of MINUSMA on 31 December 2020;", date(2020, 12, 31)),
        ("Decides to terminate the mandate of UNMIL on 31 December 2020;", None),
        ("Decides to terminate the mandate of MINUSMA;", None),
        ("Decides to terminate the mandate of MINUSMA on 31 June 2020;", None),
        ("Decides to terminate the support of MINUSMA on 30 June 2020;", None),
    ],
)
def test_a_decision_dates_a_termination(decision: str, day: date | None) -> None:
    title = "[on termination of the mandate of the Stabilization Mission in Mali (MINUSMA)]"
    assert termination(title, ["Recalling 1 May 2001", decision]) == day
    assert termination(title, [decision, TERMINATION.replace("2023", "2024")]) in (None, date(2024, 6, 30))
    assert termination("[on the mandate of the mission in Mali (MINUSMA)]", [decision]) is None


def test_entries_in_both_layouts_are_merged_across_files() -> None:
    files = [(io.BytesIO(ENTRY), "a"), (io.BytesIO(RESOLUTION), "b"), (io.BytesIO(STATEMENT), "c")]
    outcome = Outcome(list(parse_together(files)))
    assert len(outcome.events) == 2
    assert (outcome.counted(Held), outcome.counted(Merged)) == (3, 1)


def test_documents_in_one_stream_are_read_one_by_one() -> None:
    declared = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\n'
    content = declared + RESOLUTION + b"\n" + declared + STATEMENT + REJECTED
    outcome = read("unsc", content)
    assert len(outcome.events) == 3
    damaged = read("unsc", content.replace(b"2012-04-04", b"2012-13-04"))
    assert (len(damaged.events), len(damaged.dead)) == (2, 1)
    assert damaged.dead[0].position == Position("file", 2, 3 + RESOLUTION.count(b"\n"))


def test_another_language_is_left_out() -> None:
    outcome = read("unsc", RESOLUTION.replace(b'language="eng"', b'language="fra"'))
    assert (outcome.events, outcome.counted(Skipped)) == ([], 1)


def test_a_body_whose_tags_do_not_match_costs_nothing_of_the_event() -> None:
    broken = STATEMENT.replace(b"</mainBody>", b"</alinea></mainBody>")
    expected = document_of(STATEMENT) | {"repairs": ["markup"]}
    assert document_of(broken) == expected
    assert document_of(STATEMENT + b"\ntrailing") == expected


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (STATEMENT[: STATEMENT.index(b"<mainBody>")], "broken XML"),
        (STATEMENT[:700], "broken XML"),
        (STATEMENT.replace(b"<meta>", b"<meta", 1), "broken XML"),
        (b"<!DOCTYPE x [<!ENTITY a 'aaaa'>]>" + STATEMENT, "document type declaration"),
        (STATEMENT.replace(b"<meta>", b"<!DOCTYPE x [<!ENTITY a 'aaaa'>]><meta>", 1), "document type declaration"),
        (STATEMENT.replace(b"<mainBody>", b"<mainBody>\0"), "NUL"),
        (STATEMENT.replace(b"presidentialStatement", b"letter"), "expected a resolution"),
        (STATEMENT.replace(b">S/PRST/2012/9<", b">S/2012/9<"), "expected a symbol as S/PRST"),
        (STATEMENT.replace(b">S/PRST/2012/9<", b"><"), "expected a symbol"),
        (STATEMENT.replace(b"2012-04-04", b"2012-02-30"), "no day of the calendar"),
        (REJECTED.replace(b'value="012"', b'value="many"'), "number of votes"),
    ],
)
def test_a_broken_document_is_a_dead_letter(content: bytes, reason: str) -> None:
    assert reason in refusal(content)[1]


def test_a_document_without_a_day_waits_for_one_that_has_it() -> None:
    undated = RESOLUTION.replace(b"2021-08-30", b"0001-01-01")
    assert refusal(undated)[0] == "event_time"
    assert not Outcome(list(parse_together([(io.BytesIO(undated), "a"), (io.BytesIO(ENTRY), "b")]))).dead


def test_a_year_that_is_not_the_symbols_is_mended() -> None:
    document = document_of(RESOLUTION.replace(b"2021-08-30", b"2012-08-30"))
    assert document["event_time"]["start"] == "2021-08-30T00:00:00Z"
    assert document["repairs"] == ["date"]


def test_bytes_that_are_no_utf8_are_mended() -> None:
    assert document_of(STATEMENT.replace(b"Peace and", b"Peace \xe9 and"))["repairs"] == ["encoding"]


def test_json_and_xml_agree_on_what_an_agenda_item_is_called() -> None:
    entry = json.loads(ENTRY)
    assert read("unsc", json.dumps(entry | {"agenda_item_name": "The situation in Mali."}).encode()).events == (
        read("unsc", ENTRY).events
    )
    assert list(FEEDS["unsc"](io.BytesIO(ENTRY), "a"))
