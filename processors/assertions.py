"""From a record of an events topic to an assertion or a dead letter, and from an assertion to a timeline record.

Rules kept here:
- CloudEvents in binary mode (the value is the event) and in structured mode (the value's `data` is the event).
- The record key is the event id: it decides the partition, and so who knows the event's other assertions.
- ingest_time is when the log took the record; `recordedtime` instead where an archive restored it.
- A dead letter keeps bytes, headers and position. One over 1 MiB keeps its first 64 KiB, its length and its hash.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from eventlog.record import Header
from schemas.errors import BadInput
from schemas.event import MAX_EVENT_BYTES, parse_event
from timeline.cloud_events import name_of, unwrap
from timeline.identity import Assertion, assertion
from timeline.ordering import check_times
from timeline.times import time_text

KEPT_BYTES = 64 * 1024
_STRUCTURED = b"application/cloudevents+json"
_JSON = b"application/json"
_PASSED_ON = ("ce_recordedtime", "ce_causationid", "ce_traceparent")
_TOLERANCE = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Accepted(NamedTuple):
    """An assertion with the time at which it was taken in, and the attributes of its CloudEvent."""

    statement: Assertion
    ingest_time: datetime
    attributes: dict[str, bytes]


def read_assertion(record: Any) -> Accepted:
    """Return what the record asserts; `record` has key, value, headers and timestamp (milliseconds).

    Raises:
        BadInput: it can never become an event.
    """
    value = record.value
    if value is None:
        raise BadInput("expected an event, found no value")
    if len(value) > MAX_EVENT_BYTES:
        raise BadInput(f"expected at most {MAX_EVENT_BYTES} bytes, found {len(value)}")
    attributes = {name: said for name, said in record.headers if said is not None}
    if attributes.get("content-type", _JSON).startswith(_STRUCTURED):
        value, attributes = _unwrap(value)
    event = parse_event(value)
    if record.key != event.id.encode():
        raise BadInput(f"expected the event id as record key, found {_shown(record.key)}", "key")
    ingest_time = _ingest_time(record.timestamp, attributes.get("ce_recordedtime"))
    check_times(event, ingest_time)
    return Accepted(assertion(event), ingest_time, attributes)


def timeline_headers(accepted: Accepted, position: str) -> list[Header]:
    """Return the headers of the timeline record; `position` is topic:partition:offset of the assertion."""
    statement, attributes = accepted.statement, accepted.attributes
    document, stamp = statement.document, statement.stamp
    published: bytes = document["publish_time"].encode()
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", attributes.get("ce_id") or name_of(statement.id, stamp)),
        ("ce_source", b"vigil:" + document["source"].encode()),
        ("ce_type", b"vigil." + document["type"].encode() + b".v1"),
        ("ce_time", published),
        ("content-type", _JSON),
        ("vigil_sequence", stamp.sequence.encode()),
        ("vigil_publish_time", published),
        ("vigil_withdrawn", b"1" if stamp.withdrawn else b"0"),
        ("vigil_content", stamp.content.encode()),
        ("vigil_position", position.encode()),
        ("vigil_ingest_time", _ingest_text(accepted.ingest_time)),
    ]
    for name in _PASSED_ON:
        if name in attributes:
            headers.append((name, attributes[name]))
    return headers


def dead_letter(record: Any, error: BadInput, position: str) -> tuple[bytes | None, list[Header]]:
    """Return value and headers of the record's dead letter."""
    value: bytes | None = record.value
    headers: list[Header] = [
        ("vigil_reason", error.reason.encode()),
        ("vigil_field", (error.field or "").encode()),
        ("vigil_position", position.encode()),
    ]
    if value is not None and len(value) > MAX_EVENT_BYTES:
        headers += [("vigil_length", str(len(value)).encode()), ("vigil_sha256", sha256(value).hexdigest().encode())]
        value = value[:KEPT_BYTES]
    return value, [*headers, *record.headers]


def _unwrap(value: bytes) -> tuple[bytes, dict[str, bytes]]:
    """Return the event and the attributes of a CloudEvent in structured mode."""
    try:
        envelope = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"no valid JSON: {error}") from error
    event, said = unwrap(envelope)
    return event, {f"ce_{name}": text.encode() for name, text in said.items()}


def _ingest_time(timestamp: int, recorded: bytes | None) -> datetime:
    appended = _EPOCH + timedelta(milliseconds=timestamp)
    if recorded is None:
        return appended
    try:
        time = datetime.fromisoformat(recorded.decode())
    except ValueError as error:
        raise BadInput("expected a time such as 2021-04-01T00:00:00Z", "recordedtime") from error
    if time.tzinfo is None:
        raise BadInput("expected a time with its offset from UTC", "recordedtime")
    if time > appended + _TOLERANCE:
        raise BadInput("recorded more than a day after the log took it", "recordedtime")
    return time


@lru_cache(maxsize=4096)
def _ingest_text(time: datetime) -> bytes:
    return time_text((time - _EPOCH) // timedelta(microseconds=1)).encode()


def _shown(key: bytes | None) -> str:
    return "none" if key is None else repr(key[:100].decode(errors="replace"))
