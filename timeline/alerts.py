"""Alerts: the episodes of rules as they stand, a function of the timeline.

Rules kept here:
- Only the status asks the clock: an episode whose first day is after the clock's day is pending and not told.
- The id is made of rule, scope and first day, or of rule, scope and event where one event is the cause. The rule's
  version is a member, not part of the id.
- An alert is late when all that makes it was known only after its last day.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

import orjson

from schemas.rule import Rule
from timeline.times import DAY, day_text, time_text

MOST_CAUSES = 20
"""How many causes an alert names; it tells the total beside them."""

Cause = tuple[str, str, str | None, str]
"""Id, content hash, title, source of an event."""
Status = Literal["open", "resolved"]


@dataclass(frozen=True, slots=True)
class Episode:
    """A maximal run of days on which a rule's condition holds in a scope. Days are inclusive, `last` with the hold.

    `holds_until` is the last day on which the condition itself holds; `known` is a time.
    """

    id: str
    rule: Rule
    scope: str
    first: int
    last: int
    holds_until: int
    value: int
    peak: int
    threshold: int | None
    feed: str
    known: int
    causes: tuple[Cause, ...]
    causes_total: int

    def status(self, clock_day: int) -> Status:
        """Return where an episode that is not pending stands at a day."""
        return "resolved" if self.last < clock_day else "open"

    def members(self, clock_day: int) -> dict[str, Any]:
        """Return the alert's members as JSON types."""
        return {
            "id": self.id,
            "rule": self.rule.id,
            "rule_version": self.rule.version,
            "title": self.rule.title,
            "scope": self.scope,
            "status": self.status(clock_day),
            "severity": self.rule.severity,
            "first_day": day_text(self.first),
            "last_day": day_text(self.last),
            "value": self.value,
            "peak": self.peak,
            "threshold": self.threshold,
            "feed": self.feed,
            "known": time_text(self.known),
            "late": self.known >= (self.last + 1) * DAY,
            "causes": [
                {"id": event_id, "content": content[:12], "title": title, "source": source}
                for event_id, content, title, source in self.causes
            ],
            "causes_total": self.causes_total,
        }


def alert_id(rule: Rule, scope: str, anchor: str) -> str:
    """Return the id of an alert; the anchor is its first day or the event that causes it."""
    return sha256(orjson.dumps([rule.id, scope, anchor])).hexdigest()[:32]
