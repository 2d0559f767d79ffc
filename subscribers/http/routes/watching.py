"""`GET /`, `/healthz` and `/metrics`: for who looks around, and for what watches the service."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from eventlog.reaching import reach
from schemas.errors import VigilError
from subscribers.http.authorisation import requires
from subscribers.http.documents import Health, Index, schema_of
from subscribers.http.metrics import MEDIA_TYPE, Metrics
from subscribers.http.parts import Parts, parts_of
from subscribers.http.problems import problem_responses
from subscribers.http.reading import reading
from subscribers.read_model.lag import Lag
from subscribers.read_model.tables import POSITIONS

router = APIRouter(tags=["watching"])
_JSON = "application/json"


@router.get(
    "/",
    summary="What is served",
    description="The addresses of everything that can be asked for with GET; {} stands for a name.",
    response_class=Response,
    responses={
        200: {"description": "Links.", "content": {_JSON: {"schema": schema_of(Index)}}},
        **problem_responses(),
    },
)
def index(request: Request) -> Response:
    """Answer `GET /`."""
    paths = request.app.openapi()["paths"]
    links = {_name(path): path for path in sorted(paths) if "get" in paths[path] and path != "/"}
    return Response(orjson.dumps({"links": {**links, "openapi": "/openapi.json"}}), media_type=_JSON)


@router.get(
    "/healthz",
    summary="Whether the service can answer",
    description="200 when the database answers and the log can be reached, else 503. It needs no token.",
    response_class=Response,
    responses={
        200: {"description": "It can.", "content": {_JSON: {"schema": schema_of(Health)}}},
        **problem_responses(),
        503: {"description": "It cannot; `detail` says why.", "content": {_JSON: {"schema": schema_of(Health)}}},
    },
)
def health(request: Request) -> Response:
    """Answer `GET /healthz`."""
    parts = parts_of(request)
    database, log = _database_trouble(parts), _log_trouble(parts)
    troubles = [trouble for trouble in (database, log) if trouble is not None]
    said: dict[str, Any] = {"healthy": not troubles, "database": database is None, "log": log is None}
    said["detail"] = "; ".join(troubles) or None
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(said), 503 if troubles else 200, headers, _JSON)


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    description="In the text format of Prometheus; docs/http.md says what each means.",
    response_class=Response,
    responses={
        200: {"description": "Metrics.", "content": {"text/plain": {"schema": {"type": "string"}}}},
        **problem_responses(),
    },
    dependencies=[Depends(requires("read"))],
)
def metrics(request: Request) -> Response:
    """Answer `GET /metrics`."""
    parts = parts_of(request)
    counted: Metrics = request.app.state.metrics
    headers = {"Cache-Control": "no-store"}
    return Response(counted.text(_lag(parts), parts.hubs or {}), 200, headers, MEDIA_TYPE)


def _name(path: str) -> str:
    return path.strip("/").replace("/{", "_by_").replace("}", "").replace("/", "_")


def _lag(parts: Parts) -> Lag | None:
    try:
        with reading(parts) as found:
            return found.lag
    except DBAPIError:
        return None


def _database_trouble(parts: Parts) -> str | None:
    try:
        with parts.engine.connect() as connection:
            connection.execute(select(POSITIONS.c.topic).limit(1)).first()
    except DBAPIError:
        return "the database does not answer"
    return None


def _log_trouble(parts: Parts) -> str | None:
    try:
        reach(parts.bootstrap)
    except VigilError:
        return "the log cannot be reached"
    return None
