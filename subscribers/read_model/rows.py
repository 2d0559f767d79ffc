"""Rows: what records of the log become in the tables. Nothing here knows a database.

A row is a tuple in the order of its table's columns.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from eventlog.record import Record
from schemas.alert import ENDED
from schemas.command import AnyCommand, Silence
from schemas.errors import BadInput
from schemas.rule_text import parse_rules
from subscribers.alerts import decode_transition
from subscribers.commands import decode_command
from subscribers.read_model.keys import key_text
from subscribers.timeline import decode_taken
from timeline.identity import Assertion, Document, Stamp
from timeline.scopes import scopes_of
from timeline.states import state_json
from timeline.times import DAY, day_text, microseconds

Row = tuple[Any, ...]
_ALERT = ("thread", "scope", "rule", "feed", "transition", "status", "severity", "first_day", "last_day")


class Said(NamedTuple):
    """An assertion of the timeline, when the log took it, and the record that says so; `id` is the key of its rows."""

    id: str
    stamp: Stamp
    document: Document
    ingest_time: int
    record: Record


def said(record: Record) -> Said:
    """Return the assertion of a record of the timeline."""
    statement, ingest_time = decode_taken(record)
    if ingest_time is None:
        raise AssertionError("what stands in the log was taken in at some time")
    return Said(key_text(statement.id), _stamp(statement), statement.document, ingest_time, record)


def assertion_row(one: Said, seq: int, ingest_time: int) -> Row:
    """Return the row of `assertions`."""
    record, stamp, document = one.record, one.stamp, one.document
    first_day, last_day, start_time, country, place = _when_and_where(document)
    return (
        seq,
        one.id,
        *stamp,
        document["type"],
        document["source"],
        ingest_time,
        record.partition,
        record.offset,
        first_day,
        last_day,
        start_time,
        country,
        _degrees(place, "latitude"),
        _degrees(place, "longitude"),
        (record.value or b"").decode(),
    )


def event_row(key: str, seq: int, state: Document, since: int) -> Row:
    """Return the row of `events`; `state` is what `vigil timeline` prints of it."""
    first_day, last_day, start_time, country, _ = _when_and_where(state)
    return (
        key,
        seq,
        state["state"],
        state["type"],
        state["source"],
        country,
        start_time,
        first_day,
        last_day,
        state["revision"],
        since,
        state["content"],
        state_json(state).decode(),
    )


def scope_keys(document: Document) -> list[str]:
    """Return the keys of the scopes that a document belongs to, each once."""
    return [key_text(scope) for scope in scopes_of(document)]


def aggregate_row(record: Record) -> Row | None:
    """Return the row of `aggregates`, None where the scope has no events any more."""
    if record.value is None:
        return None
    aggregate = orjson.loads(record.value)
    base, _, feed = aggregate["scope"].partition("@")
    windows = orjson.dumps(aggregate["windows"], option=orjson.OPT_SORT_KEYS).decode()
    return aggregate_key(record), key_text(base), feed or None, microseconds(aggregate["clock"]), windows


def aggregate_key(record: Record) -> str:
    """Return the key of the scope that a record of the aggregates topic is about."""
    return key_text((record.key or b"").decode())


def transition_row(record: Record) -> Row:
    """Return the row of `transitions`."""
    transition = decode_transition(record)
    document = orjson.dumps(transition, option=orjson.OPT_SORT_KEYS).decode()
    members = [key_text(transition[name]) for name in ("id", *_ALERT)]
    return record.partition, record.offset, record.timestamp_ms * 1000, *members, document


def alert_row(transition: Row) -> Row:
    """Return the row of `alerts` that a row of `transitions` leaves."""
    partition, offset, told, alert, thread, scope, rule, feed, kind, *rest = transition
    return partition, offset, kind not in ENDED, told, alert, thread, scope, rule, feed, kind, *rest


def command_row(record: Record) -> Row | None:
    """Return the row of `commands`, None of what is no command."""
    command = decode_command(record)
    if command is None:
        return None
    members = [_member(command, name) for name in ("thread", "silence", "scope", "rule", "by")]
    document = (record.value or b"").decode()
    return record.partition, record.offset, record.timestamp_ms * 1000, command.command, *members, document


def rule_set_row(record: Record) -> Row | None:
    """Return the row of `rule_sets`, None of what is no valid one and never came into force."""
    try:
        text = (record.value or b"").decode()
        version = parse_rules(text).version
    except (BadInput, UnicodeDecodeError):
        return None
    return record.offset, record.timestamp_ms * 1000, version, text


def _stamp(statement: Assertion) -> Stamp:
    stamp = statement.stamp
    # PostgreSQL takes no NUL; the next character sorts as it does beside everything that feeds say.
    return stamp._replace(sequence=stamp.sequence.replace("\0", "\1")) if "\0" in stamp.sequence else stamp


def _when_and_where(document: Document) -> tuple[str | None, str | None, int | None, str | None, Document]:
    """First day, last day, start, country and place, as far as the document says so."""
    place: Document = document.get("place", {})
    interval = document.get("event_time")
    if interval is None:
        return None, None, None, place.get("country"), place
    start, end = microseconds(interval["start"]), microseconds(interval["end"])
    last = end - 1 if end > start else start
    return day_text(start // DAY), day_text(last // DAY), start, place.get("country"), place


def _degrees(place: Document, name: str) -> float | None:
    # Canonical JSON writes 5.0 as 5, and PostgreSQL's driver takes no list of both kinds.
    degrees = place.get(name)
    return None if degrees is None else float(degrees)


def _member(command: AnyCommand, name: str) -> str | None:
    if name == "silence" and isinstance(command, Silence):
        return command.id
    value: str | None = getattr(command, name, None)
    return None if value is None else key_text(value)
