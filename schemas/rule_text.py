"""Rule sets as text: the YAML that people write, and where in it a mistake stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson
import yaml
from pydantic import ValidationError

from schemas.aggregate import MEASURES
from schemas.errors import BadInput
from schemas.rule import KINDS, RuleSet

_WHERES = ("where", "first", "then")


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
    path = [part for part in first["loc"] if part not in KINDS and not str(part).startswith("literal[")]
    reason = first["msg"].removeprefix("Value error, ")
    if path[-1:] == ["measure"]:
        reason = f"expected one of {', '.join(MEASURES)}"
    named = re.match(r"([\w.]+): ", reason)
    if first["type"] == "value_error" and named:
        path += [int(part) if part.isdigit() else part for part in named[1].split(".")]
        reason = reason[named.end() :]
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        path.append("kind")
        reason = _kind_trouble(first.get("ctx", {}).get("tag"))
    member = next((index for index, part in enumerate(path[:-1]) if part in _WHERES), None)
    if member is not None:
        # The errors of a union name its first branch only.
        path = path[: member + 2]
        reason = "expected a value, a list of values, or {at_least: number, at_most: number}"
    return BadInput(f"line {_line(root, path)}: {reason}", ".".join(str(part) for part in path) or None)


def _kind_trouble(tag: object) -> str:
    return f"expected one of {', '.join(KINDS)}" + (f", found {tag!r}" if tag else "")


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
