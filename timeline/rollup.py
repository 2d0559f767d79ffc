"""The rollup: every scope's windows at the clock, and every rule's episodes, kept up to date by difference.

Rules kept here:
- It is a function of the set of assertions, the ticks and the rules: any order, any repetition, any chunking gives the
  same windows and episodes once it has settled.
- There is one clock: the largest publish time (superseded assertions included) or tick.
- Applying is cheap; the indexes move once per settlement, by what changed since the last one.

A mutable index for speed; all that it decides on is in the pure modules that it calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from schemas.rule import RuleSet
from timeline.alerts import Episode, Episodes, RuleScope
from timeline.correction import Corrections
from timeline.entries import Entry
from timeline.evaluators import Evaluators
from timeline.facts import Fact, fact_of
from timeline.identity import Assertion
from timeline.predicates import Predicates
from timeline.times import DAY
from timeline.windows import OUTSIDE, FeedWindows, days_that_matter, levels_at, windows_json


class Settled(NamedTuple):
    """What may have changed since the last settlement; of the alerts of a rule in a scope, which ids."""

    scopes: set[str]
    alerts: dict[RuleScope, set[str]]


class Rollup:
    """All that is known, as windows and episodes."""

    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules
        self.clock: int | None = None
        self._day: int | None = None
        self._entries: dict[str, Entry] = {}
        self._unsettled: set[Entry] = set()
        self.corrections = Corrections(self._entries)
        self._by_day: dict[int, dict[Entry, Fact]] = {}
        self._scopes: dict[str, dict[str, FeedWindows]] = {}
        self._episodes = Episodes()
        self._by_id: dict[str, Episode] = {}
        self._turns: dict[int, list[Episode]] = {}
        self._predicates = Predicates(where for rule in rules.rules for where in rule.wheres)
        self._evaluators = Evaluators(rules, self._predicates, self._episodes)

    def apply(self, statement: Assertion) -> bool:
        """Take in an assertion; return False when it is known already."""
        fact = fact_of(statement, self._predicates)
        entry = self._entries.get(statement.id)
        if entry is None:
            entry = self._entries[statement.id] = Entry(statement.id)
        if not entry.add(statement.stamp, fact):
            return False
        self._unsettled.add(entry)
        self._evaluators.hear(statement)
        self.tick(statement.stamp.publish_time)
        return True

    def tick(self, time: int) -> None:
        """Move the clock to `time` (microseconds), never back."""
        if self.clock is None or time > self.clock:
            self.clock = time

    def settle(self) -> Settled:
        """Bring windows and episodes up to date; return what may have changed since the last settlement."""
        changed = Settled(set(), {})
        if self.clock is None:
            return changed
        day = self.clock // DAY
        self._move_clock(day, changed)
        unsettled, self._unsettled = self._unsettled, set()
        for entry in unsettled:
            self._count(entry, day, changed)
        for rule, scope, formed in self._evaluators.settle():
            if formed:
                changed.alerts.setdefault((rule.id, scope), set()).update(formed)
            for alert_id, episode in formed.items():
                if episode is None:
                    self._by_id.pop(alert_id, None)
                else:
                    self._by_id[alert_id] = episode
                    self._note_turns(episode, day)
        self.corrections.renew(unsettled)
        return changed

    @property
    def clock_day(self) -> int | None:
        """The day up to which the rollup has settled."""
        return self._day

    def scopes(self) -> Iterable[str]:
        """Return the scopes, without feed, that have current events."""
        return self._scopes.keys()

    def alerts(self) -> Iterable[RuleScope]:
        """Return every (rule id, scope) that may have episodes."""
        return self._episodes.keys()

    def windows(self, scope: str) -> list[tuple[str, str]]:
        """Return (scope, windows as JSON) of a scope and of each of its feeds; nothing without current events."""
        feeds = self._scopes.get(scope)
        return [] if feeds is None else [(scope + suffix, text) for suffix, text in windows_json(feeds)]

    def episodes(self, rule_scope: RuleScope) -> Iterator[Episode]:
        """Yield the standing episodes of a rule in a scope: all that are not pending."""
        for episode in self._episodes.get(rule_scope, {}).values():
            if self._day is not None and episode.first <= self._day:
                yield episode

    def episode(self, alert_id: str) -> Episode | None:
        """Return the standing episode with this id."""
        episode = self._by_id.get(alert_id)
        return episode if episode is not None and self._day is not None and episode.first <= self._day else None

    def facts(self) -> Iterator[Fact]:
        """Yield the current fact of each asserted event."""
        for entry in self._entries.values():
            if entry.current is not None:
                yield entry.current

    def _move_clock(self, day: int, changed: Settled) -> None:
        before, self._day = self._day, day
        if before is None or before == day:
            return
        boundaries = {crossed for days in days_that_matter(before, day) for crossed in days}
        moved: dict[Entry, Fact] = {}
        for crossed in boundaries & self._by_day.keys():
            moved.update(self._by_day[crossed])
        for fact in moved.values():
            old, new = levels_at(fact, before), levels_at(fact, day)
            if old != new:
                self._shift(fact, old, -1)
                self._shift(fact, new, 1)
                changed.scopes.update(fact.scopes)
        for crossed in range(before + 1, day + 1):
            for episode in self._turns.pop(crossed, ()):
                changed.alerts.setdefault((episode.rule.id, episode.scope), set()).add(episode.id)

    def _count(self, entry: Entry, day: int, changed: Settled) -> None:
        before, now = entry.counted, entry.current
        self._evaluators.update(entry)
        entry.count()
        if before is now:
            return
        if before is not None:
            self._take_away(entry, before, day, changed)
        if now is not None:
            self._place(entry, now, day, changed)

    def _place(self, entry: Entry, fact: Fact, day: int, changed: Settled) -> None:
        levels = levels_at(fact, day)
        for edge in {fact.first, fact.last}:
            self._by_day.setdefault(edge, {})[entry] = fact
        for scope in fact.scopes:
            feeds = self._scopes.setdefault(scope, {})
            if fact.feed not in feeds:
                feeds[fact.feed] = FeedWindows()
                changed.scopes.add(scope)
            feeds[fact.feed].events += 1
        if levels != OUTSIDE:
            self._shift(fact, levels, 1)
            changed.scopes.update(fact.scopes)

    def _take_away(self, entry: Entry, fact: Fact, day: int, changed: Settled) -> None:
        levels = levels_at(fact, day)
        for edge in {fact.first, fact.last}:
            del self._by_day[edge][entry]
        if levels != OUTSIDE:
            self._shift(fact, levels, -1)
            changed.scopes.update(fact.scopes)
        for scope in fact.scopes:
            feeds = self._scopes[scope]
            feeds[fact.feed].events -= 1
            if not feeds[fact.feed].events:
                del feeds[fact.feed]
                changed.scopes.add(scope)
            if not feeds:
                del self._scopes[scope]

    def _shift(self, fact: Fact, levels: tuple[int, int], sign: int) -> None:
        for scope in fact.scopes:
            self._scopes[scope][fact.feed].add(fact, levels, sign)

    def _note_turns(self, episode: Episode, day: int) -> None:
        for turn in (episode.first, episode.last + 1):
            if turn > day:
                self._turns.setdefault(turn, []).append(episode)
