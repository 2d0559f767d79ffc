"""What the OpenAPI document says of the answers of a route: forms, headers, and every status."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from subscribers.http.documents import schema_of
from subscribers.http.etag import DOCUMENTED
from subscribers.http.negotiation import Form, documented
from subscribers.http.problems import problem_responses

Shape = type[BaseModel] | tuple[type[BaseModel], ...] | None
"""The model of a form, or several; None where it is no JSON."""


def described(
    description: str, shapes: dict[Form, Shape], *statuses: int, types: dict[Form, str] | None = None
) -> dict[int | str, dict[str, Any]]:
    """Return `responses=` of a route that answers from the database with an ETag, and problems of these statuses."""
    content = documented({form: _schema(shape) for form, shape in shapes.items()}, types)
    return {
        200: {"description": description, "headers": DOCUMENTED, "content": content},
        304: {"description": "It is what If-None-Match names; there is no body."},
        **problem_responses(406, *statuses),
    }


def _schema(shape: Shape) -> dict[str, Any] | None:
    if shape is None:
        return None
    return schema_of(*shape) if isinstance(shape, tuple) else schema_of(shape)
