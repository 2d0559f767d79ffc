"""The rules topic: every rule set that was applied, the last of which is in force."""

from __future__ import annotations

from eventlog.reading import read_to_end
from schemas.errors import BadInput
from schemas.rule import RuleSet
from schemas.rule_text import parse_rules
from schemas.topics import RULES


async def read_rules(bootstrap: str, *, topic_prefix: str = "") -> str | None:
    """Return the YAML text of the rule set in force, or None when none was ever applied."""
    text = None
    async for batch in read_to_end(bootstrap, topic_prefix + RULES):
        for record in batch:
            if record.value is not None:
                text = record.value.decode()
    return text


async def read_rule_sets(bootstrap: str, *, topic_prefix: str = "") -> list[RuleSet]:
    """Return every rule set that was ever applied, first to last; what is no valid one raised no alerts either."""
    found = []
    async for batch in read_to_end(bootstrap, topic_prefix + RULES):
        for record in batch:
            try:
                found.append(parse_rules((record.value or b"").decode()))
            except (BadInput, UnicodeDecodeError):
                continue
    return found
