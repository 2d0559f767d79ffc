"""`GET /alerts/{id}`: one alert, explained, with what people said of it."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path, Request, Response
from sqlalchemy import Connection

from schemas.errors import Failed
from subscribers.alert_explained import explanation_of, named_events
from subscribers.alert_ids import SHORTEST_ID, find_alert
from subscribers.http.alert_forms import atom_of_alert, cap_body, message_in_force, messages_of, profile_of
from subscribers.http.authorisation import requires
from subscribers.http.described import described
from subscribers.http.documents import AlertExplained, Feature
from subscribers.http.etag import answer
from subscribers.http.geojson import alert_feature
from subscribers.http.negotiation import MEDIA_TYPES, Form, negotiated
from subscribers.http.parts import Parts, parts_of
from subscribers.http.problems import Problem, invalid, not_found
from subscribers.http.reading import reading
from subscribers.http.routes.alerts import places_of
from subscribers.read_model.queries.alerts import families, named
from subscribers.read_model.queries.events import assertions_in
from subscribers.read_model.queries.people import said_of
from subscribers.read_model.queries.rules import rule_sets
from timeline.notices import names
from timeline.people import fold_people, said_members

router = APIRouter(tags=["alerts"], dependencies=[Depends(requires("read"))])
Members = dict[str, Any]


@router.get(
    "/alerts/{id}",
    summary="One alert, explained, with what people said of it",
    description="As it was told last; the numbers, the events that made it and those without which it were none, its "
    "rule in words, how it was told until then, acknowledgements, comments, and the silences that are about it.",
    response_class=Response,
    responses=described(
        "The alert.", {"json": AlertExplained, "geojson": Feature, "cap": None, "atom": None}, 404, 409
    ),
)
def alert(
    *,
    request: Request,
    digits: Annotated[
        str,
        Path(alias="id", max_length=200, description="The alert's id, its first digits (4 at least), or its thread."),
    ],
    form: Annotated[Form, Depends(negotiated("json", "geojson", "cap", "atom"))],
) -> Response:
    """Answer `GET /alerts/{id}`."""
    parts = parts_of(request)
    with reading(parts) as (connection, lag):
        told = _told(connection, digits)
        found = _find(told, digits)
        if form == "json":
            body = orjson.dumps(_explained(connection, digits, found, told, parts.now()))
        elif form == "geojson":
            body = orjson.dumps(alert_feature(found, places_of(connection, [found])))
        else:
            body = _message(connection, form, found, told, parts)
    return answer(request, body, MEDIA_TYPES[form], lag=lag)


def _told(connection: Connection, digits: str) -> list[Members]:
    """Return all that was told of the rules and scopes of the alerts that these digits name, in its order."""
    if len(digits) < SHORTEST_ID:
        raise invalid("id", f"expected at least {SHORTEST_ID} digits of an alert's id, found {digits!r}")
    if "\0" in digits:
        raise not_found("no alert has such an id")
    pairs = named(connection, digits)
    if not pairs:
        raise not_found(f"no alert {digits!r} was ever told; see /alerts?all=true")
    rules, scopes = {rule for rule, _ in pairs}, {scope for _, scope in pairs}
    return [orjson.loads(text) for text in families(connection, sorted(rules), sorted(scopes))]


def _find(told: list[Members], digits: str) -> Members:
    try:
        return find_alert(told, digits)
    except Failed as error:
        raise Problem(409, "Several alerts", str(error), kind="ambiguous") from error


def _explained(connection: Connection, digits: str, alert: Members, told: list[Members], now: int) -> Members:
    taken = assertions_in(connection, alert["scope"], also=named_events(alert, told))
    explained = explanation_of(digits, told, rule_sets(connection), [each.statement for each in taken])
    people = fold_people(said_of(connection, [each["thread"] for each in told]), told)
    thread = people.goes_on_as(alert["thread"])
    silences = [each for each in people.silences() if each.covers(alert)]
    return {
        **explained,
        "acknowledged": names(people.acknowledgements(thread)),
        "people": [said_members(each) for each in people.said(thread)],
        "silences": [{**each.members(), "in_force": each.in_force(now)} for each in silences],
    }


def _message(connection: Connection, form: Form, alert: Members, told: list[Members], parts: Parts) -> bytes:
    profile = profile_of(parts.hosts)
    messages = messages_of(told, profile)
    message = message_in_force(messages, alert["id"])
    return cap_body(connection, message, profile) if form == "cap" else atom_of_alert(messages, message, profile)
