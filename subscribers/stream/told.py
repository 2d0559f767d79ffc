"""What the streams tell: for each the topic that it follows, and what an event of it says of a record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson

from eventlog.record import Record
from schemas.topics import ALERTS, TIMELINE
from subscribers.alerts import decode_transition
from subscribers.stream import frames
from timeline.filters import Filters

Members = dict[str, Any]
_ALERT_MEMBERS: Final = ("scope", "rule", "feed", "first_day", "last_day")
_EVENT_MEMBERS: Final = ("type", "source", "event_time", "mission")
_PLACE_MEMBERS: Final = ("country", "admin1", "admin1_code")


@dataclass(frozen=True, slots=True)
class Told:
    """A record as an event: `frame` is its bytes without the id, `members` are what filters look at."""

    frame: bytes
    members: Members


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream: the name of its events, its topic, how a record is told, and whether what it says passes filters."""

    name: str
    topic: str
    tell: Callable[[Record], Told]
    passes: Callable[[Filters, Members], bool]


def _alert(record: Record) -> Told:
    transition = decode_transition(record)
    members = {name: transition[name] for name in _ALERT_MEMBERS}
    return Told(frames.event("alert", _line(transition)), members)


def _assertion(record: Record) -> Told:
    """`ingest_time` is when the log took it, which for a restored record is not when this topic did."""
    document: Members = orjson.loads(record.value or b"")
    ingest_time = dict(record.headers)["vigil_ingest_time"].decode()
    line = _line({**document, "ingest_time": ingest_time})
    return Told(frames.event("timeline", line), _event_members(document))


def _event_members(document: Members) -> Members:
    """Only these are kept: whole documents would be most of the server's memory."""
    place, resolution = document.get("place", {}), document.get("resolution", {})
    return {
        **{name: document[name] for name in _EVENT_MEMBERS if name in document},
        "type": document["type"],
        "source": document["source"],
        "place": {name: place[name] for name in _PLACE_MEMBERS if name in place},
        "actors": [{"id": actor["id"]} for actor in document.get("actors", ())],
        "resolution": {"mission": resolution.get("mission")},
    }


def _line(members: Members) -> bytes:
    return orjson.dumps(members, option=orjson.OPT_SORT_KEYS)


STREAMS: Final = {
    "alerts": Stream("alert", ALERTS, _alert, Filters.alert),
    "timeline": Stream("timeline", TIMELINE, _assertion, Filters.event),
}
"""By the last part of their addresses."""
