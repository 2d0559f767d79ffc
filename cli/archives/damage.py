"""What a record of the live topics has to be by itself: whatever byte of its value is changed, it is found out."""

from __future__ import annotations

from hashlib import sha256

import orjson
from pydantic import ValidationError

from eventlog.record import Record
from schemas.aggregate import Aggregate
from schemas.alert import AlertTransition
from schemas.errors import BadInput
from schemas.event import parse_event
from timeline.identity import Assertion, assertion, encode


def place_of(record: Record) -> str:
    """Return topic:partition:offset."""
    return f"{record.topic}:{record.partition}:{record.offset}"


def sound_statement(record: Record) -> tuple[Assertion, str]:
    """Return what a timeline record asserts, and the position of the event topic that it was written from.

    Raises:
        BadInput: it is not what the ledger writes of any assertion.
    """
    headers = _headers(record)
    try:
        said = [headers[f"vigil_{name}"] for name in ("content", "sequence", "publish_time", "withdrawn", "position")]
    except KeyError as error:
        raise BadInput(f"its header {error} is missing") from error
    try:
        statement = assertion(parse_event(record.value or b""))
    except BadInput as error:
        raise BadInput(f"it holds no valid event: {error}") from error
    stamp = statement.stamp
    if stamp.content != said[0]:
        raise BadInput(f"the content of {statement.id} has another hash than its header says")
    held = [stamp.sequence, statement.document["publish_time"], "1" if stamp.withdrawn else "0"]
    if said[1:4] != held:
        raise BadInput(f"the stamp of {statement.id} is {held}, its headers say {said[1:4]}")
    if encode(statement) != record.value:
        raise BadInput(f"the assertion of {statement.id} is written in another way than the ledger's")
    if record.key != statement.id.encode():
        raise BadInput(f"the assertion of {statement.id} stands under another key")
    return statement, said[4]


def check_told(record: Record, model: type[Aggregate | AlertTransition]) -> None:
    """Hold a record of the aggregates or the alerts against its own hash, its form and its key.

    Raises:
        BadInput: it is not what the roller writes.
    """
    if record.value is None:
        return
    told = _headers(record).get("vigil_sha256")
    if told is not None and told != sha256(record.value).hexdigest():
        raise BadInput(f"the record of {_shown(record.key)} has another hash than its header says")
    try:
        orjson.loads(record.value)
        scope = model.model_validate_json(record.value).scope
    except (orjson.JSONDecodeError, ValidationError) as error:
        raise BadInput(f"the record of {_shown(record.key)} is no {_NAMES[model]}") from error
    if scope.encode() != record.key:
        raise BadInput(f"the record of {_shown(record.key)} speaks of {scope}")


_NAMES = {Aggregate: "aggregate", AlertTransition: "alert"}


def _headers(record: Record) -> dict[str, str]:
    return {name: value.decode(errors="replace") for name, value in record.headers}


def _shown(key: bytes | None) -> str:
    return (key or b"").decode(errors="replace")
