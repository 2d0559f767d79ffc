"""Streams of server-sent events: alerts as they are told, and the timeline as it grows."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Request

from subscribers.http.authorisation import requires
from subscribers.http.parameters import AlertFilters, EventFilters
from subscribers.http.parts import parts_of
from subscribers.http.problems import problem_responses, unavailable
from subscribers.stream.placing import place
from subscribers.stream.response import StreamResponse
from timeline.filters import Filters

_ABOUT: Final = (
    "Each event has as its `id` an opaque position in the log: come again with it (`Last-Event-ID`, as an EventSource "
    "does by itself, or `last_event_id`) and you are given all that followed, each record once, also after a restart "
    "of the server. Without one the stream begins now, with `all=true` at the first record. After 15 s without an "
    "event comes a comment with an `id` alone. A client that takes too little is told so in an event `cut-off`, whose "
    "data is a problem, and the stream ends."
)
_EXAMPLE: Final = "id: AdJ1…\\nevent: {0}\\ndata: {{…}}\\n\\n"


def _position(
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
    in_query: Annotated[str | None, Query(alias="last_event_id", description="Where headers cannot be set.")] = None,
    access_token: Annotated[str | None, Query(description="A token, where headers cannot be set.")] = None,  # noqa: ARG001 - read by `requires`
) -> str | None:
    """The header is newer than what stands in the address: a browser sends it when it comes again."""
    return last_event_id or in_query or None


At = Annotated[str | None, Depends(_position)]
All = Annotated[bool, Query(alias="all", description="From the first record, where no position is given.")]


def _answers(name: str) -> dict[int | str, dict[str, Any]]:
    content = {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE.format(name)}}
    return {200: {"description": "The stream, without end.", "content": content}, **problem_responses(400, 410)}


router = APIRouter(prefix="/stream", tags=["streams"], dependencies=[Depends(requires("read"))])


@router.get(
    "/alerts",
    response_class=StreamResponse,
    status_code=200,
    responses=_answers("alert"),
    summary="Alerts as they are told",
    description=f"Every transition of every alert, as `vigil alerts --follow` prints it. {_ABOUT}",
)
async def alerts(
    request: Request,
    position: At,
    *,
    chosen: AlertFilters,
    everything: All = False,
) -> StreamResponse:
    """Follow the alerts."""
    return await _stream(request, "alerts", position, chosen, everything=everything)


@router.get(
    "/timeline",
    response_class=StreamResponse,
    status_code=200,
    responses=_answers("timeline"),
    summary="The timeline as it grows",
    description=f"Every accepted assertion as it stands in the log, with its `ingest_time`. {_ABOUT}",
)
async def timeline(
    request: Request,
    position: At,
    *,
    chosen: EventFilters,
    everything: All = False,
) -> StreamResponse:
    """Follow the timeline."""
    return await _stream(request, "timeline", position, chosen, everything=everything)


async def _stream(
    request: Request, name: str, position: str | None, chosen: Filters, *, everything: bool
) -> StreamResponse:
    hubs = parts_of(request).hubs
    if hubs is None:
        raise unavailable("this service has no streams")
    hub = hubs[name]
    return StreamResponse(hub, await place(hub, position, everything=everything), chosen)
