"""In which form an answer is given: what `format=` names, else what Accept prefers (RFC 9110, section 12.5.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple

from fastapi import Query, Request

from subscribers.http.problems import Problem

Form = Literal["json", "geojson", "csv", "cap", "atom"]
MEDIA_TYPES: Final[dict[Form, str]] = {
    "json": "application/json",
    "geojson": "application/geo+json",
    "csv": "text/csv",
    "cap": "application/cap+xml",
    "atom": "application/atom+xml",
}
SEVERAL_MESSAGES: Final = "multipart/mixed"
"""Of several CAP messages, each of which is a document of its own."""


class _Range(NamedTuple):
    """A media range of Accept, and how much it is wanted."""

    type: str
    quality: float


def negotiated(*forms: Form, types: dict[Form, str] | None = None) -> Callable[..., Form]:
    """Return the dependency that gives the form of an answer, of these forms; the first if nothing is preferred.

    `types` are media types that differ from `MEDIA_TYPES`.
    """
    offered = {form: (types or {}).get(form, MEDIA_TYPES[form]) for form in forms}
    named = Query(
        default=None,
        alias="format",
        description="The form of the answer; goes before `Accept`.",
        json_schema_extra={"enum": list(forms), "example": forms[0]},
    )

    def form_of(request: Request, form: str | None = named) -> Form:
        if form is not None:
            if form not in offered:
                raise not_acceptable(offered, f"format={form}")
            return form
        return preferred(", ".join(request.headers.getlist("accept")), offered)

    return form_of


def preferred(accept: str, offered: dict[Form, str]) -> Form:
    """Return the form that this Accept wants most; the first of those wanted alike.

    Raises:
        Problem: 406, it wants none of them.
    """
    ranges = [_range(part) for part in accept.split(",") if part.strip()]
    if not ranges:
        return next(iter(offered))
    wanted = {form: _quality(media, ranges) for form, media in offered.items()}
    best = max(wanted, key=lambda form: wanted[form])
    if wanted[best] == 0:
        raise not_acceptable(offered, f"Accept: {accept}"[:200])
    return best


def not_acceptable(offered: dict[Form, str], found: str) -> Problem:
    """Return the problem of a form that is not offered."""
    said = ", ".join(f"{media} (format={form})" for form, media in offered.items())
    detail = f"expected one of {said}; found {found}"
    return Problem(406, "Not acceptable", detail, kind="not-acceptable", formats=list(offered))


def documented(schemas: dict[Form, Any], types: dict[Form, str] | None = None) -> dict[str, Any]:
    """Return what the OpenAPI document says of the forms of an answer; a schema may be None where it is no JSON."""
    media = {(types or {}).get(form, MEDIA_TYPES[form]): schema for form, schema in schemas.items()}
    return {name: {"schema": {"type": "string"} if schema is None else schema} for name, schema in media.items()}


def _range(text: str) -> _Range:
    name, *parameters = [part.strip().lower() for part in text.split(";")]
    qualities = [value for key, _, value in (each.partition("=") for each in parameters) if key.strip() == "q"]
    try:
        quality = float(qualities[0]) if qualities else 1.0
    except ValueError:
        quality = 0.0
    return _Range(name, quality if 0 <= quality <= 1 else 0.0)


def _quality(media: str, ranges: list[_Range]) -> float:
    """The most specific range that matches decides."""
    for name in (media, media.partition("/")[0] + "/*", "*/*"):
        matching = [each.quality for each in ranges if each.type == name]
        if matching:
            return max(matching)
    return 0.0
