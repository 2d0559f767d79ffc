"""`GET /feeds`, `/rules` and `/status`: who reports, by which rules alerts are raised, and how far all is read."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection

from subscribers.http.authorisation import requires
from subscribers.http.described import described
from subscribers.http.documents import FeedsAged, RulesInForce, Status
from subscribers.http.etag import answer
from subscribers.http.negotiation import MEDIA_TYPES, Form, negotiated
from subscribers.http.pages import json_page
from subscribers.http.parts import Parts, parts_of
from subscribers.http.reading import Reading, reading
from subscribers.read_model.database import schema_revision
from subscribers.read_model.lag import Position, read_positions
from subscribers.read_model.queries.aggregates import clock_of
from subscribers.read_model.queries.feeds import Feed, all_feeds
from subscribers.read_model.queries.rules import rules_in_force
from timeline.rule_words import explanation
from timeline.times import time_text

router = APIRouter(tags=["state"], dependencies=[Depends(requires("read"))])
JsonOnly = Annotated[Form, Depends(negotiated("json"))]
Members = dict[str, Any]


@router.get(
    "/feeds",
    summary="The age of each feed",
    description="When each feed last published something and when the log last took something of it.",
    response_class=Response,
    responses=described("The feeds, by name.", {"json": FeedsAged}),
)
def feeds(*, request: Request, form: JsonOnly) -> Response:
    """Answer `GET /feeds`."""
    parts = parts_of(request)
    with reading(parts) as (connection, lag):
        found = all_feeds(connection)
    now = parts.now()
    body = json_page((orjson.dumps(_feed(each, now)) for each in found), None)
    return answer(request, body, MEDIA_TYPES[form], lag=lag)


@router.get(
    "/rules",
    summary="The rules in force, in words",
    description="The rule set that was applied last: of each rule its version, title, rationale, and what it watches, "
    "when it starts and ends, as `vigil rules explain` says it.",
    response_class=Response,
    responses=described("The rule set.", {"json": RulesInForce}),
)
def rules(*, request: Request, form: JsonOnly) -> Response:
    """Answer `GET /rules`."""
    with reading(parts_of(request)) as (connection, lag):
        found = rules_in_force(connection)
    said: Members = {"version": None, "since": None, "items": [], "next": None}
    if found is not None:
        each = [explanation(rule, found.rules) for rule in found.rules.rules]
        said |= {"version": found.rules.version, "since": time_text(found.since), "items": each}
    return answer(request, orjson.dumps(said), MEDIA_TYPES[form], lag=lag)


@router.get(
    "/status",
    summary="How far the read model has read the log, and who follows the streams",
    description="The position and the end of each partition, the lag, the clock, the revision of the schema, the "
    "version of the rules, the clients of the streams, and the versions of what runs.",
    response_class=Response,
    responses=described("The state of the read side.", {"json": Status}),
)
def status(*, request: Request, form: JsonOnly) -> Response:
    """Answer `GET /status`."""
    parts = parts_of(request)
    with reading(parts) as found:
        said = _status(found, parts)
    return answer(request, orjson.dumps(said), MEDIA_TYPES[form], lag=found.lag)


def _feed(feed: Feed, now: int) -> Members:
    return {
        "feed": feed.source,
        "events": feed.events,
        "assertions": feed.assertions,
        "newest_publish": time_text(feed.newest_publish),
        "newest_ingest": time_text(feed.newest_ingest),
        "seconds_since_publish": (now - feed.newest_publish) / 1_000_000,
        "seconds_since_ingest": (now - feed.newest_ingest) / 1_000_000,
    }


def _status(found: Reading, parts: Parts) -> Members:
    connection, lag = found
    clock, in_force = clock_of(connection), rules_in_force(connection)
    positions = sorted(read_positions(connection).items())
    return {
        "now": time_text(parts.now()),
        "clock": None if clock is None else time_text(clock),
        "lag": lag._asdict(),
        "positions": [_position(*place, position) for place, position in positions],
        "schema_revision": schema_revision(parts.engine),
        "rules_version": None if in_force is None else in_force.rules.version,
        "streams": [
            {"name": name, "subscribers": hub.subscribers, "lag": hub.lag} for name, hub in (parts.hubs or {}).items()
        ],
        "versions": _versions(connection),
    }


def _position(topic: str, partition: int, position: Position) -> Members:
    complete = position.complete_at
    return {
        "topic": topic,
        "partition": partition,
        "next_offset": position.next_offset,
        "end": position.seen_end,
        "seen_at": time_text(position.seen_at),
        "complete_at": None if complete is None else time_text(complete),
    }


def _versions(connection: Connection) -> dict[str, str]:
    database = ".".join(map(str, connection.dialect.server_version_info or ()))
    return {"vigil": version("vigil"), "python": platform.python_version(), connection.dialect.name: database}
