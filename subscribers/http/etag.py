"""Answers: the body with its strong ETag (a hash of the body), so that who has it already is told no more than that."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

from fastapi import Request, Response

from subscribers.read_model.lag import Lag

DOCUMENTED: Final = {
    "ETag": {"description": "Of this very answer; give it in If-None-Match.", "schema": {"type": "string"}},
    "Vigil-Lag-Records": {
        "description": "How many records of the log the answer does not know yet, when the log was last looked at; "
        "absent if it never was, as just after a rebuild began.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Vigil-Lag-Seconds": {
        "description": "The answer knows all that the log held so many seconds ago; absent if it never knew all.",
        "schema": {"type": "number", "minimum": 0},
    },
}
"""Headers of answers from the database, for the OpenAPI document."""


def answer(
    request: Request,
    body: bytes,
    media_type: str,
    *,
    lag: Lag | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the answer with this body, or 304 where the request says that it has it."""
    tag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
    said = {"ETag": tag, "Vary": "Accept", "Cache-Control": "private, no-cache", **lag_headers(lag), **(headers or {})}
    if _has(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=said)
    return Response(body, 200, said, media_type)


def lag_headers(lag: Lag | None) -> dict[str, str]:
    """Return the headers that say how far the answer is behind the log; none for what is no answer from there."""
    if lag is None:
        return {}
    records = {} if lag.records is None else {"Vigil-Lag-Records": str(lag.records)}
    seconds = {} if lag.seconds is None else {"Vigil-Lag-Seconds": f"{lag.seconds:.3f}"}
    return {**records, **seconds}


def _has(given: str | None, tag: str) -> bool:
    """Whether If-None-Match names the tag; weak ones compare alike (RFC 9110, section 13.1.2)."""
    if given is None:
        return False
    return given.strip() == "*" or tag in {part.strip().removeprefix("W/") for part in given.split(",")}
