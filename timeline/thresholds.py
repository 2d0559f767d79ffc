"""Threshold rules: a measure over a window reaches a number, and the episode lasts until it falls below a lower one.

Rules kept here:
- The condition is defined for every day along event time, without the clock.
- An event adds its number to a run of days: certain from its last day to first + w - 1, possible from its first day to
  last + w - 1. Rules of the same predicate, measure, window and count share a series.
- An episode is a maximal run of days with a number of at least the lower bound, from its first day of at least the
  upper one. Feeds are not summed: the number of a day is that of the largest feed.
- Only runs that touch changed days are formed again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from schemas.aggregate import WINDOWS
from schemas.rule import ThresholdRule
from timeline.alerts import MOST_CAUSES, Cause, Episode, alert_id
from timeline.entries import Entry
from timeline.facts import Fact
from timeline.measures import slot_of
from timeline.runs import Days, merged, runs, widened
from timeline.scopes import scope_kind
from timeline.steps import Steps
from timeline.times import day_text

_CHUNK_DAYS = 32


class SeriesKey(NamedTuple):
    """What makes the numbers of a series; rules that agree in it share one."""

    predicate: int
    slot: int
    width: int
    certain: bool


def series_key(rule: ThresholdRule, predicate: int) -> SeriesKey:
    """Return the key of the series that the rule reads; `predicate` is the number of its `where`."""
    return SeriesKey(predicate, slot_of(rule.measure, rule.estimate), WINDOWS[rule.window], rule.count == "certain")


class Series:
    """The numbers of every scope of some kinds, feed by feed and day by day, and the rules that read them."""

    def __init__(self, key: SeriesKey) -> None:
        self.key = key
        self._rules: dict[str, list[ThresholdRule]] = {}
        self._numbers: dict[str, dict[str, Steps]] = {}
        self._nearby: dict[str, dict[int, set[Entry]]] = {}
        self._touched: dict[str, list[Days]] = {}
        self._episodes: dict[tuple[str, str], dict[int | str, Episode]] = {}

    def read_by(self, rule: ThresholdRule) -> None:
        """Let the rule read this series; before anything is added."""
        self._rules.setdefault(rule.scope, []).append(rule)

    def update(self, entry: Entry) -> None:
        """Count the entry's current fact instead of the one that was counted, and ask again what its history decides.

        All its facts are noted: one that never was current can still hide another as of some time.
        """
        before, now = entry.counted, entry.current
        for _, fact in entry.versions:
            place = None if fact is None else self._place(fact)
            if fact is None or place is None:
                continue
            days, number, scopes = place
            sign = (fact is now) - (fact is before)
            for scope in scopes:
                self._note(entry, scope, days)
                if sign:
                    feeds = self._numbers.setdefault(scope, {})
                    if fact.feed not in feeds:
                        feeds[fact.feed] = Steps()
                    feeds[fact.feed].add(*days, sign * number)

    def settle(self) -> Iterator[tuple[ThresholdRule, str, dict[int | str, Episode]]]:
        """Form the touched runs again; yield (rule, scope, its episodes by first day) for each rule that reads them."""
        touched, self._touched = self._touched, {}
        for scope, days in touched.items():
            changed = merged(days)
            for rule in self._rules[scope_kind(scope)]:
                yield rule, scope, self._form(rule, scope, changed)

    def number(self, fact: Fact | None, scope: str, day: int) -> int:
        """Return what the fact adds to the number of a scope on a day."""
        if fact is None or scope not in fact.scopes or self.key.predicate not in fact.satisfied:
            return 0
        first, last = self._days(fact)
        return self._number(fact) if first <= day <= last else 0

    def _place(self, fact: Fact) -> tuple[Days, int, list[str]] | None:
        """Return the days to which the fact adds its number, and in which scopes; None when it adds nothing."""
        if self.key.predicate not in fact.satisfied:
            return None
        number = self._number(fact)
        days = self._days(fact)
        if not number or days[0] > days[1]:
            return None
        return days, number, [scope for scope in fact.scopes if scope_kind(scope) in self._rules]

    def _number(self, fact: Fact) -> int:
        for slot, number in fact.amounts:
            if slot == self.key.slot:
                return number
        return 0

    def _note(self, entry: Entry, scope: str, days: Days) -> None:
        chunks = self._nearby.setdefault(scope, {})
        for chunk in range(days[0] // _CHUNK_DAYS, days[1] // _CHUNK_DAYS + 1):
            chunks.setdefault(chunk, set()).add(entry)
        self._touched.setdefault(scope, []).append(days)

    def _days(self, fact: Fact) -> Days:
        last = self.key.width - 1
        return (fact.last, fact.first + last) if self.key.certain else (fact.first, fact.last + last)

    def _form(self, rule: ThresholdRule, scope: str, touched: list[Days]) -> dict[int | str, Episode]:
        episodes = self._episodes.setdefault((rule.id, scope), {})
        numbers = self._numbers.get(scope, {})
        if rule.feed is not None:
            numbers = {feed: steps for feed, steps in numbers.items() if feed == rule.feed}
        functions = list(numbers.values())
        for days in touched:
            first, last = widened(functions, days, rule.lower)
            overlapping = [day for day, old in episodes.items() if old.first <= last and old.holds_until >= first]
            before = {day: episodes.pop(day) for day in overlapping}
            for start, end, peak in runs(functions, (first, last), lower=rule.lower, upper=rule.reaches):
                same = before.get(start)
                if same is None or days[0] <= start <= days[1]:
                    episodes[start] = self._episode(rule, scope, numbers, (start, end, peak))
                else:
                    # Value, causes and when it was known depend on the first day alone.
                    episodes[start] = replace(same, last=end + rule.hold, holds_until=end, peak=peak)
        return episodes

    def _episode(
        self, rule: ThresholdRule, scope: str, numbers: dict[str, Steps], run: tuple[int, int, int]
    ) -> Episode:
        first, last, peak = run
        feed = min(numbers, key=lambda name: (-numbers[name].at(first), name))
        causes = sorted(self._causes(scope, feed, first))
        return Episode(
            id=alert_id(rule, scope, day_text(first)),
            rule=rule,
            scope=scope,
            first=first,
            last=last + rule.hold,
            holds_until=last,
            value=numbers[feed].at(first),
            peak=peak,
            threshold=rule.reaches,
            feed=feed,
            known=self._known(rule, scope, first),
            causes=tuple(causes[:MOST_CAUSES]),
            causes_total=len(causes),
        )

    def _causes(self, scope: str, feed: str, day: int) -> Iterator[Cause]:
        for entry in self._nearby[scope][day // _CHUNK_DAYS]:
            fact = entry.current
            if fact is not None and fact.feed == feed and self.number(fact, scope, day):
                yield entry.id, fact.content, fact.title, fact.feed

    def _known(self, rule: ThresholdRule, scope: str, day: int) -> int:
        """Return the first time as of which the number of `day` reached the upper bound."""
        numbers: dict[str, int] = {}
        changes = sorted(self._changes(scope, day))
        for index, (time, feed, change) in enumerate(changes):
            if rule.feed in (None, feed):
                numbers[feed] = numbers.get(feed, 0) + change
            whole = index + 1 == len(changes) or changes[index + 1][0] != time
            if whole and max(numbers.values(), default=0) >= rule.reaches:
                return time
        raise AssertionError(f"{rule.id} holds in {scope} on {day_text(day)} and was never known to")

    def _changes(self, scope: str, day: int) -> Iterator[tuple[int, str, int]]:
        """Yield (time of publication, feed, change) of all that ever moved the number of a day."""
        for entry in self._nearby[scope][day // _CHUNK_DAYS]:
            number, feed = 0, ""
            for time, fact in entry.history():
                if number:
                    yield time, feed, -number
                number = self.number(fact, scope, day)
                if fact is not None and number:
                    feed = fact.feed
                    yield time, feed, number
