"""Rule sets in the log: the one in force, and putting another in force."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from pathlib import Path

from schemas.errors import BadInput, Failed
from schemas.rule import RuleSet
from schemas.rule_text import parse_rules
from schemas.topics import RULES


def default_rules() -> str:
    """Return the YAML text of the rule set that comes with Vigil."""
    return files("cli").joinpath("rules.yaml").read_text(encoding="utf-8")


def read_rule_file(name: str) -> RuleSet:
    """Return the rule set that a file says.

    Raises:
        Failed: it cannot be read, or is no valid rule set; the text names file, line and field.
    """
    return check_rules(rule_text(name), name)


def rule_text(name: str) -> str:
    """Return the text of a rule file; raises Failed when it cannot be read."""
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise Failed(f"{name} cannot be read: {reason}") from error


def check_rules(text: str, name: str) -> RuleSet:
    """Return the rule set that this text says; raises Failed that names file, line and field."""
    try:
        return parse_rules(text)
    except BadInput as error:
        # The reason starts with the line.
        line, _, reason = error.reason.removeprefix("line ").partition(": ")
        field = f"{error.field}: " if error.field else ""
        raise Failed(f"{name}:{line}: {field}{reason}") from error


def rules_in_force(bootstrap: str, *, topic_prefix: str) -> RuleSet | None:
    """Return the rule set that was applied last, or None."""
    from subscribers.rules import read_rules  # noqa: PLC0415 - its clients take time to load

    text = asyncio.run(read_rules(bootstrap, topic_prefix=topic_prefix))
    return None if text is None else parse_rules(text)


def apply_rules(bootstrap: str, text: str, *, topic_prefix: str) -> tuple[RuleSet, bool]:
    """Put this rule set in force; return it, and whether that changed anything.

    Raises:
        BadInput: it is no valid rule set; nothing is written then.
    """
    from eventlog.writing import Writer  # noqa: PLC0415 - its clients take time to load

    rules = parse_rules(text)
    before = rules_in_force(bootstrap, topic_prefix=topic_prefix)
    if before is not None and before.version == rules.version:
        return rules, False
    headers = [("content-type", b"application/yaml"), ("vigil_version", rules.version.encode())]
    with Writer(bootstrap) as writer:
        writer.send(topic_prefix + RULES, key=None, value=text.encode(), headers=headers)
    return rules, True


def apply_default_rules(bootstrap: str, *, topic_prefix: str) -> str | None:
    """Put the default rules in force where none ever were; return their version if so."""
    if rules_in_force(bootstrap, topic_prefix=topic_prefix) is not None:
        return None
    rules, _ = apply_rules(bootstrap, default_rules(), topic_prefix=topic_prefix)
    return rules.version
