"""Rules in plain words, for the duty officer who is to trust them; docs/semantics.md says exactly what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from schemas.aggregate import COUNTS, Measure
from schemas.rule import (
    Bounds,
    Condition,
    DeadlineRule,
    FirstSeenRule,
    MatchRule,
    Rule,
    RuleSet,
    ScopeKind,
    SequenceRule,
    SilenceRule,
    SurgeRule,
    ThresholdRule,
    Where,
)

_MEASURES: dict[Measure, str] = {
    "events": "events",
    "attacks": "attacks",
    "coups": "coups",
    "coup_attempts": "coup attempts",
    "resolutions": "adopted resolutions",
    "machine_reports": "machine-coded reports",
    "killed": "people killed",
    "injured": "people injured",
    "civilians_killed": "civilians killed",
    "peacekeepers_killed": "peacekeepers killed",
    "peacekeepers_injured": "peacekeepers injured",
    "other_deaths": "deaths by accident, illness or unknown cause",
}
_SCOPES: dict[ScopeKind, str] = {
    "world": "the world as a whole",
    "region": "each region",
    "country": "each country",
    "admin1": "each first-order division (province)",
    "actor": "each actor",
    "mission": "each mission",
}


class Words(NamedTuple):
    """What a rule says, one sentence or two for each question."""

    watches: str
    starts: str
    ends: str
    feeds: str
    anchor: str


def explanation(rule: Rule, rules: RuleSet) -> dict[str, Any]:
    """Return a rule in words, as JSON types; its inhibitions both ways are those of the rule set."""
    words = _WORDS[rule.kind](rule)
    return {
        "id": rule.id,
        "version": rule.version,
        "title": rule.title,
        "kind": rule.kind,
        **words._asdict(),
        "severity": rule.severity,
        "steps": [{"reaches": s.reaches, "severity": s.severity} for s in getattr(rule, "steps", ())],
        "urgency": rule.urgency,
        "certainty": rule.certainty,
        "inhibits": list(rule.inhibits),
        "inhibited_by": [other.id for other in rules.rules if rule.id in other.inhibits],
        "rationale": rule.rationale,
    }


def explanation_lines(said: dict[str, Any]) -> Iterator[str]:
    """Yield an explanation as text for people."""
    yield f"{said['id']}: {said['title']}"
    rows = [
        ("why", said["rationale"]),
        ("watches", said["watches"]),
        ("starts", said["starts"]),
        ("ends", said["ends"]),
        ("feeds", said["feeds"]),
        ("severity", _severity(said)),
        ("makes quiet", _ids(said["inhibits"], "while it is open in the same scope")),
        ("made quiet by", _ids(said["inhibited_by"], "while one of them is open in the same scope")),
        ("alert id", f"{said['anchor']} Version {said['version']} of the rule is a member of the alert."),
    ]
    for name, text in rows:
        if text:
            yield f"  {name:<14} {text}"


def condition(rule: Rule) -> str:
    """Return what a rule asks for in one short line, for a table."""
    where = ", ".join(_conditions(getattr(rule, "where", {})))
    match rule:
        case MatchRule():
            said = f"{where}{_also(rule.feeds)}"
        case ThresholdRule():
            lower = "" if rule.ends_below is None else f", ends below {rule.ends_below}"
            said = f"{rule.measure} ({rule.count}) in {rule.window} reaches {rule.reaches}{lower}{_also(rule.feeds)}"
        case SurgeRule():
            said = f"{rule.measure} ({rule.count}) of a week with p <= {rule.p_value}, {rule.reaches} at least"
            said += _also(rule.feeds)
        case FirstSeenRule():
            role = f" as {rule.role}" if rule.role else ""
            said = f"{rule.of}{role} not seen for {rule.days} days{_also(rule.feeds)}"
        case SequenceRule():
            first, then = ", ".join(_conditions(rule.first)), ", ".join(_conditions(rule.then))
            said = f"{first}; then within {rule.within} days {rule.measure} ({rule.count}) reaches {rule.reaches}"
            said += f" of {then}" if then else ""
        case DeadlineRule():
            said = f"a mandate ends in {rule.days} days"
        case SilenceRule():
            said = f"nothing published for {rule.days} days"
    return f"{said}, where {where}" if where and not isinstance(rule, MatchRule) else said


def _match(rule: MatchRule) -> Words:
    return Words(
        watches=f"every event in {_SCOPES[rule.scope]}: {_where(rule.where)}.",
        starts="on the first day of such an event; one event is enough"
        + (
            f", if {_number(rule.feeds)} feeds have such an event there on overlapping days." if rule.feeds > 1 else "."
        ),
        ends=f"{_until(rule.hold, 'the last day of the event')}.",
        feeds="all; each event makes an alert of its own." if rule.feeds == 1 else _feeds(rule.feeds, None),
        anchor="Rule, scope and the event: one event, one alert, even when a correction moves its days.",
    )


def _threshold(rule: ThresholdRule) -> Words:
    ends = f"with the last day before it falls below {rule.lower}"
    return Words(
        watches=f"{_counted(rule)} in {_SCOPES[rule.scope]} over {_window(rule.window)}{_of(rule.where)}. "
        f"{_count(rule)}",
        starts=f"on the first day on which the number reaches {rule.reaches}.",
        ends=f"{ends}{_hold(rule.hold)}.",
        feeds=_feeds(rule.feeds, rule.feed),
        anchor="Rule, scope and first day: a correction that moves the first day makes an heir in the same thread.",
    )


def _surge(rule: SurgeRule) -> Words:
    law = "negative binomial" if rule.model == "negative_binomial" else "Poisson"
    return Words(
        watches=f"{_counted(rule)} in {_SCOPES[rule.scope]} in each week from Monday to Sunday{_of(rule.where)}, "
        f"against the 52 weeks before it there. {_count(rule)}",
        starts=f"on the Monday of a week with at least {rule.reaches} whose number, or a larger one, has a probability "
        f"of {rule.p_value} or less ({law}), {_number(rule.min_weeks)} weeks or more after the first such event there.",
        ends=f"on the Sunday of the last of such weeks in a row{_hold(rule.hold)}.",
        feeds=_feeds(rule.feeds, rule.feed),
        anchor="Rule, scope and the first week.",
    )


def _first_seen(rule: FirstSeenRule) -> Words:
    thing = "method" if rule.of == "method" else f"actor in the role {rule.role}" if rule.role else "actor"
    return Words(
        watches=f"which {thing} the events in {_SCOPES[rule.scope]} name{_of(rule.where)}. {_count(rule)}",
        starts=f"on a day on which one is seen that was in no such event there in the {_days(rule.days)} before.",
        ends=f"{_until(rule.hold, 'that day')}.",
        feeds=_feeds(rule.feeds, rule.feed),
        anchor=f"Rule, scope, {rule.of} and the day.",
    )


def _sequence(rule: SequenceRule) -> Words:
    sure = "certainly" if rule.count == "certain" else "possibly"
    return Words(
        watches=f"in {_SCOPES[rule.scope]} an event A ({_where(rule.first)}) and what {sure} follows it there within "
        f"{_days(rule.within)}: {_counted(rule)}{_of(rule.then)}.",
        starts=f"on the day on which the followers of A reach {rule.reaches}.",
        ends=f"{_days(rule.within + rule.hold)} after the last day of A.",
        feeds=f"A of any feed. Followers: {_feeds(rule.feeds, rule.feed)}",
        anchor="Rule, scope and A: one alert for each such event.",
    )


def _deadline(rule: DeadlineRule) -> Words:
    return Words(
        watches="the adopted resolutions that set the end of a mission's mandate, in the scope of that mission"
        f"{_of(rule.where)}.",
        starts=f"{_days(rule.days)} before the mandate ends.",
        ends="on the day before a resolution with a later end for the mission is adopted, else "
        f"{_days(rule.days)} after the mandate has ended{_hold(rule.hold)}.",
        feeds="all; each resolution makes an alert of its own.",
        anchor="Rule, scope and the resolution.",
    )


def _silence(rule: SilenceRule) -> Words:
    return Words(
        watches=f"the publications of {rule.feed or 'each feed'}, in the scope world@{rule.feed or '<feed>'}.",
        starts=f"{_days(rule.days)} after the newest publication, by the clock of the log, if nothing came since.",
        ends="with the feed's next publication, which cancels it.",
        feeds=f"{rule.feed} alone." if rule.feed else "each for itself.",
        anchor="Rule, scope and the day of the newest publication.",
    )


_WORDS: dict[str, Any] = {
    "match": _match,
    "threshold": _threshold,
    "surge": _surge,
    "first_seen": _first_seen,
    "sequence": _sequence,
    "deadline": _deadline,
    "silence": _silence,
}


def _counted(rule: ThresholdRule | SurgeRule | SequenceRule) -> str:
    estimate = "" if rule.measure in COUNTS else f" ({rule.estimate} estimate)"
    return f"the {_MEASURES[rule.measure]}{estimate}"


def _count(rule: ThresholdRule | SurgeRule | FirstSeenRule) -> str:
    if rule.count == "certain":
        return "Only events whose days certainly lie in that time count."
    return "Events that may lie in that time count too, such as those of which the month alone is known."


def _feeds(feeds: int, feed: str | None) -> str:
    if feed is not None:
        return f"{feed} alone."
    if feeds == 1:
        return "day by day the feed with the largest number; feeds are never summed."
    return f"at least {_number(feeds)} feeds must say so; feeds are never summed."


def _severity(said: dict[str, Any]) -> str:
    steps = "".join(f", {step['severity']} from a peak of {step['reaches']} on" for step in said["steps"])
    return f"{said['severity']}{steps}. Urgency {said['urgency']}, certainty {said['certainty']}."


def _ids(ids: list[str], when: str) -> str:
    return f"{', '.join(ids)} {when}." if ids else ""


def _of(where: Where) -> str:
    return f", of events with {_where(where)}" if where else ""


def _where(where: Where) -> str:
    return ", ".join(_conditions(where))


def _conditions(where: Where) -> Iterator[str]:
    for path, value in where.items():
        yield f"{path} is {_value(value)}"


def _value(value: Condition) -> str:
    if isinstance(value, Bounds):
        bounds = (("at least", value.at_least), ("at most", value.at_most))
        return " and ".join(f"{name} {number}" for name, number in bounds if number is not None)
    return " or ".join(map(_scalar, value)) if isinstance(value, list) else _scalar(value)


def _scalar(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _window(window: str) -> str:
    days = int(window[:-1])
    return "a day" if days == 1 else f"the {days} days that end with the day"


def _hold(days: int) -> str:
    return f", and {_days(days)} more" if days else ""


def _until(days: int, day: str) -> str:
    return f"{_days(days)} after {day}" if days else f"with {day}"


def _also(feeds: int) -> str:
    return f", by {feeds} feeds" if feeds > 1 else ""


def _days(days: int) -> str:
    return "a day" if days == 1 else f"{days} days"


def _number(number: int) -> str:
    return {2: "two", 3: "three", 4: "four"}.get(number, str(number))
