"""Identity of assertions: the canonical form, the content hash and the stamp.

Rules kept here:
- The hash is taken over the validated content, so a new optional member changes no hash.
- Two assertions with the same stamp are the same assertion; nothing else decides that.
- Of an id, the assertion with the greatest stamp is current. A position in a log is never compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from sys import intern
from typing import Any, NamedTuple

import orjson

from schemas.event import Event
from timeline.times import microseconds

Document = dict[str, Any]
"""An assertion as JSON: canonical members, and `state`, `coding`, `publish_time`, `publish_time_basis` always."""

NOT_CONTENT = {"sequence", "publish_time", "publish_time_basis"}
_DEFAULTS = {"state": "asserted", "coding": "human"}


class Stamp(NamedTuple):
    """Order of the assertions of one id: the greatest is current.

    `publish_time` is microseconds since 1970, `content` the hash as 64 hexadecimal digits.
    """

    sequence: str
    publish_time: int
    withdrawn: bool
    content: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """A validated statement of a feed about one of its events."""

    id: str
    stamp: Stamp
    document: Document


def assertion(event: Event) -> Assertion:
    """Return the assertion that this event makes."""
    document = _pruned(event.model_dump(mode="json", exclude_none=True, by_alias=True))
    document["publish_time"] = _shortest_time(document["publish_time"])
    if document.get("sequence") == document["publish_time"]:
        # What an absent sequence means: said or not, it is the same assertion.
        del document["sequence"]
    interval = document.get("event_time")
    if interval is not None:
        interval["start"] = _shortest_time(interval["start"])
        interval["end"] = _shortest_time(interval["end"])
    return Assertion(event.id, _stamp(document, _hash(document)), document)


def content_hash(event: Event) -> str:
    """Return the SHA-256 of the event's content in canonical form, 64 hexadecimal digits."""
    return assertion(event).stamp.content


def encode(statement: Assertion) -> bytes:
    """Return the assertion as canonical JSON: sorted keys, no blanks, UTF-8."""
    return orjson.dumps(statement.document, option=orjson.OPT_SORT_KEYS)


def decode(value: bytes, content: str) -> Assertion:
    """Return the assertion of a timeline record; `content` is its hash, as the record's header gives it.

    The ledger validated it before it wrote the record: it is not validated again.
    """
    document: Document = orjson.loads(value)
    return Assertion(document["id"], _stamp(document, content), document)


def _stamp(document: Document, content: str) -> Stamp:
    published: str = document["publish_time"]
    sequence: str = document.get("sequence", published)
    withdrawn = document["state"] == "withdrawn"
    # Many assertions share a day: kept once, not a million times.
    return Stamp(intern(sequence), microseconds(published), withdrawn, content)


def _hash(document: Document) -> str:
    content = document.copy()
    for name in NOT_CONTENT:
        content.pop(name, None)
    for name, default in _DEFAULTS.items():
        if content[name] == default:
            del content[name]
    return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _pruned(members: Document) -> Document:
    """Drop what says nothing, and write 5.0 as 5 (no number here is too large for that to be exact)."""
    kept: Document = {}
    for name, value in members.items():
        kind = type(value)
        if kind is str:
            if value:
                kept[name] = value
        elif kind is dict:
            inner = _pruned(value)
            if inner:
                kept[name] = inner
        elif kind is list:
            if value:
                kept[name] = [_pruned(item) if type(item) is dict else item for item in value]
        elif kind is float and value.is_integer():
            kept[name] = int(value)
        else:
            kept[name] = value
    return kept


def _shortest_time(text: str) -> str:
    return text[:-1].rstrip("0") + "Z" if "." in text else text
