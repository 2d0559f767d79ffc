"""A record as a row of the archive, and as the record that another log takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.archives.rows import restore_record, row_of
from eventlog.archive import Row
from eventlog.record import Header
from processors.assertions import read_assertion
from schemas.errors import BadInput
from tests.archives import event, record

TAKEN = "2022-01-01T00:00:00.25Z"
TAKEN_MICROSECONDS = 1_640_995_200_250_000
NOW_MS = 1_795_000_000_000
STRUCTURED = ("content-type", b"application/cloudevents+json; charset=utf-8")


def restored(row: Row) -> Any:
    assert row.ingest_time is not None
    return restore_record(row.key, row.payload, row.headers, ingest_time=row.ingest_time, now_ms=NOW_MS)


def envelope(**more: str) -> bytes:
    said = {"specversion": "1.0", "id": "a", "source": "b", "type": "c", "data": event(1)}
    return json.dumps(said | more).encode()


def test_a_row_has_the_record_and_what_it_asserts() -> None:
    row = row_of(record(7, event(1), taken=TAKEN, topic="a.topic", headers=(("own", b"1"),)), prefix="a.")
    assert row[:4] == ("topic", 0, 7, TAKEN_MICROSECONDS // 1000)
    assert row.payload == json.dumps(event(1)).encode()
    assert row.headers == (("own", b"1"),)
    assert (row.ingest_time, row.id, row.source, row.type) == (TAKEN_MICROSECONDS, "vigil:1", "vigil", "attack")
    assert (row.state, row.sequence) == ("asserted", "2021-10-02T00:00:00Z")
    assert json.loads(row.event or "")["killed"] == {"total": {"best": 1}}
    assert row.refused is None


@pytest.mark.parametrize("value", [None, b"{", json.dumps(event(1, publish_time="2031-01-01T00:00:00Z")).encode()])
def test_what_the_ledger_refuses_is_a_row_that_says_why(value: bytes | None) -> None:
    row = row_of(record(7, value), prefix="")
    assert row.payload == value
    assert row.refused
    assert {row.ingest_time, row.id, row.event, row.content} == {None}


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (json.dumps(event(1)).encode(), (("own", b"\xff"), ("own", b""))),
        (json.dumps(event(1)).encode(), (("ce_recordedtime", b"2021-12-01T00:00:00+00:00"),)),
        (envelope(), (STRUCTURED,)),
        (envelope(recordedtime="2021-12-01T00:00:00Z"), (STRUCTURED,)),
        # In structured mode headers do not count.
        (envelope(), (STRUCTURED, ("ce_recordedtime", b"2020-12-01T00:00:00Z"))),
    ],
    ids=["binary", "recorded before", "structured", "structured and recorded before", "structured with a stray header"],
)
def test_a_restored_record_says_the_same_as_of_the_same_time(value: bytes, headers: tuple[Header, ...]) -> None:
    original = record(7, value, taken=TAKEN, headers=headers)._replace(key=b"vigil:1")
    row = row_of(original, prefix="")
    again = read_assertion(restored(row))
    assert again.statement.stamp.content == row.content
    assert again.ingest_time.timestamp() * 1e6 == row.ingest_time
    # Restored, archived and restored again: nothing is added any more.
    second = restored(row_of(original._replace(value=restored(row).value, headers=restored(row).headers), prefix=""))
    assert second == restored(row)


def test_the_bytes_of_a_record_in_binary_mode_stay_and_headers_too() -> None:
    original = record(7, event(1), taken=TAKEN, headers=(("own", b"\xff"), ("own", b"")))
    again = restored(row_of(original, prefix=""))
    assert (again.key, again.value) == (original.key, original.value)
    assert again.headers == [("own", b"\xff"), ("own", b""), ("ce_recordedtime", b"2022-01-01T00:00:00.25Z")]


def test_a_header_without_a_value_goes() -> None:
    again = restore_record(b"k", b"v", [("own", None), ("a", b"1")], ingest_time=0, now_ms=NOW_MS)  # type: ignore[list-item]
    assert again.headers == [("a", b"1"), ("ce_recordedtime", b"1970-01-01T00:00:00Z")]


def test_the_ledger_takes_no_recorded_time_from_its_future() -> None:
    row = row_of(record(7, event(1), taken="2027-12-01T00:00:00Z"), prefix="")
    with pytest.raises(BadInput, match="recorded more than a day after"):
        read_assertion(restored(row))


def test_publish_times_are_checked_against_the_recorded_time() -> None:
    said = event(1, publish_time="2022-01-05T00:00:00Z")
    late = record(7, said, taken="2026-01-01T00:00:00Z", headers=(("ce_recordedtime", b"2022-01-01T00:00:00Z"),))
    assert "made known more than a day after it was taken in" in (row_of(late, prefix="").refused or "")
