"""Outcomes: what happened, against which alerts are held: precision, recall and lead time.

Rules kept here:
- What happened is taken from the whole log, as known now: that is what the alerts are judged by. The alerts are what
  was told from what was known then.
- An alert warns of a label when it notified people on one of the `horizon` days before the label's first day, in a
  scope that the label lies in. What is told on the day itself is no warning.
- Labels that lie in no scope of the rule's kind are not held against the rule.
- An alert whose horizon reaches past the period is not judged: what was to come is not looked at.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from timeline.backtest import Alert, Period
from timeline.identity import Document
from timeline.intervals import Share, Spread, share_of, spread_of
from timeline.scopes import scope_kind, scopes_of
from timeline.times import DAY, microseconds

MASS_CASUALTY = 50
"""So many killed, by the best estimate, make an event one of mass casualties."""


@dataclass(frozen=True, slots=True)
class Label:
    """Something that happened: its first day (days since 1970), and all scopes that hold it."""

    name: str
    day: int
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a rule's alerts did.

    `precision`: of the alerts judged, those that a label followed. `chance`: what it would be, had each of them been
    told on any other day of the period. `recall`: of the labels, those that were warned of. `lead_days`: from the first
    warning to the label, of the labels warned of.
    """

    precision: Share
    chance: float | None
    unjudged: int
    recall: Share
    lead_days: Spread


def outcome(
    alerts: Iterable[Alert], labels: Iterable[Label], *, kinds: Collection[str], period: Period, horizon: int
) -> Outcome:
    """Return how those of the alerts did that are in scopes of these kinds.

    They may have been told before the period, to warn of its labels.
    """
    held = [label for label in labels if label.day in period and _kinds(label) & set(kinds)]
    days = _days_by_scope(held)
    warnings = [alert for alert in alerts if alert.paged is not None and scope_kind(alert.scope) in kinds]
    in_period = [alert for alert in warnings if _paged(alert) in period]
    judged = [alert for alert in in_period if _paged(alert) + horizon <= period.last]
    true = sum(_followed(days.get(alert.scope, ()), _paged(alert), horizon) for alert in judged)
    leads = [lead for label in held if (lead := lead_days(warnings, label, horizon)) is not None]
    return Outcome(
        precision=share_of(true, len(judged)),
        chance=_chance(Counter(alert.scope for alert in judged), days, period, horizon),
        unjudged=len(in_period) - len(judged),
        recall=share_of(len(leads), len(held)),
        lead_days=spread_of(leads),
    )


def lead_days(alerts: Iterable[Alert], label: Label, horizon: int) -> int | None:
    """Return by how many days the first warning within the horizon came before the label; None without one."""
    return max((lead for _, lead in _leads(alerts, label, horizon)), default=None)


def leads_by_rule(alerts: Iterable[Alert], label: Label, horizon: int) -> dict[str, int]:
    """Return the same for each rule that warned, by rule."""
    found: dict[str, int] = {}
    for rule, lead in sorted(_leads(alerts, label, horizon)):
        found[rule] = lead
    return found


def coups(states: Iterable[Document]) -> Iterator[Label]:
    """Yield the coups and attempted coups among the current states of events."""
    for state in _asserted(states):
        if state.get("coup", {}).get("outcome") in ("realised", "attempted"):
            yield _label(state)


def mass_casualties(states: Iterable[Document]) -> Iterator[Label]:
    """Yield the events with a country in which at least 50 were killed."""
    for state in _asserted(states):
        killed = state.get("killed", {}).get("total", {}).get("best")
        if killed is not None and killed >= MASS_CASUALTY and state.get("place", {}).get("country"):
            yield _label(state)


def _asserted(states: Iterable[Document]) -> Iterator[Document]:
    return (state for state in states if state["state"] == "asserted" and state["coding"] == "human")


def _label(state: Document) -> Label:
    day = microseconds(state["event_time"]["start"]) // DAY
    return Label(state.get("title") or state["id"], day, frozenset(scopes_of(state)))


def _kinds(label: Label) -> set[str]:
    return {scope_kind(scope) for scope in label.scopes}


def _paged(alert: Alert) -> int:
    return alert.told if alert.paged is None else alert.paged


def _leads(alerts: Iterable[Alert], label: Label, horizon: int) -> Iterator[tuple[str, int]]:
    for alert in alerts:
        if alert.paged is not None and alert.scope in label.scopes and 1 <= label.day - alert.paged <= horizon:
            yield alert.rule, label.day - alert.paged


def _days_by_scope(labels: Iterable[Label]) -> dict[str, list[int]]:
    days: dict[str, list[int]] = {}
    for label in sorted(labels, key=lambda label: label.day):
        for scope in label.scopes:
            days.setdefault(scope, []).append(label.day)
    return days


def _followed(days: Sequence[int], told: int, horizon: int) -> bool:
    """Whether one of the sorted days lies within the horizon after."""
    index = bisect_left(days, told + 1)
    return index < len(days) and days[index] <= told + horizon


def _chance(scopes: Counter[str], days: Mapping[str, Sequence[int]], period: Period, horizon: int) -> float | None:
    """The share of days on which an alert would have been right, over the scopes of the alerts judged."""
    if not scopes:
        return None
    possible = range(period.first, period.last - horizon + 1)
    right = 0
    for scope, alerts in scopes.items():
        before = {day for label in days.get(scope, ()) for day in range(label - horizon, label) if day in possible}
        right += alerts * len(before)
    return right / (len(possible) * scopes.total())
