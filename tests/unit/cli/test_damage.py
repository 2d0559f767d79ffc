"""One changed byte of a live record is found out, wherever in its value it stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from cli.archives.damage import check_told, sound_statement
from eventlog.record import Record
from processors.assertions import Accepted, timeline_headers
from processors.teller import told_headers
from schemas.aggregate import Aggregate
from schemas.alert import AlertTransition
from schemas.errors import BadInput
from tests.simulation import rule_set, statement
from timeline.identity import encode
from timeline.replay import fold
from timeline.telling import Told

EVENT: dict[str, Any] = {
    "id": "vigil:é-1",
    "source": "vigil",
    "type": "attack",
    "event_time": {"start": "2021-04-01T00:00:00Z", "end": "2021-04-02T00:00:00Z", "precision": "day"},
    "publish_time": "2021-04-02T00:00:00Z",
    "publish_time_basis": "stated",
    "sequence": "7",
    "place": {"country": "MLI", "latitude": 19.5, "longitude": 0.86},
    "killed": {"total": {"low": 1, "best": 11, "high": 12}},
    "coding": "human",
}
RULE = {
    "id": "attack",
    "kind": "match",
    "title": "An attack",
    "scope": "country",
    "severity": "severe",
    "where": {"type": "attack"},
}
STATEMENT = statement(EVENT)


def timeline_record() -> Record:
    headers = timeline_headers(Accepted(STATEMENT, datetime(2021, 4, 3, tzinfo=UTC), {}), "events:0:0")
    return Record("timeline", 0, 7, 0, STATEMENT.id.encode(), encode(STATEMENT), headers)


def told_records(*, hashed: bool = True) -> list[Record]:
    """The aggregate of Mali, and its alert."""
    changes = Told().differences(fold([STATEMENT], rule_set([RULE])), everything=True)
    [change] = [change for change in changes if change.scope == "country:MLI"]
    assert change.aggregate is not None
    values = [change.aggregate[0] or b"", change.alerts[0][1]]
    return [Record("told", 0, 7, 0, b"country:MLI", value, told_headers(value) if hashed else []) for value in values]


def with_one_byte_changed(record: Record) -> Iterator[Record]:
    value = record.value or b""
    for place, byte in enumerate(value):
        for other in {byte ^ 1, byte ^ 0x10, ord("9"), ord(" ")} - {byte}:
            yield record._replace(value=value[:place] + bytes([other]) + value[place + 1 :])


MODELS: list[type[Aggregate | AlertTransition]] = [Aggregate, AlertTransition]


def test_what_ledger_and_roller_write_is_sound() -> None:
    assert sound_statement(timeline_record()) == (STATEMENT, "events:0:0")
    for hashed in (True, False):
        for record, model in zip(told_records(hashed=hashed), MODELS, strict=True):
            check_told(record, model)
            check_told(record._replace(value=None), model)


def test_one_changed_byte_of_a_timeline_record_is_found_out() -> None:
    for changed in with_one_byte_changed(timeline_record()):
        with pytest.raises(BadInput):
            sound_statement(changed)


@pytest.mark.parametrize("number", [0, 1])
def test_one_changed_byte_of_what_was_told_is_found_out(number: int) -> None:
    for changed in with_one_byte_changed(told_records()[number]):
        with pytest.raises(BadInput, match="country:MLI has another hash than its header says"):
            check_told(changed, MODELS[number])


@pytest.mark.parametrize("number", [0, 1])
def test_what_is_no_aggregate_or_alert_is_named_and_stops_nothing(number: int) -> None:
    record = told_records(hashed=False)[number]
    value = record.value or b""
    for damaged in (value[:-1], b"[" + value + b"]", value.replace(b'"scope"', b'"skope"'), b"\xff"):
        with pytest.raises(BadInput, match="the record of country:MLI is no a"):
            check_told(record._replace(value=damaged), MODELS[number])
    with pytest.raises(BadInput, match="the record of country:MLJ speaks of country:MLI"):
        check_told(record._replace(key=b"country:MLJ"), MODELS[number])


def test_headers_and_key_of_a_timeline_record_are_held_against_it() -> None:
    record = timeline_record()
    with pytest.raises(BadInput, match="stands under another key"):
        sound_statement(record._replace(key=b"vigil:2"))
    for name, said in (("vigil_content", "has another hash"), ("vigil_sequence", "the stamp"), ("vigil_position", "")):
        headers = [(each, value + b"0" if each == name else value) for each, value in record.headers]
        if said:
            with pytest.raises(BadInput, match=said):
                sound_statement(record._replace(headers=headers))
        with pytest.raises(BadInput, match=f"its header '{name}' is missing"):
            sound_statement(record._replace(headers=[pair for pair in record.headers if pair[0] != name]))


def test_the_hash_is_that_of_the_value() -> None:
    assert told_headers(b"{}") == [("vigil_sha256", sha256(b"{}").hexdigest().encode())]
