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
from timeline.alerts import Episode, Episodes, Found, alert_id, named_causes
from timeline.measures import slot_of
from timeline.runs import Days, runs, widened
from timeline.series import Group, Series, SeriesKey, at
from timeline.steps import Steps, leaders
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

    def form(self, series: Series, group: Group, touched: list[Days]) -> Found:
        """Form the runs again that touch these days."""
        rule = self.rule
        episodes = self._episodes.of(rule, group.scope)
        numbers = series.numbers(group, rule.feed)
        functions = list(numbers.values())
        changed: list[Episode] = []
        for days in touched:
            first, last = widened(functions, days, lower=rule.lower, rank=rule.feeds)
            overlapping = [day for day, old in episodes.items() if old.first <= last and old.holds_until >= first]
            before = {day: episodes.pop(day) for day in overlapping}
            for run in runs(functions, (first, last), lower=rule.lower, upper=rule.reaches, rank=rule.feeds):
                start, end, peak = run
                same = before.get(start)
                if same is None or days[0] <= start <= days[1]:
                    episode = self._episode(series, group, numbers, run)
                else:
                    # Value, causes and when it was known depend on the first day alone.
                    episode = replace(same, last=end + rule.hold, holds_until=end, peak=peak)
                episodes[start] = episode
                changed.append(episode)
        return Found(rule, group.scope, changed)

    def _episode(self, series: Series, group: Group, numbers: dict[str, Steps], run: tuple[int, int, int]) -> Episode:
        first, last, peak = run
        largest = leaders(today := at(numbers, first), self.rule.feeds)
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
            known=self._known(series, group, first),
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
