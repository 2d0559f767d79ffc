"""A dead letter as it is read: whose it is, what was refused, and an id that comes from that alone."""

from __future__ import annotations

from typing import Any

import pytest

from eventlog.record import Header, Record
from schemas.topics import COMMANDS, DEADLETTERS
from subscribers.deadletters import Letter, decode_letter, replay_command, replayed_letter

ROW: list[Header] = [
    ("vigil_reason", b"why"),
    ("vigil_field", b""),
    ("vigil_position", b'{"file":"a.csv","record":1,"line":2}'),
    ("vigil_feed", b"ucdp-ged"),
    ("vigil_context", b"id,year"),
]
RECORD: list[Header] = [("vigil_reason", b"why"), ("vigil_field", b"key"), ("vigil_position", b"t:1:2")]


def letter(headers: list[Header], *, value: bytes | None = b"raw", key: bytes | None = None, **place: Any) -> Letter:
    return decode_letter(Record(DEADLETTERS, place.get("partition", 0), place.get("offset", 3), 9, key, value, headers))


def test_a_row_of_a_producer() -> None:
    found = letter(ROW)
    assert (found.origin, found.feed, found.reason, found.field) == ("producer", "ucdp-ged", "why", None)
    assert found.position == {"file": "a.csv", "record": 1, "line": 2}
    assert (found.context, found.length, found.is_whole, found.own_headers) == (b"id,year", 3, True, ())
    assert (found.place, found.taken_ms) == (f"{DEADLETTERS}:0:3", 9)


def test_a_record_of_the_ledger_keeps_its_own_headers_even_where_they_bear_our_names() -> None:
    own = [("ce_source", b"vigil:acled"), ("vigil_reason", b"another")]
    found = letter(RECORD + own, key=b"acled:MLI1")
    assert (found.origin, found.feed, found.reason, found.field) == ("ledger", "acled", "why", "key")
    assert (found.position, found.own_headers) == ("t:1:2", tuple(own))


@pytest.mark.parametrize(
    ("key", "feed"), [(b"acled:MLI1", "acled"), (b"nonsense", None), (None, None), (b"\xff:1", "\ufffd")]
)
def test_the_feed_of_a_record_without_headers_is_what_its_key_begins_with(key: bytes | None, feed: str | None) -> None:
    assert letter(RECORD, key=key).feed == feed


def test_a_letter_of_which_only_the_beginning_was_kept() -> None:
    found = letter([*RECORD, ("vigil_length", b"2000000"), ("vigil_sha256", b"0" * 64)], value=b"x" * 65536)
    assert (found.length, found.is_whole) == (2_000_000, False)


def test_the_id_depends_on_what_was_refused_and_not_on_when_where_or_why() -> None:
    other_words = [("vigil_reason", b"in other words"), *ROW[1:2], ("vigil_position", b'{"file":"b"}'), *ROW[3:]]
    assert letter(ROW).id == letter(other_words, offset=4, partition=2).id
    others = [
        letter(ROW, value=b"raw2"),
        letter(ROW, value=None),
        letter(ROW[:4]),
        letter([*ROW[:3], ("vigil_feed", b"acled"), *ROW[4:]]),
        letter(RECORD),
        letter(RECORD, key=b"k"),
        letter([*RECORD, ("a", b"bc")]),
        letter([*RECORD, ("ab", b"c")]),
    ]
    assert len({each.id for each in [letter(ROW), *others]}) == 9


def test_a_command_says_which_letter_was_replayed_and_other_commands_say_nothing_of_that() -> None:
    key, value, headers = replay_command("0123456789abcdef", ["vigil:a"])
    assert key == b"0123456789abcdef"
    assert replayed_letter(Record(COMMANDS, 0, 0, 9, key, value, headers)) == "0123456789abcdef"
    for other in (None, b"", b"no JSON", b"[]", b'{"command":"silence"}', b'{"command":"replay","dead_letter":1}'):
        assert replayed_letter(Record(COMMANDS, 0, 0, 9, b"k", other, ())) is None
