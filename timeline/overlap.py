"""Overlap: which alerts of one rule set speak of what alerts of another speak of.

Two alerts share when they are of the same scope and have a day in common, by their days as last told; which rules
raised them does not matter.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from timeline.backtest import Alert
from timeline.runs import Days as Run
from timeline.runs import merged


@dataclass(frozen=True, slots=True)
class Overlap:
    """Of a rule's alerts: those that share scope and days with one of the other set, those that do not.

    `with_rules` gives, by rule of the other set, how many share with an alert of that rule; one may share with several.
    """

    shared: int
    only: int
    with_rules: dict[str, int]


class Days:
    """On which days the alerts of each rule were up in each scope."""

    def __init__(self, alerts: Iterable[Alert]) -> None:
        days: dict[str, dict[str, list[Run]]] = {}
        for alert in alerts:
            days.setdefault(alert.scope, {}).setdefault(alert.rule, []).append((alert.first, alert.last))
        self._runs = {scope: {rule: merged(own) for rule, own in rules.items()} for scope, rules in days.items()}

    def rules_beside(self, alert: Alert) -> list[str]:
        """Return the rules with an alert of the same scope that has a day in common with this one."""
        return [rule for rule, runs in self._runs.get(alert.scope, {}).items() if _meets(runs, alert)]


def overlap(alerts: Iterable[Alert], others: Days) -> Overlap:
    """Return what these alerts share with the other set."""
    shared = only = 0
    rules: Counter[str] = Counter()
    for alert in alerts:
        beside = others.rules_beside(alert)
        rules.update(beside)
        shared += bool(beside)
        only += not beside
    return Overlap(shared, only, dict(sorted(rules.items())))


def _meets(runs: list[Run], alert: Alert) -> bool:
    # The runs are disjoint and sorted: only the last that begins by the alert's last day can reach into it.
    index = bisect_right(runs, alert.last, key=lambda run: run[0])
    return index > 0 and runs[index - 1][1] >= alert.first
