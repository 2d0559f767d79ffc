"""All numbers of a backtest as JSON types: what the command prints, its table shows, and its report draws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from cli.backtesting.labels import Labels
from schemas.rule import DeadlineRule, Rule, RuleSet, SilenceRule
from timeline.as_of import Axis, Taken, end_of_day, moment_of
from timeline.backtest import Alert, Period, frequency, told_in
from timeline.identity import decode
from timeline.outcomes import Label, leads_by_rule, outcome
from timeline.overlap import Days, overlap
from timeline.scopes import scope_kind
from timeline.times import DAY, day_text, time_text

Members = dict[str, Any]
_NARROWEST = ("admin1", "country", "mission", "region", "world")


@dataclass(frozen=True, slots=True)
class Tested:
    """A rule set by the name people know it by, and what it told up to the end of the period."""

    name: str
    rules: RuleSet
    alerts: list[Alert]


@dataclass(frozen=True, slots=True)
class Question:
    """What a backtest is about; `lag` is by how many days assumed publish times were put off, `horizon` days too."""

    period: Period
    axis: Axis
    lag: int
    horizon: int
    labels: Labels | None


def numbers(question: Question, new: Tested, old: Tested | None, taken: Iterable[Taken]) -> Members:
    """Return what the rule sets did, and what has to be known to judge it."""
    sets = [("new", new, old)] if old is None else [("new", new, old), ("old", old, new)]
    return {
        "period": {
            "from": day_text(question.period.first),
            "until": day_text(question.period.last),
            "years": question.period.years,
            "axis": question.axis,
        },
        "publish_times": _publish_times(taken, question),
        "labels": None if question.labels is None else _labels(question.labels, question, new, old),
        "rule_sets": [_rule_set(side, tested, other, question) for side, tested, other in sets],
    }


def later(taken: list[Taken], days: int) -> list[Taken]:
    """Return the same with publish times that are assumed put off by so many days."""
    return [_put_off(each, days) if days and _is_assumed(each) else each for each in taken]


def kind_of_scopes(rule: Rule) -> str | None:
    """Return in which kind of scope a rule raises alerts; None where that holds no place."""
    if isinstance(rule, SilenceRule):
        return None
    return "mission" if isinstance(rule, DeadlineRule) else rule.scope


def _publish_times(taken: Iterable[Taken], question: Question) -> Members:
    """Return of how many assertions, known by the end of the period, the publish time is assumed."""
    end = end_of_day(question.period.last)
    said: Counter[str] = Counter()
    assumed: Counter[str] = Counter()
    for statement, ingest_time in taken:
        if moment_of(statement, ingest_time, question.axis) <= end:
            said[statement.document["source"]] += 1
            assumed[statement.document["source"]] += _is_assumed(Taken(statement, ingest_time))
    feeds = [_assumed(assumed[feed], said[feed], feed=feed) for feed in sorted(said)]
    return {**_assumed(assumed.total(), said.total()), "assumed_lag_days": question.lag, "feeds": feeds}


def _is_assumed(taken: Taken) -> bool:
    return bool(taken.statement.document["publish_time_basis"] == "assumed")


def _put_off(taken: Taken, days: int) -> Taken:
    said = taken.statement
    document = {**said.document, "publish_time": time_text(said.stamp.publish_time + days * DAY)}
    return Taken(decode(orjson.dumps(document), said.stamp.content), taken.ingest_time)


def _assumed(assumed: int, said: int, **more: str) -> Members:
    return {**more, "assertions": said, "assumed": assumed, "share": assumed / said if said else None}


def _labels(labels: Labels, question: Question, new: Tested, old: Tested | None) -> Members:
    held = [label for label in labels.labels if label.day in question.period]
    return {
        "name": labels.name,
        "meaning": labels.meaning,
        "horizon_days": question.horizon,
        "total": len(held),
        "each": [
            {
                "name": label.name,
                "day": day_text(label.day),
                "place": _place(label),
                "warned_days_before": {
                    side: leads_by_rule(tested.alerts, label, question.horizon)
                    for side, tested in (("new", new), ("old", old))
                    if tested is not None
                },
            }
            for label in held
        ],
    }


def _place(label: Label) -> str:
    by_kind = {scope_kind(scope): scope for scope in sorted(label.scopes)}
    return next(by_kind[kind] for kind in _NARROWEST if kind in by_kind)


def _rule_set(side: str, tested: Tested, other: Tested | None, question: Question) -> Members:
    inside = told_in(tested.alerts, question.period)
    beside = None if other is None else Days(told_in(other.alerts, question.period))
    kinds = {kind for rule in tested.rules.rules if (kind := kind_of_scopes(rule)) is not None}
    return {
        "set": side,
        "name": tested.name,
        "version": tested.rules.version,
        "all": _score(inside, tested.alerts, kinds, beside, question),
        "rules": [_rule(rule, tested, inside, beside, question) for rule in tested.rules.rules],
    }


def _rule(rule: Rule, tested: Tested, inside: Sequence[Alert], beside: Days | None, question: Question) -> Members:
    kind = kind_of_scopes(rule)
    own, ever = [[alert for alert in alerts if alert.rule == rule.id] for alerts in (inside, tested.alerts)]
    return {
        "rule": rule.id,
        "version": rule.version,
        "kind": rule.kind,
        "title": rule.title,
        "each": kind or "feed",
        "severity": rule.severity,
        **_score(own, ever, set() if kind is None else {kind}, beside, question),
    }


def _score(
    inside: Sequence[Alert], ever: Sequence[Alert], kinds: set[str], beside: Days | None, question: Question
) -> Members:
    labels = question.labels
    return {
        **asdict(frequency(inside, question.period)),
        "overlap": None if beside is None else asdict(overlap(inside, beside)),
        "outcome": None
        if labels is None or not kinds
        else asdict(outcome(ever, labels.labels, kinds=kinds, period=question.period, horizon=question.horizon)),
    }
