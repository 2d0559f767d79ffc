"""From a record of an events topic to a row of the archive, and back to a record that a log can take again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import orjson

from cli.ledger_input import LedgerInput, accepted
from eventlog.archive import Row
from eventlog.record import Header, Record
from processors.assertions import Accepted
from schemas.errors import BadInput
from timeline.identity import encode
from timeline.times import time_text

RECORDED = "ce_recordedtime"
_STRUCTURED = b"application/cloudevents+json"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def row_of(record: Record, *, prefix: str) -> Row:
    """Return the row of a record; what can never become an event is a row too, which says why."""
    topic = record.topic.removeprefix(prefix)
    place = (topic, record.partition, record.offset, record.timestamp_ms, record.key, record.headers, record.value)
    try:
        taken = accepted(record)
    except BadInput as error:
        return Row(*place, refused=str(error))
    statement, stamp = taken.statement, taken.statement.stamp
    return Row(
        *place,
        ingest_time=_microseconds(taken),
        id=statement.id,
        source=statement.document["source"],
        type=statement.document["type"],
        state=statement.document["state"],
        sequence=stamp.sequence,
        publish_time=stamp.publish_time,
        content=stamp.content,
        event=encode(statement).decode(),
    )


def restore_record(
    key: bytes | None, value: bytes | None, headers: Sequence[Header], *, ingest_time: int, now_ms: int
) -> LedgerInput:
    """Return the record that a log is to take: the archived one, with its ingest time as `recordedtime`.

    A header without a value says nothing, and goes.
    """
    said = {name: content for name, content in headers if content is not None}
    recorded = time_text(ingest_time)
    kept = [header for header in headers if header[1] is not None]
    if value is not None and said.get("content-type", b"").startswith(_STRUCTURED):
        # In structured mode the attributes stand in the value, and headers do not count.
        envelope = orjson.loads(value)
        envelope.setdefault("recordedtime", recorded)
        value = orjson.dumps(envelope)
    elif RECORDED not in said:
        kept.append((RECORDED, recorded.encode()))
    return LedgerInput(key, value, kept, now_ms)


def _microseconds(accepted: Accepted) -> int:
    return (accepted.ingest_time - _EPOCH) // timedelta(microseconds=1)
