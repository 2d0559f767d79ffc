"""Sequence rules: an event, and within some days after it others, in the same scope, that reach a number.

Rules kept here:
- One alert for each first event, whatever the number of its followers.
- A certain follower begins after the first event ends, and lies whole within the days after it; a possible one ends
  after it starts. Times are compared to the microsecond, the numbers run on days.
- The number never falls while the days run, so it holds from the day on which it is reached to the last of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from schemas.rule import SequenceRule
from timeline.alerts import Anchor, Cause, Episode, Episodes, Found, alert_id, named_causes
from timeline.entries import Entry
from timeline.facts import Fact
from timeline.nearby import Nearby
from timeline.runs import Days
from timeline.scopes import scope_kind
from timeline.steps import leaders, ranked


class Followers:
    """The events that add to a number after others; rules that agree in which ones share them."""

    def __init__(self, then: int, slot: int, scope: str) -> None:
        self._then, self._slot, self._scope = then, slot, scope
        self._nearby: Nearby[str] = Nearby()
        self._waiting: dict[str, dict[Sequences, None]] = {}
        self._touched: dict[Sequences, None] = {}

    def update(self, entry: Entry) -> None:
        """Take in that the entry's current fact or its history changed."""
        for _, fact in entry.versions:
            if fact is None or not self.amount(fact):
                continue
            days = (fact.first, fact.last)
            for scope in fact.scopes:
                if scope_kind(scope) == self._scope:
                    self._nearby.note(scope, entry, days)
                    for sequences in self._waiting.get(scope, ()):
                        sequences.touch(scope, days)
                        self._touched[sequences] = None

    def settle(self) -> Iterator[Found]:
        """Let the rules look again whose first events are followed differently."""
        touched, self._touched = self._touched, {}
        for sequences in touched:
            yield from sequences.settle()

    def wait(self, scope: str, sequences: Sequences) -> None:
        """Let a rule that has a first event in a scope know of what follows there."""
        self._waiting.setdefault(scope, {})[sequences] = None

    def near(self, scope: str, days: Days) -> set[Entry]:
        """Return the entries that ever were followers on one of these days, and maybe more."""
        return self._nearby.near(scope, days)

    def amount(self, fact: Fact) -> int:
        """Return what the fact adds as a follower."""
        if self._then not in fact.satisfied:
            return 0
        return next((number for slot, number in fact.amounts if slot == self._slot), 0)


class Sequences:
    """The first events of a rule in each scope."""

    def __init__(self, rule: SequenceRule, first: int, followers: Followers, episodes: Episodes) -> None:
        self.rule = rule
        self._first = first
        self._followers = followers
        self._episodes = episodes
        self._firsts: Nearby[str] = Nearby()
        self._touched: dict[str, set[Entry]] = {}

    def update(self, entry: Entry) -> None:
        """Take in that the entry's current fact or its history changed."""
        for _, fact in entry.versions:
            if fact is None or self._first not in fact.satisfied:
                continue
            for scope in fact.scopes:
                if scope_kind(scope) == self.rule.scope:
                    self._firsts.note(scope, entry, (fact.first, fact.last))
                    self._followers.wait(scope, self)
                    self._touched.setdefault(scope, set()).add(entry)

    def touch(self, scope: str, days: Days) -> None:
        """Take in that something changed that may follow, on these days of a scope."""
        firsts = self._firsts.near(scope, (days[0] - self.rule.within, days[1]))
        if firsts:
            self._touched.setdefault(scope, set()).update(firsts)

    def settle(self) -> Iterator[Found]:
        """Look again at the first events that something happened to."""
        touched, self._touched = self._touched, {}
        for scope, entries in touched.items():
            wanted: dict[Anchor, Episode | None] = {entry.id: self._episode(entry, scope) for entry in entries}
            yield self._episodes.put(self.rule, scope, wanted)

    def _span(self, fact: Fact) -> Days:
        return fact.first, fact.last + self.rule.within

    def _episode(self, entry: Entry, scope: str) -> Episode | None:
        fact = entry.current
        if fact is None or not self._begins(fact, scope):
            return None
        followers = [
            follower
            for other in self._followers.near(scope, self._span(fact))
            if other is not entry and (follower := self._follower(fact, other, other.current, scope)) is not None
        ]
        day = self._day_reached(followers)
        if day is None:
            return None
        by_then = _totals(follower for follower in followers if follower.day <= day)
        largest = leaders(by_then, self.rule.feeds)
        causes = sorted(
            [(entry.id, fact.content, fact.title, fact.feed)]
            + [follower.cause for follower in followers if follower.day <= day and follower.feed in largest]
        )
        last = fact.last + self.rule.within
        return Episode(
            id=alert_id(self.rule, scope, entry.id),
            rule=self.rule,
            scope=scope,
            first=day,
            last=last + self.rule.hold,
            holds_until=last,
            value=by_then[largest[-1]],
            peak=ranked(list(_totals(followers).values()), self.rule.feeds),
            threshold=self.rule.reaches,
            feed=largest[-1],
            known=self._known(entry, scope, day),
            causes=named_causes(causes),
            causes_total=len(causes),
            subject=entry.id,
        )

    def _day_reached(self, followers: list[_Follower]) -> int | None:
        totals: dict[str, int] = {}
        followers.sort(key=lambda follower: follower.day)
        for follower in followers:
            totals[follower.feed] = totals.get(follower.feed, 0) + follower.number
            if self._reached(totals):
                return follower.day
        return None

    def _reached(self, totals: Mapping[str, int]) -> bool:
        return sum([number >= self.rule.reaches for number in totals.values()]) >= self.rule.feeds

    def _begins(self, fact: Fact, scope: str) -> bool:
        return self._first in fact.satisfied and scope in fact.scopes

    def _follower(self, first: Fact, other: Entry, then: Fact | None, scope: str) -> _Follower | None:
        """Return what the other event adds after the first one; None if it does not follow it."""
        if then is None or scope not in then.scopes or self.rule.feed not in (None, then.feed):
            return None
        number = self._followers.amount(then)
        if not number:
            return None
        (start, end), (then_start, then_end) = first.interval, then.interval
        if self.rule.count == "certain":
            # The second condition tells two equal instants apart from two that follow each other.
            if not (end <= then_start and start < then_start) or then.last > first.first + self.rule.within:
                return None
            day = then.last
        else:
            if start >= then_end or then.first > first.last + self.rule.within:
                return None
            day = max(first.first, then.first)
        return _Follower(day, then.feed, number, (other.id, then.content, then.title, then.feed))

    def _known(self, entry: Entry, scope: str, day: int) -> int:
        """Return the first time as of which the event was followed by enough on the day.

        While one version of the first event stands, what others add is followed change by change.
        """
        versions = list(entry.history())
        for index, (since, fact) in enumerate(versions):
            if fact is None or not self._begins(fact, scope) or day > fact.last + self.rule.within:
                continue
            until = versions[index + 1][0] if index + 1 < len(versions) else None
            changes = sorted(
                (max(time, since), feed, change)
                for time, feed, change in self._changes(entry, fact, scope, day)
                if until is None or time < until
            )
            time = self._time_reached(changes)
            if time is not None:
                return time
        raise AssertionError(f"{self.rule.id} holds in {scope} after {entry.id} and was never known to")

    def _changes(self, entry: Entry, first: Fact, scope: str, day: int) -> Iterator[tuple[int, str, int]]:
        """Yield (time, feed, change) of all that ever moved the number that had followed `first` by the day."""
        for other in self._followers.near(scope, self._span(first)):
            if other is entry:
                continue

            def number_of(then: Fact, other: Entry = other) -> tuple[str, int]:
                follower = self._follower(first, other, then, scope)
                return then.feed, follower.number if follower is not None and follower.day <= day else 0

            yield from other.changes(number_of)

    def _time_reached(self, changes: list[tuple[int, str, int]]) -> int | None:
        totals: dict[str, int] = {}
        for index, (time, feed, change) in enumerate(changes):
            totals[feed] = totals.get(feed, 0) + change
            whole = index + 1 == len(changes) or changes[index + 1][0] != time
            if whole and self._reached(totals):
                return time
        return None


class _Follower(NamedTuple):
    """What an event adds after a first one, from a day on."""

    day: int
    feed: str
    number: int
    cause: Cause


def _totals(followers: Iterable[_Follower]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for follower in followers:
        totals[follower.feed] = totals.get(follower.feed, 0) + follower.number
    return totals
