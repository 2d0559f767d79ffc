"""Backtest: what a rule set would have told, from its history day by day.

Rules kept here:
- An alert is what people see as one: a thread. It is told once, on the first day on which it is raised, whatever
  heirs carry it on afterwards.
- Of an alert counts what was said when it was first told, but for its days and what became of it: these are as last
  told in the period.
- An alert that was over when it was told pages nobody; it is counted, and warns of nothing.
- Nothing here looks at the log: who gives histories that end with the period cannot learn what came after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from timeline.intervals import Share, Spread, share_of, spread_of
from timeline.times import DAY, day_number, day_text, microseconds
from timeline.transitions import Record

Fate = Literal["open", "resolved", "cancelled", "merged"]
FATES: tuple[Fate, ...] = ("open", "resolved", "cancelled", "merged")
_DAYS_OF_YEAR = 365.25


class Period(NamedTuple):
    """Days since 1970, both included."""

    first: int
    last: int

    def __contains__(self, day: object) -> bool:
        """Whether a day lies in it."""
        return isinstance(day, int) and self.first <= day <= self.last

    @property
    def years(self) -> float:
        """Its length in years of 365.25 days."""
        return (self.last - self.first + 1) / _DAYS_OF_YEAR


@dataclass(frozen=True, slots=True)
class Alert:
    """What was told as one alert. Days are days since 1970.

    `told` is the day on which it was first told, `paged` that on which people were first notified (None: never).
    `delay_days` is the time from the end of its first day, before which nobody can know, to the moment at which the
    sources had published all that it takes, at least 0. `told_after_days` is the time from its first day to `told`,
    both as first told: less than 0 never, 0 when it was told by the end of its first day. `first` and `last` are its
    days, and `fate` what became of it, as last told. `merged` is an alert that another one goes on for.
    """

    thread: str
    rule: str
    scope: str
    told: int
    paged: int | None
    delay_days: float
    told_after_days: int
    first: int
    last: int
    fate: Fate


@dataclass(frozen=True, slots=True)
class Count:
    """How many alerts were told in a year about a scope."""

    year: int
    scope: str
    alerts: int


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often a rule would have spoken: alerts told in a period. `counts` is sorted; zeros are left out."""

    alerts: int
    per_year: float
    counts: tuple[Count, ...]
    paged: Share
    fates: dict[Fate, int]
    delay_days: Spread
    told_after_days: Spread


def told_alerts(days: Iterable[tuple[int, Iterable[Record]]]) -> list[Alert]:
    """Return what was told as one alert each, in the order of telling; `days` is a history from the log's beginning."""
    alerts: dict[str, Alert] = {}
    for day, records in days:
        for record in records:
            thread: str = record["thread"]
            found = alerts.get(thread)
            if record["transition"] == "cancelled":
                alerts[thread] = replace(alerts[thread], fate="cancelled")
            elif record["transition"] == "superseded":
                # With the thread of its heir, whose record comes first, it goes on.
                if record["survivor"] != thread:
                    alerts[thread] = replace(alerts[thread], fate="merged")
            else:
                alerts[thread] = _first_told(record, day) if found is None else _told_again(found, record, day)
    return list(alerts.values())


def told_in(alerts: Iterable[Alert], period: Period) -> list[Alert]:
    """Return the alerts that were first told in the period."""
    return [alert for alert in alerts if alert.told in period]


def frequency(alerts: Sequence[Alert], period: Period) -> Frequency:
    """Return how often these alerts, told in the period, were told, and how long after the fact."""
    counts = Counter((int(day_text(alert.told)[:4]), alert.scope) for alert in alerts)
    fates = Counter(alert.fate for alert in alerts)
    return Frequency(
        alerts=len(alerts),
        per_year=len(alerts) / period.years,
        counts=tuple([Count(year, scope, number) for (year, scope), number in sorted(counts.items())]),
        paged=share_of(sum(alert.paged is not None for alert in alerts), len(alerts)),
        fates={fate: fates[fate] for fate in FATES},
        delay_days=spread_of([alert.delay_days for alert in alerts]),
        told_after_days=spread_of([alert.told_after_days for alert in alerts]),
    )


def _first_told(record: Record, day: int) -> Alert:
    first = day_number(record["first_day"])
    delay = microseconds(record["known"]) - (first + 1) * DAY
    return Alert(
        thread=record["thread"],
        rule=record["rule"],
        scope=record["scope"],
        told=day,
        paged=day if record["notify"] else None,
        delay_days=max(0, delay) / DAY,
        told_after_days=day - first,
        first=first,
        last=day_number(record["last_day"]),
        fate=record["status"],
    )


def _told_again(alert: Alert, record: Record, day: int) -> Alert:
    return replace(
        alert,
        paged=day if alert.paged is None and record["notify"] else alert.paged,
        first=day_number(record["first_day"]),
        last=day_number(record["last_day"]),
        fate=record["status"],
    )
