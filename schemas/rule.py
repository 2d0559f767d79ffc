"""Rules: conditions over a scope, as people write them in YAML, and a rule set as it enters the log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Literal, Self

import orjson
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.aggregate import COUNTS, Measure, Window
from schemas.errors import BadInput
from schemas.event import Event

ScopeKind = Literal["world", "region", "country", "admin1", "actor", "mission"]
Severity = Literal["extreme", "severe", "moderate", "minor", "unknown"]
Scalar = str | bool | int | float
SUPPORTED = ("match", "threshold")
PLANNED = ("surge", "first_seen", "sequence", "deadline", "silence")


class Written(BaseModel):
    """Base of what people write: a member that is not known is a mistake, not an extension."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class Bounds(Written):
    """A condition on a number; one that is unknown satisfies no bound."""

    at_least: int | float | None = None
    at_most: int | float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("expected at_least, at_most or both")
        return self


Condition = Scalar | Annotated[list[Scalar], Field(min_length=1)] | Bounds
Where = dict[str, Condition]
"""Dotted paths of the event, each with a value, a list of values, or bounds; all must hold."""


class _Rule(Written):
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$")]
    title: Annotated[str, Field(min_length=1)]
    scope: ScopeKind
    severity: Severity
    where: Where = {}

    @model_validator(mode="after")
    def _paths_exist(self) -> Self:
        for path in self.where:
            if not _is_path(path):
                raise ValueError(f"where: an event has no member {path!r}")
        return self

    @cached_property
    def version(self) -> str:
        """First 12 hexadecimal digits of the hash of all that the rule says."""
        said = orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
        return sha256(said).hexdigest()[:12]


class MatchRule(_Rule):
    """One event satisfies `where`; the alert lasts for the event's days and `hold` days after."""

    kind: Literal["match"]
    hold: Annotated[int, Field(ge=0, le=3650)] = 7

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.where:
            raise ValueError("where: a match rule without a condition would match every event")
        return self


class ThresholdRule(_Rule):
    """A measure over a window reaches a number; the episode lasts while it is at or above `ends_below`."""

    kind: Literal["threshold"]
    measure: Measure
    window: Window
    reaches: Annotated[int, Field(ge=1)]
    ends_below: Annotated[int, Field(ge=1)] | None = None
    estimate: Literal["low", "best", "high"] = "best"
    count: Literal["certain", "possible"] = "certain"
    feed: str | None = None
    hold: Annotated[int, Field(ge=0, le=3650)] = 0

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.ends_below is not None and self.ends_below > self.reaches:
            raise ValueError(f"ends_below: expected at most reaches ({self.reaches}), found {self.ends_below}")
        if self.measure in COUNTS and "estimate" in self.model_fields_set:
            raise ValueError(f"estimate: {self.measure} is a plain count")
        return self

    @property
    def lower(self) -> int:
        """The number below which an episode ends."""
        return self.reaches if self.ends_below is None else self.ends_below


Rule = MatchRule | ThresholdRule


class RuleSet(Written):
    """All rules in force; ids are unique."""

    rules: tuple[Annotated[Rule, Field(discriminator="kind")], ...] = ()

    @model_validator(mode="after")
    def _unique(self) -> Self:
        seen: set[str] = set()
        for index, rule in enumerate(self.rules):
            if rule.id in seen:
                raise ValueError(f"rules.{index}.id: {rule.id!r} stands twice")
            seen.add(rule.id)
        return self

    @cached_property
    def version(self) -> str:
        """First 12 hexadecimal digits of the hash of all rules, in any order of writing."""
        return sha256(" ".join(sorted(rule.version for rule in self.rules)).encode()).hexdigest()[:12]


def parse_rules(text: str) -> RuleSet:
    """Return the rule set that this YAML says.

    Raises:
        BadInput: the reason starts with the line (from 1), the field is the dotted path.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        said = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadInput(f"line {line}: no valid YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise BadInput(f"line 1: no valid YAML: {str(error).splitlines()[0]}") from error
    try:
        return RuleSet.model_validate_json(orjson.dumps({} if said is None else said, default=str))
    except (ValidationError, orjson.JSONEncodeError) as error:
        raise _located(error, root) from error


def _located(error: ValidationError | orjson.JSONEncodeError, root: yaml.Node | None) -> BadInput:
    if not isinstance(error, ValidationError):
        return BadInput(f"line 1: expected text as keys: {error}")
    first = error.errors(include_url=False)[0]
    # The tag of the union stands in the location of pydantic, not in the text.
    path = [part for part in first["loc"] if part not in SUPPORTED]
    reason = first["msg"].removeprefix("Value error, ")
    named = re.match(r"([\w.]+): ", reason)
    if first["type"] == "value_error" and named:
        path += [int(part) if part.isdigit() else part for part in named[1].split(".")]
        reason = reason[named.end() :]
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        path.append("kind")
        reason = _kind_trouble(first.get("ctx", {}).get("tag"))
    if "where" in path[:-1]:
        # The errors of a union name its first branch only.
        path = path[: path.index("where") + 2]
        reason = "expected a value, a list of values, or {at_least: number, at_most: number}"
    return BadInput(f"line {_line(root, path)}: {reason}", ".".join(str(part) for part in path) or None)


def _kind_trouble(tag: object) -> str:
    supported = ", ".join(SUPPORTED)
    if tag in PLANNED:
        return f"kind {tag!r} is not supported in this version; supported: {supported}"
    return f"expected one of {supported}" + (f", found {tag!r}" if tag else "")


def _line(node: yaml.Node | None, path: list[int | str]) -> int:
    for part in path:
        deeper = dict(_children(node)).get(part)
        if deeper is None:
            break
        node = deeper
    return 1 if node is None else node.start_mark.line + 1


def _children(node: yaml.Node | None) -> Iterator[tuple[int | str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key.value, value
    elif isinstance(node, yaml.SequenceNode):
        yield from enumerate(node.value)


def _is_path(path: str) -> bool:
    model: object = Event
    for name in path.split("."):
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            return False
        fields = {field.alias or key: field for key, field in model.model_fields.items()}
        if name not in fields:
            return False
        model = _model_inside(fields[name].annotation)
    return True


def _model_inside(annotation: object) -> object:
    """Return the model in `Place | None` or `tuple[Actor, ...]`, else None."""
    if isinstance(annotation, type):
        return annotation
    inner = [_model_inside(part) for part in getattr(annotation, "__args__", ())]
    return next((part for part in inner if isinstance(part, type) and issubclass(part, BaseModel)), None)
