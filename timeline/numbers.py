"""Numbers behind an alert, day by day or week by week, feed by feed, beside what they are measured against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from schemas.rule import SurgeRule
from timeline.runs import Days
from timeline.series import at
from timeline.steps import Steps, leaders
from timeline.surge_law import PAST_WEEKS, Law, is_improbable, law_of, least_improbable
from timeline.surges import first_week
from timeline.times import day_text
from timeline.weeks import monday, sunday, week_of, week_text

BEFORE = 3
"""How many days, or weeks, are told before the first."""

Members = dict[str, Any]


def daily_numbers(numbers: Mapping[str, Steps], days: Days, holding: Sequence[Days], *, rank: int) -> Iterator[Members]:
    """Yield each day: `day`, `feeds` (number by feed), `number` and `feed` of the rank-th largest, `holds`."""
    for day in range(days[0] - BEFORE, days[1] + 1):
        today = at(numbers, day)
        yield {"day": day_text(day), "feeds": _named(today), **_ranked(today, rank), "holds": _holds(holding, day, day)}


def weekly_numbers(
    rule: SurgeRule, numbers: Mapping[str, Steps], days: Days, holding: Sequence[Days]
) -> Iterator[Members]:
    """Yield each ISO week: `week`, `first_day`, `last_day`, `feeds`, `number`, `feed`, `holds`.

    `feeds` has by feed `number`, `weeks` of the past, `expected`, `p_value` and `threshold`, the smallest number that
    would be improbable; the last three are None where the past is too short.
    """
    began = {feed: first_week(steps) for feed, steps in numbers.items()}
    for week in range(week_of(days[0]) - BEFORE, week_of(days[1]) + 1):
        first, last = monday(week), sunday(week)
        counts = at(numbers, last)
        feeds = {feed: _of_feed(rule, numbers[feed], counts[feed], began[feed], week) for feed in sorted(counts)}
        yield {
            "week": week_text(week),
            "first_day": day_text(first),
            "last_day": day_text(last),
            "feeds": feeds,
            **_ranked(counts, rule.feeds),
            "holds": _holds(holding, first, last),
        }


def _of_feed(rule: SurgeRule, steps: Steps, number: int, began: int | None, week: int) -> Members:
    first = week if began is None else max(began, week - PAST_WEEKS)
    past = [steps.at(sunday(each)) for each in range(first, week)]
    law = law_of(rule, past)
    said: Members = {"number": number, "weeks": len(past), "expected": None, "p_value": None, "threshold": None}
    if law is not None:
        said["expected"] = round(law.expected, 2)
        said["p_value"] = float(f"{law.tail(number):.3g}")
        said["threshold"] = _threshold(rule, law)
    return said


def _threshold(rule: SurgeRule, law: Law) -> int:
    high = next(2**power for power in count() if is_improbable(rule, 2**power, law))
    return least_improbable(rule, high, law)


def _named(numbers: Mapping[str, int]) -> dict[str, int]:
    return {feed: numbers[feed] for feed in sorted(numbers)}


def _ranked(numbers: Mapping[str, int], rank: int) -> Members:
    largest = leaders(numbers, rank)
    feed = largest[-1] if len(largest) == rank else None
    number = 0 if feed is None else numbers[feed]
    return {"number": number, "feed": feed if number else None}


def _holds(holding: Sequence[Days], first: int, last: int) -> bool:
    return any(start <= last and end >= first for start, end in holding)
