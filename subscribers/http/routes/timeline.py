"""`GET /timeline` and `GET /events/{id}`: what happened, as far as is known now or was at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path, Request, Response

from subscribers.exporting.columns import EVENT_COLUMNS
from subscribers.http.authorisation import requires
from subscribers.http.cursors import decode, question_of
from subscribers.http.described import described
from subscribers.http.documents import EventHistory, Events, FeatureCollection
from subscribers.http.etag import answer
from subscribers.http.geojson import event_feature, feature_collection
from subscribers.http.negotiation import MEDIA_TYPES, Form, negotiated
from subscribers.http.pages import json_page, link_header, next_cursor
from subscribers.http.parameters import Cursor, EventFilters, KnownBy, Limit, Sorted
from subscribers.http.parts import parts_of
from subscribers.http.problems import not_found
from subscribers.http.reading import reading
from subscribers.http.tables_csv import table_csv
from subscribers.read_model.queries.events import assertions_of
from subscribers.read_model.queries.known import newest_seq
from subscribers.read_model.queries.timeline import After, timeline_page
from timeline.as_of import Taken
from timeline.differences import differing_fields
from timeline.identity import Document
from timeline.states import States, state_json
from timeline.times import time_text

router = APIRouter(tags=["timeline"], dependencies=[Depends(requires("read"))])


@router.get(
    "/timeline",
    summary="The current state of each event, as known now or at a time",
    description="In pages by first day and id. A walk through the pages shows what was there at its beginning, each "
    "event once. Withdrawn events are among them (look at `state`), but not in GeoJSON.",
    response_class=Response,
    responses=described("A page of events.", {"json": Events, "geojson": FeatureCollection, "csv": None}, 400),
)
def timeline(
    *,
    request: Request,
    filters: EventFilters,
    known: KnownBy,
    form: Annotated[Form, Depends(negotiated("json", "geojson", "csv"))],
    order: Sorted = "newest",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Answer `GET /timeline`."""
    with reading(parts_of(request)) as (connection, lag):
        seq, *place = [newest_seq(connection)] if cursor is None else decode(cursor, question_of(request))
        known = replace(known, seq=seq)
        after = After(*place) if place else None
        page = timeline_page(connection, filters, known, newest=order == "newest", limit=limit, after=after)
    following = next_cursor(request, None if page.after is None else [seq, *page.after])
    body = _page(page.states, form, following)
    return answer(request, body, MEDIA_TYPES[form], lag=lag, headers=link_header(request, following))


@router.get(
    "/events/{id:path}",
    summary="Everything that was asserted of one event",
    description="The first assertion whole, each further one by the members that it changes (dotted paths, as "
    "`vigil diff` names them), in the order of the feed's statements, and the state that follows from all.",
    response_class=Response,
    responses=described("The event's assertions and state.", {"json": EventHistory}, 404),
)
def event(
    *,
    request: Request,
    event_id: Annotated[str, Path(alias="id", description="An event's id; slashes stand as they are.")],
    known: KnownBy,
    form: Annotated[Form, Depends(negotiated("json"))],
) -> Response:
    """Answer `GET /events/{id}`."""
    with reading(parts_of(request)) as (connection, lag):
        taken = assertions_of(connection, event_id, known)
    if not taken:
        when = "" if known.time is None else f" as of {time_text(known.time)}"
        raise not_found(f"no event {event_id[:500]!r} is known{when}")
    states = States()
    for each in taken:
        states.apply(each.statement)
    said = {"id": event_id, "state": next(states.current()), "assertions": list(_history(taken))}
    return answer(request, orjson.dumps(said), MEDIA_TYPES[form], lag=lag)


def _page(states: list[Document], form: Form, following: str | None) -> bytes:
    if form == "geojson":
        standing = [state for state in states if state["state"] != "withdrawn"]
        return feature_collection(map(event_feature, standing), following)
    if form == "csv":
        return table_csv(EVENT_COLUMNS, states)
    return json_page(map(state_json, states), following)


def _history(taken: list[Taken]) -> Iterator[dict[str, Any]]:
    before: Document | None = None
    for statement, ingest_time in taken:
        document = statement.document
        said = {
            "sequence": statement.stamp.sequence,
            "publish_time": document["publish_time"],
            "ingest_time": None if ingest_time is None else time_text(ingest_time),
            "state": document["state"],
            "content": statement.stamp.content,
            "current": statement is taken[-1].statement,
        }
        yield {**said, "document": document} if before is None else {**said, "changes": _changes(before, document)}
        before = document


def _changes(before: Document, after: Document) -> list[dict[str, Any]]:
    return [
        {"field": path, "before": _member(before, path), "after": _member(after, path)}
        for path in differing_fields(before, after)
    ]


def _member(document: Document, path: str) -> Any:
    found: Any = document
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found
