"""Surge rules: an ISO week's number is improbable given the same feed's weeks before it in the same scope.

Rules kept here:
- The number of a week is that of the window of seven days that ends with its Sunday: surges share their series with
  threshold rules on `7d`.
- A week asks the largest feed of that week, or each of the k largest, by its own past.
- A number that changes matters to its own week and to the 52 after it; a feed's first week to all that begin with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from schemas.rule import SurgeRule
from timeline.alerts import Anchor, Episode, Episodes, Found, alert_id, named_causes
from timeline.measures import slot_of
from timeline.runs import Days
from timeline.series import Group, Series, SeriesKey, Touched
from timeline.steps import Steps, leaders
from timeline.surge_known import surge_known
from timeline.surge_law import PAST_WEEKS, Law, improbable, least_improbable
from timeline.weeks import monday, sunday, week_of, week_text, weeks_ending


def surge_key(rule: SurgeRule, predicate: int) -> SeriesKey:
    """Return the key of the series that the rule reads; `predicate` is the number of its `where`."""
    return SeriesKey(predicate, slot_of(rule.measure, rule.estimate), 7, rule.count == "certain")


class Surge(NamedTuple):
    """A week that is improbable: the number, feed and law of the k-th largest feed; `feeds` are the k largest."""

    number: int
    feeds: list[str]
    law: Law


class SurgeReader:
    """A surge rule as it reads its series."""

    def __init__(self, rule: SurgeRule, episodes: Episodes) -> None:
        self.rule = rule
        self.scope: str = rule.scope
        self._episodes = episodes
        self._surges: dict[Group, dict[int, Surge]] = {}
        self._began: dict[Group, dict[str, int]] = {}

    def form(self, series: Series, group: Group, touched: Touched) -> Found | None:
        """Ask the weeks again to which these days matter, and form the runs that they touch."""
        if group not in self._surges and touched.highest < self.rule.reaches:
            # No week of the group ever had so many.
            return None
        numbers = series.numbers(group, self.rule.feed)
        surges = self._surges.setdefault(group, {})
        weeks = self._weeks_touched(group, numbers, touched.days)
        if not weeks:
            return None
        counts = {feed: _Weekly(steps, weeks) for feed, steps in numbers.items()}
        for week in [week for week in surges if week in weeks]:
            del surges[week]
        for week in weeks:
            surge = self._ask(week, counts)
            if surge is not None:
                surges[week] = surge
        return self._form_runs(series, group, weeks, touched.since)

    def _weeks_touched(self, group: Group, numbers: Mapping[str, Steps], touched: list[Days]) -> range:
        """Return the weeks that may have become, or no longer be, improbable."""
        ending = [weeks for days in touched if (weeks := weeks_ending(*days))]
        began = {feed: week for feed, steps in numbers.items() if (week := first_week(steps)) is not None}
        # No week had enough before the first time: none but those touched can be improbable.
        before = self._began.get(group, began)
        self._began[group] = began
        moved = [
            week
            for feed in before.keys() | began.keys()
            if before.get(feed) != began.get(feed)
            for week in (before.get(feed), began.get(feed))
            if week is not None
        ]
        if not ending and not moved:
            return range(0)
        first = min([weeks[0] for weeks in ending] + moved)
        last = max([weeks[-1] for weeks in ending] + moved) + PAST_WEEKS
        # Nothing surges after the last week that counts anything; what did so before is asked again.
        ends = [week_of(ends[1]) for steps in numbers.values() if (ends := steps.ends())]
        surging = self._surges.get(group, ())
        return range(first, min(last, max([*ends, *surging], default=first - 1)) + 1)

    def _ask(self, week: int, counts: Mapping[str, _Weekly]) -> Surge | None:
        rule = self.rule
        numbers = {feed: weekly.at(week) for feed, weekly in counts.items()}
        if sum([number >= rule.reaches for number in numbers.values()]) < rule.feeds:
            return None
        largest = leaders(numbers, rule.feeds)
        law: Law | None = None
        for feed in largest:
            law = improbable(rule, numbers[feed], counts[feed].past(week))
            if law is None:
                return None
        return None if law is None else Surge(numbers[largest[-1]], largest, law)

    def _form_runs(self, series: Series, group: Group, weeks: range, since: int) -> Found:
        surges, episodes = self._surges[group], self._episodes.get((self.rule.id, group.scope), {})
        first, last = weeks[0], weeks[-1]
        while first - 1 in surges:
            first -= 1
        while last + 1 in surges:
            last += 1
        wanted: dict[Anchor, Episode | None] = {
            anchor: None for anchor, old in episodes.items() if first <= week_of(old.first) <= last
        }
        for week in sorted(week for week in surges if first <= week <= last and week - 1 not in surges):
            run = [surges[week]]
            while week + len(run) in surges:
                run.append(surges[week + len(run)])
            anchor = week_text(week)
            same = episodes.get(anchor)
            until, peak = sunday(week + len(run) - 1), max(surge.number for surge in run)
            if same is None or week in weeks:
                known = same.known if same is not None and same.known < since else None
                same = self._episode(series, group, week, run[0], known)
            wanted[anchor] = replace(same, last=until + self.rule.hold, holds_until=until, peak=peak)
        for began, old in {**episodes, **wanted}.items():
            # However old, what came decides on how long a past was known to be, if it was published by then.
            if old is not None and old.known >= since and week_of(old.first) > weeks[-1]:
                wanted[began] = replace(old, known=surge_known(self.rule, series, group, week_of(old.first)))
        return self._episodes.put(self.rule, group.scope, wanted)

    def _episode(self, series: Series, group: Group, week: int, surge: Surge, known: int | None) -> Episode:
        causes = series.causes(group, surge.feeds, sunday(week))
        return Episode(
            id=alert_id(self.rule, group.scope, week_text(week)),
            rule=self.rule,
            scope=group.scope,
            first=monday(week),
            last=sunday(week),
            holds_until=sunday(week),
            value=surge.number,
            peak=surge.number,
            threshold=least_improbable(self.rule, surge.number, surge.law),
            feed=surge.feeds[-1],
            known=surge_known(self.rule, series, group, week) if known is None else known,
            causes=named_causes(causes),
            causes_total=len(causes),
            expected=round(surge.law.expected, 2),
            p_value=float(f"{surge.law.tail(surge.number):.3g}"),
        )


def first_week(steps: Steps) -> int | None:
    """Return the first week in which a feed counted anything."""
    ends = steps.ends()
    if ends is None:
        return None
    day = ends[0]
    while day <= ends[1]:
        _, last, number = steps.piece(day)
        weeks = weeks_ending(day, last)
        if number and weeks:
            return weeks[0]
        day = last + 1
    return None


class _Weekly:
    """A feed's numbers of some weeks and of the 52 before them."""

    def __init__(self, steps: Steps, weeks: range) -> None:
        began = first_week(steps)
        self._first = weeks[0] - PAST_WEEKS
        self._began = weeks[-1] + 1 if began is None else began
        self._numbers = [steps.at(sunday(week)) for week in range(self._first, weeks[-1] + 1)]

    def at(self, week: int) -> int:
        return self._numbers[week - self._first]

    def past(self, week: int) -> list[int]:
        begin = max(week - PAST_WEEKS, self._began)
        return self._numbers[begin - self._first : week - self._first] if begin < week else []
