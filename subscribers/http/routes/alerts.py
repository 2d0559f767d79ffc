"""`GET /alerts`: those that stand, every transition, or what stood as of a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import Connection

from schemas.rule import RuleSet
from schemas.topics import ALERTS
from subscribers.exporting.columns import TOLD_COLUMNS
from subscribers.http.alert_forms import (
    SEVERAL,
    atom_of_scope,
    cap_bodies,
    messages_of,
    messages_shown,
    profile_of,
)
from subscribers.http.authorisation import requires
from subscribers.http.cursors import decode, question_of
from subscribers.http.described import described
from subscribers.http.documents import Alerts, FeatureCollection
from subscribers.http.etag import answer
from subscribers.http.geojson import Places, alert_feature, feature_collection
from subscribers.http.negotiation import MEDIA_TYPES, SEVERAL_MESSAGES, Form, negotiated
from subscribers.http.pages import json_page, link_header, next_cursor
from subscribers.http.parameters import AlertFilters, Cursor, KnownBy, Limit, Sorted
from subscribers.http.parts import Parts, parts_of
from subscribers.http.problems import invalid, not_found
from subscribers.http.reading import reading
from subscribers.http.tables_csv import table_csv
from subscribers.read_model.lag import Lag
from subscribers.read_model.queries.alerts import Asked, Page, Told, alerts_page, ends_of, families
from subscribers.read_model.queries.events import Cause, assertions_in, documents_of
from subscribers.read_model.queries.known import Known
from subscribers.read_model.queries.rules import rules_in_force
from timeline.as_of import rollup_as_of
from timeline.filters import Filters

router = APIRouter(tags=["alerts"], dependencies=[Depends(requires("read"))])
Status = Literal["open", "resolved"]
Members = dict[str, Any]
_TYPES: Final[dict[Form, str]] = {"cap": SEVERAL_MESSAGES}
_ORDER: Final = ("first_day", "rule", "scope", "id")
_CAP: Final = negotiated("json", "geojson", "csv", "cap", "atom", types=_TYPES)


@router.get(
    "/alerts",
    summary="The alerts that stand, or every transition, as told by now or by a time",
    description="In pages by first day, rule, scope and id; with `all=true` every transition, by when it was told. "
    "As of a time on the ingest axis: what had been told by then. On the publish axis: what stood by what was "
    "published, computed with the rules in force, of exactly one `scope`. CAP has a part for each message (of one "
    "alert see /alerts/{id}); Atom is the feed of what is open in one scope.",
    response_class=Response,
    responses=described(
        "A page of alerts.",
        {"json": Alerts, "geojson": FeatureCollection, "csv": None, "cap": None, "atom": None},
        400,
        404,
        types=_TYPES,
    ),
)
def alerts(
    *,
    request: Request,
    filters: AlertFilters,
    known: KnownBy,
    form: Annotated[Form, Depends(_CAP)],
    status: Annotated[Status | None, Query(description="Open or resolved, by the clock.")] = None,
    everything: Annotated[bool, Query(alias="all", description="Every transition, not the alerts that stand.")] = False,
    order: Sorted = "newest",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Answer `GET /alerts`."""
    parts, asked = parts_of(request), Asked(filters, status, everything)
    published = known.time is not None and known.axis == "publish"
    with reading(parts) as (connection, lag):
        if form == "atom":
            return _atom(request, connection, parts, lag)
        place = None if cursor is None else decode(cursor, question_of(request))
        if published:
            page = _published(connection, asked, known, form, newest=order == "newest", limit=limit, after=place)
            place, told = page.after, Told()
        else:
            ends = ends_of(connection, parts.topic_prefix + ALERTS) if place is None else dict(place.pop(0))
            told = Told(known.time, ends)
            page = alerts_page(connection, asked, told, newest=order == "newest", limit=limit, after=place)
            place = None if page.after is None else [sorted(ends.items()), *page.after]
        following = next_cursor(request, place)
        body = _body(connection, page, form, asked=asked, told=told, parts=parts, following=following)
    media = SEVERAL if form == "cap" else MEDIA_TYPES[form]
    return answer(request, body, media, lag=lag, headers=link_header(request, following))


def _body(
    connection: Connection,
    page: Page,
    form: Form,
    *,
    asked: Asked,
    told: Told,
    parts: Parts,
    following: str | None,
) -> bytes:
    if form == "json":
        return json_page((text.encode() for text in page.documents), following)
    shown = [orjson.loads(text) for text in page.documents]
    if form == "csv":
        return table_csv(TOLD_COLUMNS, shown)
    if form == "geojson":
        places = places_of(connection, shown)
        return feature_collection((alert_feature(each, places) for each in shown), following)
    profile = profile_of(parts.hosts)
    rules, scopes = {each["rule"] for each in shown}, {each["scope"] for each in shown}
    all_told = map(orjson.loads, families(connection, sorted(rules), sorted(scopes), told) if shown else ())
    messages = messages_shown(messages_of(all_told, profile), shown, everything=asked.everything)
    return cap_bodies(connection, messages, profile)


def places_of(connection: Connection, shown: Sequence[Members]) -> Places:
    """Return the places of the causes that these alerts name, as far as they are known."""
    causes = [Cause(cause["id"], cause["content"]) for alert in shown for cause in alert["causes"]]
    documents = documents_of(connection, causes)
    return {cause: orjson.loads(text).get("place", {}) for cause, text in documents.items()}


def _published(
    connection: Connection,
    asked: Asked,
    known: Known,
    form: Form,
    *,
    newest: bool,
    limit: int,
    after: list[Any] | None,
) -> Page:
    """Fold the one scope as of a publish time, with the rules in force."""
    scopes = asked.filters.scope
    if len(scopes) != 1:
        raise invalid("scope", "alerts as of a publish time are computed for exactly one scope; give one")
    if asked.everything:
        raise invalid("all", "what was told is on the ingest axis; as of a publish time there is what stood")
    if form == "cap":
        raise invalid("format", "CAP says what was told, which is on the ingest axis")
    in_force = rules_in_force(connection)
    rules = RuleSet() if in_force is None else in_force.rules
    rollup = rollup_as_of(assertions_in(connection, scopes[0], known), known.time, known.axis, rules)
    day = rollup.clock_day or 0
    standing = [
        episode.members(day)
        for rule, scope in rollup.alerts()
        if scope == scopes[0]
        for episode in rollup.episodes((rule, scope))
    ]
    passing = [each for each in standing if asked.filters.alert(each) and asked.status in (None, each["status"])]
    found = sorted(passing, key=_place, reverse=newest)
    if after is not None:
        found = [each for each in found if (_place(each) < after if newest else _place(each) > after)]
    page = found[:limit]
    documents = [orjson.dumps(each, option=orjson.OPT_SORT_KEYS).decode() for each in page]
    return Page(documents, _place(page[-1]) if len(found) > limit else None)


def _place(alert: Members) -> list[Any]:
    return [alert[name] for name in _ORDER]


def _atom(request: Request, connection: Connection, parts: Parts, lag: Lag) -> Response:
    given = [(name, value) for name, value in request.query_params.multi_items() if name != "format"]
    kinds = {"scope": "", "country": "country:", "actor": "actor:"}
    for name, _ in given:
        if name not in kinds:
            raise invalid(name, "a feed is of what is open now in one scope: give scope, country or actor alone")
    if len(given) != 1:
        raise invalid("scope", "a feed is of one scope: give one scope, country or actor")
    scope = kinds[given[0][0]] + given[0][1]
    profile = profile_of(parts.hosts)
    messages = messages_of(map(orjson.loads, families(connection, (), [scope])), profile)
    body = atom_of_scope(messages, scope, Filters(), profile)
    if body is None:
        raise not_found(f"nothing was ever told of the scope {scope[:500]!r}")
    return answer(request, body, MEDIA_TYPES["atom"], lag=lag)
