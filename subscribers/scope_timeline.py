"""The timeline of one scope, without decoding all the others.

An event's record is looked at as bytes: canonical JSON holds what puts it in a scope in one spelling only. What looks
like it is decoded, all assertions of the event then, since one of them may have moved it out of the scope.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import orjson

from eventlog.reading import read_to_end
from eventlog.record import Record
from schemas.countries import REGIONS
from schemas.topics import TIMELINE
from subscribers.timeline import decode_taken
from timeline.identity import Assertion


async def read_scope(
    bootstrap: str, scope: str, *, also: Collection[str] = (), topic_prefix: str = ""
) -> list[Assertion]:
    """Return every assertion of each event that ever was in the scope, and of those with these ids; maybe of more."""
    records: dict[bytes, list[Record]] = {}
    wanted = {event_id.encode() for event_id in also}
    pattern = pattern_of(scope)
    async for batch in read_to_end(bootstrap, topic_prefix + TIMELINE):
        for record in batch:
            if record.key is None or record.value is None:
                continue
            records.setdefault(record.key, []).append(record)
            if record.key not in wanted and pattern.search(record.value):
                wanted.add(record.key)
    return [decode_taken(record).statement for key in sorted(wanted) for record in records.get(key, ())]


def pattern_of(scope: str) -> re.Pattern[bytes]:
    """Return what is found in the canonical JSON of every event of the scope, of its feed's part if it names one."""
    base, _, feed = scope.partition("@")
    kind, _, name = base.partition(":")
    if feed:
        return re.compile(_member("source", feed))
    match kind:
        case "region":
            countries = [country for country, regions in REGIONS.items() if name in regions]
            return re.compile(rb'"country":"(%s)"' % b"|".join(country.encode() for country in countries))
        case "country" | "mission":
            return re.compile(_member(kind, name))
        case "actor":
            return re.compile(_member("id", name))
        case "admin1":
            country, named, admin1 = name.partition("/")
            return re.compile(_member("admin1", admin1) if named else _member("admin1_code", country))
    return re.compile(b"")


def _member(name: str, value: str) -> bytes:
    # A scope's name has `_` where the event has `@`.
    spelled = re.escape(orjson.dumps(value)).replace(b"_", b"[_@]")
    return b'"%s":%s' % (name.encode(), spelled)
