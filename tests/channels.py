"""Records held against the contract: of which kinds of message of its channel a record is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

import jsonschema
import yaml

from eventlog.record import Header
from schemas.async_api import async_api

DOCUMENT = async_api()
MESSAGES: dict[str, dict[str, Any]] = DOCUMENT["components"]["messages"]


def kinds(channel: str, value: bytes | None, headers: Sequence[Header] = ()) -> list[str]:
    """The names of the channel's messages that a record with this value and these headers is an instance of."""
    return [
        name for name in DOCUMENT["channels"][channel]["messages"] if not list(faults(MESSAGES[name], value, headers))
    ]


def faults(message: dict[str, Any], value: bytes | None, headers: Sequence[Header] = ()) -> list[str]:
    """What is wrong with a record that should be an instance of this message."""
    try:
        payload = _decoded(value, message["contentType"])
    except ValueError as error:
        return [str(error)]
    return payload_faults(message, payload) + header_faults(message, {name: said.decode() for name, said in headers})


def payload_faults(message: dict[str, Any], payload: Any) -> list[str]:
    return _faults(json.dumps(message["payload"]), payload)


def header_faults(message: dict[str, Any], headers: dict[str, str]) -> list[str]:
    return _faults(json.dumps(message["headers"]), headers) if "headers" in message else []


def _faults(schema: str, found: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in _validator(schema).iter_errors(found)]


@cache
def _validator(schema: str) -> Any:
    # The schema language of AsyncAPI is JSON Schema draft 7 and a little more.
    whole = json.loads(schema) | {"components": DOCUMENT["components"]}
    if "$ref" in whole:
        # Beside a reference draft 7 reads nothing else.
        whole = {"allOf": [{"$ref": whole.pop("$ref")}], **whole}
    return jsonschema.Draft7Validator(whole, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER)


def _decoded(value: bytes | None, content_type: str) -> Any:
    if value is None:
        return None
    if content_type == "application/octet-stream":
        return value.decode("latin-1")
    return yaml.safe_load(value) if content_type.endswith("yaml") else json.loads(value)
