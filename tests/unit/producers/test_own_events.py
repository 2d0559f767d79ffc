"""Vigil's own feed: any event, its own id and source kept, validated line by line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from producers.rows import Position, Skipped
from timeline.identity import assertion, encode

from .reading import SAMPLES, Outcome, content_of, read

CONTENT = content_of(SAMPLES / "mali-2021.jsonl")
LINES = CONTENT.splitlines()
TESSALIT = next(json.loads(line) for line in LINES if b"2021-10-02" in line)


def outcome_of(*events: dict[str, Any]) -> Outcome:
    return read("vigil", b"".join(json.dumps(event).encode() + b"\n" for event in events))


def test_an_event_is_sent_as_it_was_written() -> None:
    outcome = read("vigil", CONTENT)
    assert [assertion(event).document for event in outcome.events] == [json.loads(line) for line in LINES]


def test_id_and_source_of_another_feed_are_kept() -> None:
    (event,) = outcome_of(TESSALIT | {"id": "ucdp-ged:1", "source": "ucdp-ged"}).events
    assert (event.id, event.source) == ("ucdp-ged:1", "ucdp-ged")


def test_a_withdrawal_needs_little() -> None:
    withdrawal = {
        "id": "vigil:x",
        "source": "vigil",
        "type": "attack",
        "state": "withdrawn",
        "sequence": "2",
        "publish_time": "2021-10-05T00:00:00Z",
        "reason": "a mistake",
    }
    (event,) = outcome_of(withdrawal).events
    assert event.state == "withdrawn"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": "mali"}, "id"),
        ({"type": "accident"}, "type"),
        ({"publish_time": "2021-10-05"}, "publish_time"),
        ({"place": {"latitude": 95}}, "place.latitude"),
        ({"place": {"country": "XXX"}}, "place.country"),
        ({"killed": {"total": {"low": 2, "best": 1}}}, "killed.total"),
        ({"killed": {"total": {"best": "1"}}}, "killed.total.best"),
        ({"coup": {"outcome": "realised"}}, "coup"),
        ({"event_time": None}, "event_time"),
    ],
)
def test_a_wrong_member_makes_a_dead_letter_that_names_the_field(changes: dict[str, Any], field: str) -> None:
    outcome = outcome_of(TESSALIT, TESSALIT | changes, TESSALIT)
    (letter,) = outcome.dead
    assert (letter.field, letter.position) == (field, Position("file", 2, 2))
    assert len(outcome.events) == 2


def test_broken_lines_are_dead_letters_and_blank_ones_nothing() -> None:
    good = LINES[0]
    outcome = read(
        "vigil", b"\n".join([good, b"", good[:50], b"[]", b"7", good + b"x", b'{"a": "\0"}', good]) + b"\n\n"
    )
    assert len(outcome.events) == 2
    assert [letter.position for letter in outcome.dead] == [Position("file", n, n + 1) for n in range(2, 7)]


def test_a_line_over_the_limit_is_a_dead_letter() -> None:
    long = json.dumps(TESSALIT | {"description": "x" * (1 << 20)}).encode()
    outcome = read("vigil", LINES[0] + b"\n" + long + b"\n" + LINES[1])
    assert len(outcome.events) == 2
    assert (outcome.dead[0].length, len(outcome.dead[0].raw)) == (len(long), 64 << 10)


def test_bytes_that_are_no_utf_8_are_replaced_and_said_so() -> None:
    line = json.dumps(TESSALIT | {"title": "Caf", "repairs": ["number"]}).encode().replace(b"Caf", b"Caf\xe9")
    (event,) = read("vigil", line).events
    assert (event.title, event.repairs) == ("Caf�", ("number", "encoding"))


def test_what_a_dry_run_prints_can_be_published() -> None:
    printed = b'{"dead_letter":{"reason":"x","field":null,"position":{"file":"f","record":1,"line":2}}}\n'
    outcome = read(
        "vigil", b"\n".join(encode(assertion(event)) for event in read("vigil", CONTENT).events) + b"\n" + printed
    )
    assert len(outcome.events) == 11
    assert outcome.counted(Skipped) == 1
