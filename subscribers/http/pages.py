"""Pages: items and the cursor of the next ones, as JSON, GeoJSON or a table; and the link to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from fastapi import Request

from subscribers.http.cursors import encode, question_of


def next_cursor(request: Request, place: Sequence[Any] | None) -> str | None:
    """Return the cursor of what comes after a place, None at the end."""
    return None if place is None else encode(place, question_of(request))


def json_page(items: Iterable[bytes], following: str | None) -> bytes:
    """Return a page of items that are JSON already."""
    return b'{"items":[%s],"next":%s}' % (b",".join(items), orjson.dumps(following))


def link_header(request: Request, following: str | None) -> dict[str, str]:
    """Return the header that links the next page, for forms that have no place for a cursor (RFC 8288)."""
    if following is None:
        return {}
    url = request.url.include_query_params(cursor=following)
    return {"Link": f'<{url.path}?{url.query}>; rel="next"'}
