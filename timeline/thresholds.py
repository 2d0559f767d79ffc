"""Threshold rules: a measure over a window reaches a number, and the episode lasts until it falls below a lower one.

Rules kept here:
- An episode is a maximal run of days with a number of at least the lower bound, from its first day of at least the
  upper one. The number of a day is that of the largest feed, or of the k-th largest: so many feeds say so.
- Only runs that touch changed days are formed again.
"""

from __future__ import annotations

from dataclasses import replace

from schemas.aggregate import WINDOWS
from schemas.rule import ThresholdRule
from timeline.alerts import Anchor, Episode, Episodes, Found, alert_id, named_causes
from timeline.measures import slot_of
from timeline.runs import runs, widened
from timeline.series import Group, Series, SeriesKey, Touched, at
from timeline.steps import leaders
from timeline.times import day_text


def threshold_key(rule: ThresholdRule, predicate: int) -> SeriesKey:
    """Return the key of the series that the rule reads; `predicate` is the number of its `where`."""
    return SeriesKey(predicate, slot_of(rule.measure, rule.estimate), WINDOWS[rule.window], rule.count == "certain")


class ThresholdReader:
    """A threshold rule as it reads its series."""

    def __init__(self, rule: ThresholdRule, episodes: Episodes) -> None:
        self.rule = rule
        self.scope: str = rule.scope
        self._episodes = episodes

    def form(self, series: Series, group: Group, touched: Touched) -> Found | None:
        """Form the runs again that touch these days."""
        rule = self.rule
        if (rule.id, group.scope) not in self._episodes and touched.highest < rule.reaches:
            # No run begins here, and none that began elsewhere can hold these days.
            return None
        episodes = self._episodes.get((rule.id, group.scope), {})
        numbers = series.numbers(group, rule.feed)
        functions = list(numbers.values())
        wanted: dict[Anchor, Episode | None] = {}
        for days in touched.days:
            first, last = widened(functions, days, lower=rule.lower, rank=rule.feeds)
            before = {old.first: old for old in episodes.values() if old.first <= last and old.holds_until >= first}
            for day in before:
                # An earlier one of the touched days may have ended that run already.
                wanted.setdefault(day, None)
            for run in runs(functions, (first, last), lower=rule.lower, upper=rule.reaches, rank=rule.feeds):
                start, end, peak = run
                same = before.get(start)
                if same is None or touched.hold(start):
                    known = same.known if same is not None and same.known < touched.since else None
                    wanted[start] = self._episode(series, group, run, known)
                else:
                    # Value, causes and when it was known depend on the first day alone.
                    wanted[start] = replace(same, last=end + rule.hold, holds_until=end, peak=peak)
        return self._episodes.put(rule, group.scope, wanted)

    def _episode(self, series: Series, group: Group, run: tuple[int, int, int], known: int | None) -> Episode:
        first, last, peak = run
        largest = leaders(today := at(series.numbers(group, self.rule.feed), first), self.rule.feeds)
        causes = series.causes(group, largest, first)
        return Episode(
            id=alert_id(self.rule, group.scope, day_text(first)),
            rule=self.rule,
            scope=group.scope,
            first=first,
            last=last + self.rule.hold,
            holds_until=last,
            value=today[largest[-1]],
            peak=peak,
            threshold=self.rule.reaches,
            feed=largest[-1],
            known=self._known(series, group, first) if known is None else known,
            causes=named_causes(causes),
            causes_total=len(causes),
        )

    def _known(self, series: Series, group: Group, day: int) -> int:
        """Return the first time as of which the number of `day` reached the upper bound."""
        rule, numbers = self.rule, dict[str, int]()
        changes = sorted(
            change
            for entry in series.near(group, (day, day))
            for change in entry.changes(lambda fact: (fact.feed, series.number(fact, group, day)))
        )
        for index, (time, feed, change) in enumerate(changes):
            if rule.feed in (None, feed):
                numbers[feed] = numbers.get(feed, 0) + change
            whole = index + 1 == len(changes) or changes[index + 1][0] != time
            if whole and sum(number >= rule.reaches for number in numbers.values()) >= rule.feeds:
                return time
        raise AssertionError(f"{rule.id} holds in {group.scope} on {day_text(day)} and was never known to")
