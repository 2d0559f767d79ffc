"""`POST /events`: feeds push what they assert."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from schemas.envelopes import StructuredEvent
from schemas.event import Event
from subscribers.http.authorisation import requires
from subscribers.http.cloud_events import BATCH, MAX_EVENTS, PLAIN, STRUCTURED
from subscribers.http.parts import Parts, parts_of
from subscribers.http.problems import problem_responses, unavailable

router = APIRouter(tags=["push"], dependencies=[Depends(requires("push"))])

_ABOUT: Final = (
    "One event as it is, one CloudEvent 1.0 (binary mode with `ce-` headers, or structured), or a batch of up to "
    f"{MAX_EVENTS}, of which all are taken or none. An event may have 1 MiB, the body 4 MiB. The answer comes when the "
    "brokers have acknowledged every record. To send the same again does no harm, so whoever hears nothing repeats it."
)


class AcceptedEvent(BaseModel):
    """An event that stands in the log: its id, and the position of its record."""

    id: str
    topic: str
    partition: int
    offset: int


class Accepted(BaseModel):
    """The events of the request, in their order."""

    accepted: list[AcceptedEvent]


def _inlined(schema: Any, defs: dict[str, Any]) -> Any:
    """Return a schema without references: a document of many schemas has no one place for those of a body."""
    if isinstance(schema, list):
        return [_inlined(each, defs) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(defs[schema["$ref"].rpartition("/")[2]], defs)
    return {name: _inlined(each, defs) for name, each in schema.items() if name not in ("$defs", "discriminator")}


def _schema(model: type[BaseModel]) -> Any:
    schema = model.model_json_schema(mode="validation")
    return _inlined(schema, schema.get("$defs", {}))


_BODY: Final = {
    "required": True,
    "content": {
        PLAIN: {"schema": _schema(Event)},
        STRUCTURED: {"schema": _schema(StructuredEvent)},
        BATCH: {"schema": {"type": "array", "maxItems": MAX_EVENTS, "items": _schema(StructuredEvent)}},
    },
}


@router.post(
    "/events",
    status_code=202,
    responses=problem_responses(400, 408, 413, 415),
    openapi_extra={"requestBody": _BODY},
    summary="Push events",
    description=_ABOUT,
)
async def push_events(request: Request, parts: Annotated[Parts, Depends(parts_of)]) -> Accepted:
    """Write the events of the body to the log."""
    if parts.push is None:
        raise unavailable("this service takes no events")
    taken = await parts.push.events(request.scope["headers"], await request.body(), now=parts.now())
    request.app.state.metrics.pushed.inc(len(taken))
    return Accepted(
        accepted=[
            AcceptedEvent(id=event, topic=place.topic, partition=place.partition, offset=place.offset)
            for event, place in taken
        ]
    )
