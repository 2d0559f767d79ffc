"""Match rules: one event satisfies a predicate, and that is an alert in each scope of the rule's kind that it has.

Rules kept here:
- One event, one alert, even when intervals overlap: its days are the event's, and the rule's `hold` after.
- Where several feeds are to say so, events of that many feeds match in the scope on days that overlap the event's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schemas.rule import MatchRule
from timeline.alerts import Anchor, Episode, Episodes, Found, alert_id, named_causes
from timeline.entries import Entry
from timeline.facts import Fact
from timeline.nearby import Nearby
from timeline.scopes import scope_kind


class Matches:
    """The events that satisfy a rule."""

    def __init__(self, rule: MatchRule, number: int, episodes: Episodes) -> None:
        self.rule = rule
        self._number = number
        self._episodes = episodes
        self._nearby: Nearby[str] = Nearby()
        self._touched: dict[str, set[Entry]] = {}

    def update(self, entry: Entry) -> None:
        """Take in that the entry's current fact or its history changed."""
        for _, fact in entry.versions:
            for scope in self._scopes(fact):
                touched = self._touched.setdefault(scope, set())
                touched.add(entry)
                if fact is not None and self.rule.feeds > 1:
                    self._nearby.note(scope, entry, (fact.first, fact.last))
                    touched |= self._nearby.near(scope, (fact.first, fact.last))

    def settle(self) -> Iterator[Found]:
        """Look again at the events that something happened to."""
        touched, self._touched = self._touched, {}
        for scope, entries in touched.items():
            wanted: dict[Anchor, Episode | None] = {entry.id: self._episode(entry, scope) for entry in entries}
            yield self._episodes.put(self.rule, scope, wanted)

    def _scopes(self, fact: Fact | None) -> tuple[str, ...]:
        if fact is None or self._number not in fact.satisfied:
            return ()
        return tuple([scope for scope in fact.scopes if scope_kind(scope) == self.rule.scope])

    def _matches(self, fact: Fact | None, scope: str) -> bool:
        return fact is not None and self._number in fact.satisfied and scope in fact.scopes

    def _episode(self, entry: Entry, scope: str) -> Episode | None:
        fact = entry.current
        if fact is None or not self._matches(fact, scope):
            return None
        others = [
            (other.id, now.content, now.title, now.feed)
            for other in self._others(entry, fact, scope)
            if (now := other.current) is not None and self._agrees(now, fact, scope)
        ]
        if len({feed for _, _, _, feed in others} | {fact.feed}) < self.rule.feeds:
            return None
        causes = sorted([(entry.id, fact.content, fact.title, fact.feed), *others])
        return Episode(
            id=alert_id(self.rule, scope, entry.id),
            rule=self.rule,
            scope=scope,
            first=fact.first,
            last=fact.last + self.rule.hold,
            holds_until=fact.last,
            value=1,
            peak=1,
            threshold=None,
            feed=fact.feed,
            known=self._known(entry, scope, fact.first),
            causes=named_causes(causes),
            causes_total=len(causes),
            subject=entry.id,
        )

    def _others(self, entry: Entry, fact: Fact, scope: str) -> Iterable[Entry]:
        return self._nearby.near(scope, (fact.first, fact.last)) - {entry} if self.rule.feeds > 1 else ()

    def _agrees(self, other: Fact, fact: Fact, scope: str) -> bool:
        """Return whether the other event, of another feed, matches on days that overlap this one's."""
        overlaps = other.first <= fact.last and other.last >= fact.first
        return overlaps and other.feed != fact.feed and self._matches(other, scope)

    def _known(self, entry: Entry, scope: str, day: int) -> int:
        """Return the first time as of which the event matched in the scope, with `day` among the alert's days."""
        for time in self._times(entry, scope):
            fact = entry.as_of(time) if self.rule.feeds > 1 or len(entry.versions) > 1 else entry.current
            if fact is None or not self._matches(fact, scope) or not fact.first <= day <= fact.last + self.rule.hold:
                continue
            as_of = [other.as_of(time) for other in self._others(entry, fact, scope)]
            agreeing = {other.feed for other in as_of if other is not None and self._agrees(other, fact, scope)}
            if len(agreeing | {fact.feed}) >= self.rule.feeds:
                return time
        raise AssertionError(f"{self.rule.id} matches {entry.id} in {scope} and was never known to")

    def _times(self, entry: Entry, scope: str) -> list[int]:
        """Return the times as of which it may have begun to match, in order."""
        entries = {entry}
        if self.rule.feeds > 1:
            for _, fact in entry.versions:
                if fact is not None:
                    entries.update(self._others(entry, fact, scope))
        return sorted({stamp.publish_time for each in entries for stamp, _ in each.versions})
