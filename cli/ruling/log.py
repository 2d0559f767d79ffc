"""Rule sets in the log: the one in force, and putting another in force."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass

from cli.ruling.files import default_rules
from schemas.errors import BadInput, Failed
from schemas.rule import RuleSet
from schemas.rule_text import parse_rules
from schemas.topics import RULES


@dataclass(frozen=True, slots=True)
class Change:
    """What tells one rule set from another: ids of rules. Of the reworded ones the rationale alone differs."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    revised: tuple[str, ...] = ()
    reworded: tuple[str, ...] = ()

    def members(self) -> dict[str, tuple[str, ...]]:
        """Return it as JSON types."""
        return asdict(self)


def difference_between(before: RuleSet | None, after: RuleSet) -> Change:
    """Return what putting `after` in the place of `before` changes."""
    old = {} if before is None else before.by_id
    kept = [rule for rule in after.rules if rule.id in old]
    return Change(
        added=tuple([rule.id for rule in after.rules if rule.id not in old]),
        removed=tuple([name for name in old if name not in after.by_id]),
        revised=tuple([rule.id for rule in kept if rule.version != old[rule.id].version]),
        reworded=tuple(
            [
                rule.id
                for rule in kept
                if rule.version == old[rule.id].version and rule.rationale != old[rule.id].rationale
            ]
        ),
    )


def rules_in_force(bootstrap: str, *, topic_prefix: str) -> RuleSet | None:
    """Return the rule set that was applied last, or None where none ever was.

    Raises:
        Failed: it is no valid rule set for this version.
    """
    text = _text_in_force(bootstrap, topic_prefix=topic_prefix)
    try:
        return None if text is None else parse_rules(text)
    except BadInput as error:
        raise Failed(f"the rule set in force is no valid one ({error}); `vigil rules apply` another") from error


def changes(bootstrap: str, rules: RuleSet, *, topic_prefix: str) -> Change | None:
    """Return what putting this rule set in force changes; None where it already is, word for word."""
    try:
        before = rules_in_force(bootstrap, topic_prefix=topic_prefix)
    except Failed:
        # The roller raises no alerts by such a set, so all rules are added to none.
        before = None
    change = difference_between(before, rules)
    return change if before is None or any(change.members().values()) else None


def apply_rules(bootstrap: str, text: str, *, topic_prefix: str) -> Change | None:
    """Put this rule set in force; return what that changed, None where it was in force.

    Raises:
        BadInput: it is no valid rule set; nothing is written then.
    """
    from eventlog.writing import Writer  # noqa: PLC0415 - its clients take time to load

    rules = parse_rules(text)
    change = changes(bootstrap, rules, topic_prefix=topic_prefix)
    if change is not None:
        headers = [("content-type", b"application/yaml"), ("vigil_version", rules.version.encode())]
        with Writer(bootstrap) as writer:
            writer.send(topic_prefix + RULES, key=None, value=text.encode(), headers=headers)
    return change


def apply_default_rules(bootstrap: str, *, topic_prefix: str) -> str | None:
    """Put the default rules in force where none ever were; return their version if so."""
    if _text_in_force(bootstrap, topic_prefix=topic_prefix) is not None:
        return None
    apply_rules(bootstrap, default_rules(), topic_prefix=topic_prefix)
    return parse_rules(default_rules()).version


def _text_in_force(bootstrap: str, *, topic_prefix: str) -> str | None:
    from subscribers.rules import read_rules  # noqa: PLC0415 - its clients take time to load

    return asyncio.run(read_rules(bootstrap, topic_prefix=topic_prefix))
