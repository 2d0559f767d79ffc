"""What the predicates of rules ask for that no event can have: such a rule is valid, and never fires.

It is looked for in files only. A set that stands in a log already is taken as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from schemas.event import Event
from schemas.rule import Bounds, Condition, Rule, Where

Place = tuple[str | int, ...]


def impossible(rule: Rule) -> Iterator[tuple[Place, str]]:
    """Yield member and reason of each condition that no event satisfies, whatever feeds assert."""
    for member in ("where", "first", "then"):
        where: Where = getattr(rule, member, {})
        for path, condition in where.items():
            reason = _reason(path, condition)
            if reason is not None:
                yield (member, path), reason


def _reason(path: str, condition: Condition) -> str | None:
    field = _field(path)
    kinds = list(_kinds(field.annotation))
    inner = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
    if inner is not None:
        return f"it has no value of its own; ask for a member of it, such as {path}.{next(iter(inner.model_fields))}"
    if isinstance(condition, Bounds):
        return None if {int, float} & set(kinds) else "it is no number, so it satisfies no bound"
    values = condition if isinstance(condition, list) else [condition]
    return next((reason for value in values if (reason := _wrong(path, kinds, value)) is not None), None)


def _wrong(path: str, kinds: list[Any], value: object) -> str | None:
    """Say why the member never has this value."""
    closed = [name for kind in kinds for name in _names(kind)]
    if closed:
        return None if value in closed else f"{value!r} is none of {', '.join(closed)}"
    listed = get_origin(_field(path).annotation) is tuple
    try:
        # Strict, as JSON: the text "3" is no number, and a day is text.
        _adapter(path).validate_json(orjson.dumps([value] if listed else value), strict=True)
    except ValidationError as error:
        return error.errors()[0]["msg"].removeprefix("Value error, ")
    return None


@cache  # a set of a thousand rules asks for a few members
def _adapter(path: str) -> TypeAdapter[Any]:
    field = _field(path)
    kind: Any = field.annotation
    for constraint in field.metadata:
        kind = Annotated[kind, constraint]
    return TypeAdapter(kind)


def _field(path: str) -> FieldInfo:
    """Return the member that a path of a valid rule leads to."""
    model: type[BaseModel] = Event
    *outer, last = path.split(".")
    for name in outer:
        kinds = _kinds(_fields(model)[name].annotation)
        model = next(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))
    return _fields(model)[last]


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _kinds(annotation: Any) -> Iterator[Any]:
    """Yield what a member can be: the parts of a union, the members of a list."""
    parts = get_args(annotation)
    if not parts or get_origin(annotation) is Literal:
        yield annotation
    elif get_origin(annotation) is Annotated:
        yield from _kinds(parts[0])
    else:
        for part in parts:
            yield from _kinds(part)


def _names(kind: Any) -> list[str]:
    if get_origin(kind) is Literal:
        return [str(name) for name in get_args(kind)]
    return [str(each.value) for each in kind] if isinstance(kind, type) and issubclass(kind, Enum) else []
