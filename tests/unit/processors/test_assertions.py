import json
from datetime import UTC, datetime
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest

from processors.assertions import KEPT_BYTES, dead_letter, read_assertion, timeline_headers
from processors.known import _stamp
from schemas.errors import BadInput
from schemas.event import MAX_EVENT_BYTES

EVENT = {
    "id": "vigil:1",
    "source": "vigil",
    "type": "attack",
    "title": "An attack",
    "event_time": {"start": "2021-04-01T00:00:00Z", "end": "2021-04-02T00:00:00Z", "precision": "day"},
    "publish_time": "2021-04-02T00:00:00Z",
}
APPENDED = datetime(2021, 4, 3, tzinfo=UTC)


def record(value: Any = EVENT, *, key: bytes | None = b"vigil:1", headers: Any = ()) -> Any:
    raw = value if isinstance(value, bytes) or value is None else json.dumps(value).encode()
    return SimpleNamespace(key=key, value=raw, headers=headers, timestamp=int(APPENDED.timestamp() * 1000))


def refused(bad: Any) -> BadInput:
    with pytest.raises(BadInput) as caught:
        read_assertion(bad)
    return caught.value


def test_an_event_in_binary_mode_is_read_with_the_time_at_which_the_log_took_it() -> None:
    accepted = read_assertion(record(headers=[("content-type", b"application/json"), ("ce_id", b"x"), ("other", None)]))
    assert accepted.statement.id == "vigil:1"
    assert accepted.ingest_time == APPENDED
    assert accepted.attributes == {"content-type": b"application/json", "ce_id": b"x"}


def test_an_event_in_structured_mode_makes_the_same_assertion_as_in_binary_mode() -> None:
    envelope = {"specversion": "1.0", "id": "a", "source": "s", "type": "t", "traceparent": "00-1", "data": EVENT}
    structured = read_assertion(
        record(envelope, headers=[("content-type", b"application/cloudevents+json; charset=utf-8")])
    )
    assert structured.statement == read_assertion(record()).statement
    assert structured.attributes["ce_traceparent"] == b"00-1"


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (b"{", None),
        ({"specversion": "0.3", "data": EVENT}, "specversion"),
        ({"specversion": "1.0"}, "data"),
        ([1], "specversion"),
    ],
)
def test_a_broken_envelope_is_bad_input(value: Any, field: str | None) -> None:
    assert refused(record(value, headers=[("content-type", b"application/cloudevents+json")])).field == field


@pytest.mark.parametrize("key", [None, b"", b"vigil:2"])
def test_a_record_whose_key_is_not_the_event_id_is_bad_input(key: bytes | None) -> None:
    assert refused(record(key=key)).field == "key"


def test_a_record_without_value_or_with_too_much_is_bad_input() -> None:
    assert "no value" in refused(record(None)).reason
    assert str(MAX_EVENT_BYTES + 1) in refused(record(b"x" * (MAX_EVENT_BYTES + 1))).reason


def test_recorded_time_is_when_an_archive_took_it() -> None:
    old = datetime(2021, 4, 2, 12, tzinfo=UTC)
    accepted = read_assertion(record(headers=[("ce_recordedtime", b"2021-04-02T12:00:00Z")]))
    assert accepted.ingest_time == old
    assert dict(timeline_headers(accepted, "t:0:1"))["vigil_ingest_time"] == b"2021-04-02T12:00:00Z"


@pytest.mark.parametrize("said", [b"yesterday", b"\xff", b"2021-04-02T12:00:00", b"2021-04-05T00:00:00Z"])
def test_a_recorded_time_that_cannot_be_is_bad_input(said: bytes) -> None:
    assert refused(record(headers=[("ce_recordedtime", said)])).field == "recordedtime"


def test_times_are_compared_with_the_recorded_time() -> None:
    late = EVENT | {"publish_time": "2021-04-03T00:00:00Z"}
    assert read_assertion(record(late)).statement.id == "vigil:1"
    assert refused(record(late, headers=[("ce_recordedtime", b"2021-04-01T12:00:00Z")])).field == "publish_time"


def test_the_headers_of_a_timeline_record_hold_the_stamp_and_pass_on_where_it_came_from() -> None:
    accepted = read_assertion(record(headers=[("ce_id", b"own"), ("ce_causationid", b"cause"), ("ce_time", b"?")]))
    headers = dict(timeline_headers(accepted, "events:3:7"))
    assert _stamp(list(headers.items())) == accepted.statement.stamp
    assert headers["vigil_position"] == b"events:3:7"
    assert (headers["ce_id"], headers["ce_causationid"]) == (b"own", b"cause")
    assert headers["ce_time"] == b"2021-04-02T00:00:00Z"


def test_an_event_without_an_id_of_its_own_gets_the_one_that_producers_give() -> None:
    from timeline.cloud_events import headers_of

    accepted = read_assertion(record())
    assert dict(timeline_headers(accepted, "t:0:0"))["ce_id"] == dict(headers_of(accepted.statement))["ce_id"]


def test_a_dead_letter_keeps_bytes_headers_and_reason() -> None:
    bad = record(b"\xff", headers=[("own", b"1"), ("empty", None)])
    value, headers = dead_letter(bad, BadInput("broken", "place.latitude"), "events:3:7")
    assert value == b"\xff"
    assert headers == [
        ("vigil_reason", b"broken"),
        ("vigil_field", b"place.latitude"),
        ("vigil_position", b"events:3:7"),
        ("own", b"1"),
        ("empty", None),
    ]


def test_a_dead_letter_over_the_limit_keeps_its_beginning_its_length_and_its_hash() -> None:
    raw = bytes(range(256)) * 4097
    value, headers = dead_letter(record(raw), BadInput("too large"), "events:3:7")
    assert value == raw[:KEPT_BYTES]
    assert dict(headers)["vigil_length"] == str(len(raw)).encode()
    assert dict(headers)["vigil_sha256"] == sha256(raw).hexdigest().encode()
