"""The rule sets of the log, the last of which is in force."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, select

from schemas.rule import RuleSet
from schemas.rule_text import parse_rules
from subscribers.read_model.tables import RULE_SETS

_R = RULE_SETS.c


class InForce(NamedTuple):
    """A rule set, and since when (microseconds) it is in force."""

    rules: RuleSet
    since: int


def rules_in_force(connection: Connection) -> InForce | None:
    """Return the rule set in force; None before the first was applied."""
    row = connection.execute(select(_R.time, _R.document).order_by(_R.log_offset.desc()).limit(1)).first()
    return None if row is None else InForce(parse_rules(row[1]), row[0])


def rule_sets(connection: Connection) -> list[RuleSet]:
    """Return every rule set that was ever in force, first to last."""
    return [parse_rules(row[0]) for row in connection.execute(select(_R.document).order_by(_R.log_offset))]
