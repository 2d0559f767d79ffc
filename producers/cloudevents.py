"""The headers of an event on a topic: CloudEvents 1.0 in binary mode (Kafka protocol binding)."""

from __future__ import annotations

from hashlib import sha256

from eventlog.record import Header
from timeline.identity import Assertion


def headers_of(statement: Assertion) -> list[Header]:
    """Return the headers. `ce_id` names the assertion, not the event: its stamp is part of it, so that a repeat of one
    assertion has the same id, as CloudEvents asks, and a correction another."""
    document = statement.document
    stamp = "\n".join(map(str, statement.stamp))
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", f"{statement.id}/{sha256(stamp.encode()).hexdigest()[:16]}".encode()),
        ("ce_source", f"vigil:{document['source']}".encode()),
        ("ce_type", f"vigil.{document['type']}.v1".encode()),
        ("ce_time", document["publish_time"].encode()),
        ("content-type", b"application/json"),
    ]
