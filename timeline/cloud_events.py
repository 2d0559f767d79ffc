"""Assertions as CloudEvents 1.0 on a topic: what is said of one in headers (binary mode), and how one that stands
inside a CloudEvent (structured mode) is taken out.

Rules kept here:
- `ce_id` names the assertion, not the event: its stamp is part of it, so that a repeat of one assertion has the same
  id, as CloudEvents asks, and a correction another.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import orjson

from schemas.errors import BadInput
from timeline.identity import Assertion, Stamp

Headers = list[tuple[str, bytes]]


def headers_of(statement: Assertion) -> Headers:
    """Return the headers of the assertion's record (Kafka protocol binding)."""
    document = statement.document
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", name_of(statement.id, statement.stamp)),
        ("ce_source", f"vigil:{document['source']}".encode()),
        ("ce_type", f"vigil.{document['type']}.v1".encode()),
        ("ce_time", document["publish_time"].encode()),
        ("content-type", b"application/json"),
    ]


def name_of(event_id: str, stamp: Stamp) -> bytes:
    """Return the CloudEvent id of an assertion."""
    said = "\n".join(map(str, stamp))
    return f"{event_id}/{sha256(said.encode()).hexdigest()[:16]}".encode()


def unwrap(envelope: Any) -> tuple[bytes, dict[str, str]]:
    """Return the event inside a CloudEvent that was read from JSON, as JSON, and its attributes that are text.

    Raises:
        BadInput: it is no CloudEvent of version 1.0, or has no event inside.
    """
    if not isinstance(envelope, dict) or envelope.get("specversion") != "1.0":
        raise BadInput("expected a CloudEvent of version 1.0", "specversion")
    if not isinstance(envelope.get("data"), dict):
        raise BadInput("expected the event as a JSON object", "data")
    attributes = {name: said for name, said in envelope.items() if name != "data" and isinstance(said, str)}
    return orjson.dumps(envelope["data"]), attributes
