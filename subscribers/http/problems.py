"""Problems: the one shape in which the service says what went wrong (RFC 9457)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.routing import Route

from schemas.errors import BadInput, Failed, Misuse, Transient, VigilError

MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 2
SCHEMA_NAME: Final = "Problem"
KINDS: Final = {
    400: "bad-request",
    401: "unauthorised",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    408: "too-slow",
    409: "conflict",
    410: "gone",
    413: "too-large",
    415: "unsupported-media-type",
    422: "invalid",
    429: "too-many-requests",
    500: "unexpected",
    503: "unavailable",
}
"""The kind of a problem that is told no more closely than by its status."""
_SAID: Final = {
    404: "nothing is served at this address; / lists what is",
    405: "this address does not take that method; see Allow",
    406: "this cannot be given in any form that was accepted",
}


_NO_TEXT: Final = "There was an error parsing the body"
"""What the framework says of a body that it cannot decode."""


class FieldError(BaseModel):
    """What is wrong with one parameter, or one member of a body (a dotted path)."""

    field: str
    reason: str


class ProblemDocument(BaseModel):
    """What went wrong: `type` names the kind, `detail` says what to do; `errors` are about single fields."""

    model_config = ConfigDict(extra="allow", title="Problem")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FieldError] | None = None


class Problem(Exception):
    """A request that is answered with a problem; `members` are added to its document."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        kind: str,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        self.status = status
        self.title = title
        self.detail = detail
        self.kind = kind
        self.headers = dict(headers or {})
        self.members = members
        super().__init__(detail)

    def document(self, instance: str) -> bytes:
        """Return the problem as JSON; `instance` is the path that was asked for."""
        said = {"type": f"/problems/{self.kind}", "title": self.title, "status": self.status, "detail": self.detail}
        return orjson.dumps({**said, "instance": instance, **self.members})

    def response(self, instance: str) -> Response:
        """Return the answer."""
        # What is wrong now may be right in a moment: nobody keeps it.
        headers = {"Cache-Control": "no-store", **self.headers}
        return Response(self.document(instance), self.status, headers, MEDIA_TYPE)


def invalid(field: str, reason: str) -> Problem:
    """Return the problem of one parameter, or one member of a body, that is not as it has to be."""
    return invalid_fields([FieldError(field=field, reason=reason)])


def invalid_fields(errors: list[FieldError]) -> Problem:
    """Return the problem of these fields."""
    said = "; ".join(f"{each.field}: {each.reason}" for each in errors)
    named = [each.model_dump() for each in errors]
    return Problem(422, "The request is not valid", said, kind=KINDS[422], errors=named)


def not_json(why: str) -> Problem:
    """Return the problem of a body that is no JSON."""
    return Problem(400, "The body is not JSON", f"no valid JSON: {why}", kind=KINDS[400])


def not_found(detail: str) -> Problem:
    """Return the problem of something asked for that does not exist."""
    return Problem(404, "There is no such thing", detail, kind=KINDS[404])


def unavailable(detail: str) -> Problem:
    """Return the problem of something that does not answer now, and may in a moment."""
    headers = {"Retry-After": str(RETRY_SECONDS)}
    return Problem(503, "The service cannot answer now", detail, kind=KINDS[503], headers=headers)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what the OpenAPI document says of answers with these statuses, for `responses=`.

    A request that is not valid (422) and whatever every route may answer are among them always.
    """
    every = sorted({*statuses, 401, 403, 422, 429, 431, 500, 503})
    return {status: _documented(status) for status in every}


def problem_of(error: Exception) -> Problem:
    """Return the problem that an error is told as."""
    match error:
        case Problem():
            problem = error
        case RequestValidationError() if error.errors()[0]["type"] == "json_invalid":
            problem = not_json(error.errors()[0]["ctx"]["error"])
        case HTTPException(status_code=400, detail=detail) if detail == _NO_TEXT:
            problem = not_json("it is no UTF-8, or nested too deeply")
        case RequestValidationError():
            problem = invalid_fields([_field_error(each) for each in error.errors()])
        case HTTPException():
            problem = _of_status(error.status_code, error.detail, error.headers)
        case BadInput(field=str(field), reason=reason):
            problem = invalid(field, reason)
        case BadInput() | Misuse():
            problem = _of_status(422, str(error))
        case Transient() | Failed():
            problem = unavailable(str(error))
        case DBAPIError():
            problem = unavailable("the database of the read model does not answer; ask again in a moment")
        case _:
            problem = _of_status(500, "an error that nobody foresaw; the log of the service tells more")
    return problem


def install_problems(app: FastAPI, routes: Sequence[Route]) -> None:
    """Let every error of the application be answered with a problem; `routes` are all that it has."""

    def answer(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        if problem.status == HTTPStatus.METHOD_NOT_ALLOWED:
            # The framework names the methods of one route, and an address may have several.
            problem.headers["Allow"] = ", ".join(_methods(routes, request.url.path))
        return problem.response(request.url.path)

    for kind in (Problem, RequestValidationError, HTTPException, VigilError, DBAPIError, Exception):
        app.add_exception_handler(kind, answer)


def _methods(routes: Sequence[Route], path: str) -> list[str]:
    return sorted({name for route in routes if route.path_regex.match(path) for name in route.methods or ()})


def _of_status(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Problem:
    title = HTTPStatus(status).phrase
    # What the framework says is the status once more.
    said = _SAID.get(status, detail) if detail == title else detail
    return Problem(status, title, said, kind=KINDS.get(status, "other"), headers=headers)


def _field_error(error: Mapping[str, Any]) -> FieldError:
    """A parameter by its name, a member of a body by its dotted path."""
    place = [str(part) for part in error["loc"]]
    if place[0] != "body":
        # The number of a repeated parameter says nothing to who wrote its name.
        del place[2:]
    found = error.get("input")
    reason = error["msg"].removeprefix("Value error, ")
    reason = reason[0].lower() + reason[1:]
    if isinstance(found, str | int | float) and not (isinstance(found, float) and math.isnan(found)):
        reason += f", found {found!r:.100}"
    return FieldError(field=".".join(place[1:]) or place[0], reason=reason)


def _documented(status: int) -> dict[str, Any]:
    # Without `model`, which the framework would document as application/json; `app` adds the schema.
    media = {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{SCHEMA_NAME}"}}}
    return {"description": _MEANINGS[status], "content": media}


_MEANINGS: Final = {
    400: "The cursor is none that this service gave for this question; or the body is no JSON.",
    401: "No token was given where one is needed, or one that is not known.",
    403: "The token's role does not allow this, or the request came by another name than the service's own.",
    404: "There is no such thing.",
    406: "It cannot be given in any form that was accepted.",
    408: "The request came too slowly.",
    409: "What stands already excludes this.",
    410: "The position is gone: the log does not reach back so far, or is another one.",
    413: "The request is larger than the service takes.",
    415: "The body is in a form that the service does not take.",
    422: "A parameter or a member of the body is not as it has to be; `errors` names each.",
    429: "Too many requests; Retry-After says when to come again.",
    431: "The head of the request, the address with it, is larger than the service takes.",
    500: "An error that nobody foresaw.",
    503: "The database or the log does not answer now; ask again in a moment.",
}
