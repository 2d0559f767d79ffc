"""`GET /scopes`: what there is to ask about."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from subscribers.http.authorisation import requires
from subscribers.http.catalogue import Catalogue, search
from subscribers.http.cursors import decode, question_of
from subscribers.http.described import described
from subscribers.http.documents import ScopesFound
from subscribers.http.etag import answer
from subscribers.http.negotiation import MEDIA_TYPES, Form, negotiated
from subscribers.http.pages import json_page, link_header, next_cursor
from subscribers.http.parameters import Cursor, Limit
from subscribers.http.parts import parts_of
from subscribers.http.reading import reading

router = APIRouter(tags=["scopes"], dependencies=[Depends(requires("read"))])


@router.get(
    "/scopes",
    summary="Search the scopes by id and name",
    description="Countries, regions, first-level divisions, missions and actors by the names that people know them "
    "by, those with most events first. The counts may be half a minute old.",
    response_class=Response,
    responses=described("A page of scopes.", {"json": ScopesFound}, 400),
)
def scopes(
    *,
    request: Request,
    form: Annotated[Form, Depends(negotiated("json"))],
    q: Annotated[
        str, Query(max_length=200, description="Words that the id or the name holds.", examples=["mali"])
    ] = "",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Answer `GET /scopes`."""
    parts = parts_of(request)
    catalogue: Catalogue = request.app.state.catalogue
    after = None if cursor is None else tuple(decode(cursor, question_of(request)))
    with reading(parts) as (connection, lag):
        listed = catalogue.listed(connection, parts.now())
    found = [each for each in search(listed, q) if after is None or each.place > after]
    page = found[:limit]
    following = next_cursor(request, page[-1].place if len(found) > limit else None)
    body = json_page((orjson.dumps(each._asdict()) for each in page), following)
    return answer(request, body, MEDIA_TYPES[form], lag=lag, headers=link_header(request, following))
