"""When a surge was first known: the first time as of which its first week was improbable.

All that was ever asserted of the week and of its past is gone through in the order in which it was published. Whether
a feed counted anything before the 52 weeks only decides how long its past is; mostly one old event answers that for all
times that matter.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator
from typing import NamedTuple

from schemas.rule import SurgeRule
from timeline.series import Group, Series
from timeline.steps import leaders, ranked
from timeline.surge_law import PAST_WEEKS, improbable
from timeline.weeks import sunday, week_text, weeks_ending


class _Change(NamedTuple):
    """A number is added to some weeks of a feed; weeks count from the first of the past."""

    time: int
    feed: str
    weeks: range
    number: int


def surge_known(rule: SurgeRule, series: Series, group: Group, week: int) -> int:
    """Return the first time (microseconds) as of which the week was improbable. It is so now."""
    time = _Past(rule, series, group, week).first_time()
    if time is None:
        raise AssertionError(f"{rule.id} holds in {group.scope} in {week_text(week)} and was never known to")
    return time


class _Past:
    """The week's number and those of the 52 before it, feed by feed, as they became known."""

    def __init__(self, rule: SurgeRule, series: Series, group: Group, week: int) -> None:
        self._rule, self._series, self._group, self._week = rule, series, group, week
        self._numbers: dict[str, list[int]] = {}
        self._older: dict[str, tuple[list[int], list[int]]] = {}

    def first_time(self) -> int | None:
        """Return the first time as of which the week was improbable."""
        changes = sorted(self._changes(), key=lambda change: change.time)
        enough = next((time for time in self._follow(changes, ()) if self._has_enough()), None)
        if enough is None:
            return None
        feeds = {change.feed for change in changes}
        self._older = {feed: self._find_older(feed, enough) for feed in feeds}
        # A past that becomes longer can make a week improbable too.
        moved = {time for times, _ in self._older.values() for time in times if time > enough}
        times = self._follow(changes, moved)
        return next((time for time in times if time >= enough and self._has_enough() and self._holds(time)), None)

    def _follow(self, changes: list[_Change], others: Collection[int]) -> Iterator[int]:
        """Yield each time of a change, and the others, in order, with the numbers as they were known then."""
        self._numbers = {}
        following = 0
        for time in sorted({change.time for change in changes}.union(others)):
            while following < len(changes) and changes[following].time <= time:
                change = changes[following]
                numbers = self._numbers.setdefault(change.feed, [0] * (PAST_WEEKS + 1))
                for week in change.weeks:
                    numbers[week] += change.number
                following += 1
            yield time

    def _has_enough(self) -> bool:
        return ranked([numbers[-1] for numbers in self._numbers.values()], self._rule.feeds) >= self._rule.reaches

    def _holds(self, time: int) -> bool:
        """Return whether the week is improbable by the numbers as they are known at this time."""
        largest = leaders({feed: numbers[-1] for feed, numbers in self._numbers.items()}, self._rule.feeds)
        return all(
            improbable(self._rule, self._numbers[feed][-1], self._past(feed, time)) is not None for feed in largest
        )

    def _past(self, feed: str, time: int) -> list[int]:
        past = self._numbers[feed][:-1]
        if past[0] or self._counted_before(feed, time):
            return past
        began = next((index for index, number in enumerate(past) if number), len(past))
        return past[began:]

    def _changes(self) -> Iterator[_Change]:
        series, group, feed = self._series, self._group, self._rule.feed
        first = self._week - PAST_WEEKS
        for entry in series.near(group, (sunday(first), sunday(self._week))):
            before: _Change | None = None
            for time, fact in entry.history():
                if before is not None:
                    yield before._replace(time=time, number=-before.number)
                before = None
                number = 0 if fact is None else series.amount(fact, group)
                if fact is None or not number or feed not in (None, fact.feed):
                    continue
                weeks = weeks_ending(*series.days(fact))
                weeks = range(max(weeks.start - first, 0), min(weeks.stop - first, PAST_WEEKS + 1))
                if weeks:
                    before = _Change(time, fact.feed, weeks, number)
                    yield before

    def _counted_before(self, feed: str, time: int) -> bool:
        """Return whether the feed counted anything before the 52 weeks, as of a time."""
        times, totals = self._older[feed]
        known = bisect_right(times, time)
        return known > 0 and totals[known - 1] > 0

    def _find_older(self, feed: str, earliest: int) -> tuple[list[int], list[int]]:
        """Return the times at which that total changed, and the total from each on; `earliest` is asked first."""
        until = self._week - PAST_WEEKS
        changes: list[tuple[int, int]] = []
        for entry in self._series.before(self._group, sunday(until)):
            number = 0
            for time, fact in entry.history():
                old, number = number, 0
                if fact is not None and fact.feed == feed and self._series.amount(fact, self._group):
                    weeks = weeks_ending(*self._series.days(fact))
                    number = int(bool(weeks) and weeks[0] < until)
                if number != old:
                    changes.append((time, number - old))
            if number and len(entry.versions) == 1 and entry.versions[0][0].publish_time <= earliest:
                # It is there at every time that is asked about.
                return [earliest], [1]
        changes.sort()
        totals, total = [], 0
        for _, change in changes:
            total += change
            totals.append(total)
        return [time for time, _ in changes], totals
