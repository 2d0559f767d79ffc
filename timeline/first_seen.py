"""First-seen rules: an actor or a method appears in a scope after it was not seen there for a while.

Rules kept here:
- Seen on a day: in an event of the window of `days` days that ends with it. So a run of such days begins when the
  subject appears after `days` days without it, and its first day is the alert's.
- Each subject of a scope is a group of its own, and what it does says nothing of another.
"""

from __future__ import annotations

from schemas.rule import FirstSeenRule
from timeline.alerts import Anchor, Episode, Episodes, Found, alert_id, named_causes
from timeline.entries import Entry
from timeline.runs import runs, widened
from timeline.series import EVERY_EVENT, Group, Series, SeriesKey, Touched, at
from timeline.steps import leaders
from timeline.times import day_text


def first_seen_key(rule: FirstSeenRule, predicate: int) -> SeriesKey:
    """Return the key of the series that the rule reads; `predicate` is the number of its `where`."""
    return SeriesKey(predicate, EVERY_EVENT, rule.days, rule.count == "certain", rule.of, rule.role)


class FirstSeenReader:
    """A first-seen rule as it reads its series."""

    def __init__(self, rule: FirstSeenRule, episodes: Episodes) -> None:
        self.rule = rule
        self.scope: str = rule.scope
        self._episodes = episodes
        self._starts: dict[Group, dict[int, str]] = {}

    def form(self, series: Series, group: Group, touched: Touched) -> Found:
        """Find the appearances again on these days, and on those to which the runs reach."""
        episodes = self._episodes.get((self.rule.id, group.scope), {})
        starts = self._starts.setdefault(group, {})
        functions = list(series.numbers(group, self.rule.feed).values())
        wanted: dict[Anchor, Episode | None] = {}
        for days in touched.days:
            first, last = widened(functions, days, lower=1, rank=self.rule.feeds)
            before = {day: starts.pop(day) for day in list(starts) if first <= day <= last}
            wanted.update(dict.fromkeys(before.values()))
            for start, _, _ in runs(functions, (first, last), lower=1, upper=1, rank=self.rule.feeds):
                starts[start] = anchor = f"{group.subject}/{day_text(start)}"
                same = episodes.get(anchor)
                # When it was known depends on the day before too.
                if same is None or touched.hold(start) or touched.hold(start - 1):
                    known = same.known if same is not None and same.known < touched.since else None
                    same = self._episode(series, group, start, known)
                wanted[anchor] = same
        return self._episodes.put(self.rule, group.scope, wanted)

    def _episode(self, series: Series, group: Group, day: int, known: int | None) -> Episode:
        today = at(series.numbers(group, self.rule.feed), day)
        largest = leaders(today, self.rule.feeds)
        causes = series.causes(group, largest, day)
        return Episode(
            id=alert_id(self.rule, group.scope, f"{group.subject}/{day_text(day)}"),
            rule=self.rule,
            scope=group.scope,
            first=day,
            last=day + self.rule.hold,
            holds_until=day,
            value=today[largest[-1]],
            peak=today[largest[-1]],
            threshold=1,
            feed=largest[-1],
            known=self._known(series, group, day) if known is None else known,
            causes=named_causes(causes),
            causes_total=len(causes),
            subject=group.subject,
        )

    def _known(self, series: Series, group: Group, day: int) -> int:
        """Return the first time as of which it was seen on the day, and not on the day before."""
        changes = sorted(
            (time, which, feed, change)
            for which in (0, 1)
            for entry in series.near(group, (day - which, day - which))
            for time, feed, change in _changes(series, group, entry, day - which)
        )
        numbers: tuple[dict[str, int], dict[str, int]] = ({}, {})
        for index, (time, which, feed, change) in enumerate(changes):
            if self.rule.feed in (None, feed):
                numbers[which][feed] = numbers[which].get(feed, 0) + change
            whole = index + 1 == len(changes) or changes[index + 1][0] != time
            if whole and self._seen(numbers[0]) and not self._seen(numbers[1]):
                return time
        raise AssertionError(
            f"{group.subject} is first seen in {group.scope} on {day_text(day)} and never was known to"
        )

    def _seen(self, numbers: dict[str, int]) -> bool:
        return sum(number > 0 for number in numbers.values()) >= self.rule.feeds


def _changes(series: Series, group: Group, entry: Entry, day: int) -> list[tuple[int, str, int]]:
    return list(entry.changes(lambda fact: (fact.feed, series.number(fact, group, day))))
