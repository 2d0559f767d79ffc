"""Alerts: the episodes of rules as they stand, a function of the timeline.

Rules kept here:
- Only the status asks the clock: an episode whose first day is after the clock's day is pending and not told.
- The id is made of rule, scope and first day, or of rule, scope and event where one event is the cause. The rule's
  version is a member, not part of the id.
- An alert is late when all that makes it was known only after its last day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, NamedTuple

import orjson

from schemas.alert import NO_END
from schemas.rule import Rule, SequenceRule, Severity, SurgeRule, ThresholdRule
from timeline.times import DAY, day_number, day_text, time_text

MOST_CAUSES = 20
"""How many causes an alert names; it tells the total beside them."""

Cause = tuple[str, str, str | None, str]
"""Id, content hash, title, source of an event."""
Status = Literal["open", "resolved"]
Anchor = int | str
"""What tells the episodes of a rule in a scope apart: the first day, the event, the actor and day."""
RuleScope = tuple[str, str]
"""(rule id, scope): the unit in which alerts are told."""
ENDLESS = day_number(NO_END)
"""The last day of an episode of which no end is known."""


@dataclass(frozen=True, slots=True)
class Episode:
    """A maximal run of days on which a rule's condition holds in a scope. Days are inclusive, `last` with the hold.

    `holds_until` is the last day on which the condition itself holds; `known` is a time. `subject`, `expected`,
    `p_value`, `deadline` (a day) and `renewal` (an event's id) are of some kinds only.
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
    subject: str | None = None
    expected: float | None = None
    p_value: float | None = None
    deadline: int | None = None
    renewal: str | None = None

    def status(self, clock_day: int) -> Status:
        """Return where an episode that is not pending stands at a day."""
        return "resolved" if self.last < clock_day else "open"

    def members(self, clock_day: int) -> dict[str, Any]:
        """Return the alert's members as JSON types."""
        rule = self.rule
        members = {
            "id": self.id,
            "rule": rule.id,
            "rule_version": rule.version,
            "title": rule.title,
            "scope": self.scope,
            "status": self.status(clock_day),
            "severity": self.severity,
            "urgency": rule.urgency,
            "certainty": rule.certainty,
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
        if self.subject is not None:
            members["subject"] = self.subject
        if self.p_value is not None:
            members["expected"], members["p_value"] = self.expected, self.p_value
        if self.deadline is not None:
            members["deadline"] = day_text(self.deadline)
        if self.renewal is not None:
            members["renewal"] = self.renewal
        return members

    @property
    def severity(self) -> Severity:
        """The rule's severity, or that of the gravest of its steps that the peak has reached."""
        rule = self.rule
        if isinstance(rule, ThresholdRule | SurgeRule | SequenceRule):
            return rule.severity_at(self.peak)
        return rule.severity


class Found(NamedTuple):
    """What became of episodes of a rule in a scope: each by its id, None for one that is no more."""

    rule: Rule
    scope: str
    formed: Mapping[str, Episode | None]


class Episodes(dict[RuleScope, dict[Anchor, Episode]]):
    """The episodes of every rule and scope by anchor, pending ones too."""

    def put(self, rule: Rule, scope: str, wanted: Mapping[Anchor, Episode | None]) -> Found:
        """Let these stand, or not (None), and return which of them that changes."""
        episodes = self.setdefault((rule.id, scope), {})
        formed: dict[str, Episode | None] = {}
        for anchor, episode in wanted.items():
            old = episodes.pop(anchor, None)
            if episode is not None:
                episodes[anchor] = old if old == episode else episode
            if old != episode:
                if old is not None:
                    formed[old.id] = None
                if episode is not None:
                    formed[episode.id] = episode
        if not episodes:
            del self[rule.id, scope]
        return Found(rule, scope, formed)


def named_causes(causes: Sequence[Cause]) -> tuple[Cause, ...]:
    """Return the causes that an alert names."""
    return tuple(causes[:MOST_CAUSES])


def alert_id(rule: Rule, scope: str, anchor: str) -> str:
    """Return the id of an alert; the anchor is its first day or the event that causes it."""
    return sha256(orjson.dumps([rule.id, scope, anchor])).hexdigest()[:32]
