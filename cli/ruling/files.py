"""Rule sets as files: the one that comes with Vigil, and what is wrong with one, all at once."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import orjson

from cli.ruling.values import impossible
from cli.yaml_page import Mistakes, Page, read_text
from schemas.errors import BadInput
from schemas.rule import RuleSet
from schemas.rule_text import parse_rules


def default_rules() -> str:
    """Return the YAML text of the rule set that comes with Vigil."""
    return files("cli").joinpath("rules.yaml").read_text(encoding="utf-8")


def read_rule_file(name: str) -> RuleSet:
    """Return the rule set that a file says.

    Raises:
        Failed: it cannot be read.
        Mistakes: it is no valid rule set; each line names file, line, field and reason.
    """
    return check_rules(read_text(name), name)


def check_rules(text: str, name: str) -> RuleSet:
    """Return the rule set that this text says; raises Mistakes, the first of each rule.

    What no event can satisfy is one, since the rule would never fire and nobody be told. A text that does not say
    `rules` at all, such as an empty file, is one too: applied, it would cancel every alert.
    """
    try:
        found = parse_rules(text)
    except BadInput as error:
        raise Mistakes(list(_mistakes(Page(text, name))) or [_mistake(error, name)]) from error
    if not found.rules and "rules" not in (Page(text, name).said or {}):
        raise Mistakes([f"{name}:1: rules: there are none; write `rules: []` for a set without any"])
    asked = [(index, place, why) for index, rule in enumerate(found.rules) for place, why in impossible(rule)]
    if asked:
        page = Page(text, name)
        raise Mistakes([page.mistake(("rules", index, *place), why) for index, place, why in asked])
    return found


def _mistakes(page: Page) -> Iterator[str]:
    """Yield what is wrong with each rule by itself: the text as a whole tells its first mistake only."""
    said = page.said.get("rules") if isinstance(page.said, dict) else None
    for index, rule in enumerate(said if isinstance(said, list) else ()):
        try:
            # Which rules it inhibits is right or wrong among the others alone.
            alone = {name: value for name, value in rule.items() if name != "inhibits"} if _is_members(rule) else rule
            parse_rules(orjson.dumps({"rules": [alone]}).decode())
        except BadInput as error:
            place = (error.field or "").split(".")[2:]
            found = [int(part) if part.isdigit() else part for part in place]
            yield page.mistake(("rules", index, *found), error.reason.partition(": ")[2])
        except orjson.JSONEncodeError:
            return  # no JSON, such as a list inside of itself: the text as a whole says so


def _is_members(rule: Any) -> bool:
    return isinstance(rule, dict) and all(isinstance(name, str) for name in rule)


def _mistake(error: BadInput, name: str) -> str:
    # The reason starts with the line.
    line, _, reason = error.reason.removeprefix("line ").partition(": ")
    field = f"{error.field}: " if error.field else ""
    return f"{name}:{line}: {field}{reason}"
