"""Rules in plain words, for the duty officer who is to trust them; docs/semantics.md says exactly what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from schemas.aggregate import COUNTS
from schemas.rule import (
    DeadlineRule,
    FirstSeenRule,
    MatchRule,
    Rule,
    RuleSet,
    SequenceRule,
    SilenceRule,
    SurgeRule,
    ThresholdRule,
    Where,
)
from timeline.rule_phrases import (
    MEASURES,
    SCOPES,
    and_more,
    by_feeds,
    days_words,
    number_words,
    until,
    where_words,
    window_words,
)


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
    where = where_words(getattr(rule, "where", {}))
    match rule:
        case MatchRule():
            said = f"{where}{by_feeds(rule.feeds)}"
        case ThresholdRule():
            lower = "" if rule.ends_below is None else f", ends below {rule.ends_below}"
            said = f"{rule.measure} ({rule.count}) in {rule.window} reaches {rule.reaches}{lower}{by_feeds(rule.feeds)}"
        case SurgeRule():
            said = f"{rule.measure} ({rule.count}) of a week with p <= {rule.p_value}, {rule.reaches} at least"
            said += by_feeds(rule.feeds)
        case FirstSeenRule():
            role = f" as {rule.role}" if rule.role else ""
            said = f"{rule.of}{role} not seen for {rule.days} days{by_feeds(rule.feeds)}"
        case SequenceRule():
            first, then = where_words(rule.first), where_words(rule.then)
            said = f"{first}; then within {rule.within} days {rule.measure} ({rule.count}) reaches {rule.reaches}"
            said += f" of {then}" if then else ""
        case DeadlineRule():
            said = f"a mandate ends in {rule.days} days"
        case SilenceRule():
            said = f"nothing published for {rule.days} days"
    return f"{said}, where {where}" if where and not isinstance(rule, MatchRule) else said


def _match(rule: MatchRule) -> Words:
    return Words(
        watches=f"every event in {SCOPES[rule.scope]}: {where_words(rule.where)}.",
        starts="on the first day of such an event; one event is enough"
        + (
            f", if {number_words(rule.feeds)} feeds have such an event there on overlapping days."
            if rule.feeds > 1
            else "."
        ),
        ends=f"{until(rule.hold, 'the last day of the event')}.",
        feeds="all; each event makes an alert of its own." if rule.feeds == 1 else _feeds(rule.feeds, None),
        anchor="Rule, scope and the event: one event, one alert, even when a correction moves its days.",
    )


def _threshold(rule: ThresholdRule) -> Words:
    ends = f"with the last day before it falls below {rule.lower}"
    return Words(
        watches=f"{_counted(rule)} in {SCOPES[rule.scope]} over {window_words(rule.window)}{_of(rule.where)}. "
        f"{_count(rule)}",
        starts=f"on the first day on which the number reaches {rule.reaches}.",
        ends=f"{ends}{and_more(rule.hold)}.",
        feeds=_feeds(rule.feeds, rule.feed),
        anchor="Rule, scope and first day: a correction that moves the first day makes an heir in the same thread.",
    )


def _surge(rule: SurgeRule) -> Words:
    law = "negative binomial" if rule.model == "negative_binomial" else "Poisson"
    return Words(
        watches=f"{_counted(rule)} in {SCOPES[rule.scope]} in each week from Monday to Sunday{_of(rule.where)}, "
        f"against the 52 weeks before it there. {_count(rule)}",
        starts=f"on the Monday of a week with at least {rule.reaches}, if so many or more have a probability of "
        f"{rule.p_value} or less there ({law}), {number_words(rule.min_weeks)} weeks or more after the first such "
        "event there.",
        ends=f"on the Sunday of the last of such weeks in a row{and_more(rule.hold)}.",
        feeds=_feeds(rule.feeds, rule.feed),
        anchor="Rule, scope and the first week.",
    )


def _first_seen(rule: FirstSeenRule) -> Words:
    thing = "method" if rule.of == "method" else f"actor in the role {rule.role}" if rule.role else "actor"
    return Words(
        watches=f"which {thing} the events in {SCOPES[rule.scope]} name{_of(rule.where)}. {_count(rule)}",
        starts=f"on a day on which one is seen that was in no such event there in the {days_words(rule.days)} before.",
        ends=f"{until(rule.hold, 'that day')}.",
        feeds=_feeds(rule.feeds, rule.feed),
        anchor=f"Rule, scope, {rule.of} and the day.",
    )


def _sequence(rule: SequenceRule) -> Words:
    sure = "certainly" if rule.count == "certain" else "possibly"
    return Words(
        watches=f"in {SCOPES[rule.scope]} an event A ({where_words(rule.first)}) and what {sure} follows it there "
        f"within {days_words(rule.within)}: {_counted(rule)}{_of(rule.then)}.",
        starts=f"on the day on which the followers of A reach {rule.reaches}.",
        ends=f"{days_words(rule.within + rule.hold)} after the last day of A.",
        feeds=f"A of any feed. Followers: {_feeds(rule.feeds, rule.feed)}",
        anchor="Rule, scope and A: one alert for each such event.",
    )


def _deadline(rule: DeadlineRule) -> Words:
    return Words(
        watches="the adopted resolutions that set the end of a mission's mandate, in the scope of that mission"
        f"{_of(rule.where)}.",
        starts=f"{days_words(rule.days)} before the mandate ends.",
        ends="on the day before a resolution with a later end for the mission is adopted, else "
        f"{days_words(rule.days)} after the mandate has ended{and_more(rule.hold)}.",
        feeds="all; each resolution makes an alert of its own.",
        anchor="Rule, scope and the resolution.",
    )


def _silence(rule: SilenceRule) -> Words:
    return Words(
        watches=f"the publications of {rule.feed or 'each feed'}, in the scope world@{rule.feed or '<feed>'}.",
        starts=f"{days_words(rule.days)} after the newest publication, by the clock of the log, if nothing came since.",
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
    return f"the {MEASURES[rule.measure]}{estimate}"


def _count(rule: ThresholdRule | SurgeRule | FirstSeenRule) -> str:
    if rule.count == "certain":
        return "Only events whose days certainly lie in that time count."
    return "Events that may lie in that time count too, such as those of which the month alone is known."


def _feeds(feeds: int, feed: str | None) -> str:
    if feed is not None:
        return f"{feed} alone."
    if feeds == 1:
        return "day by day the feed with the largest number; feeds are never summed."
    return f"at least {number_words(feeds)} feeds must say so; feeds are never summed."


def _severity(said: dict[str, Any]) -> str:
    steps = "".join(f", {step['severity']} from a peak of {step['reaches']} on" for step in said["steps"])
    return f"{said['severity']}{steps}. Urgency {said['urgency']}, certainty {said['certainty']}."


def _ids(ids: list[str], when: str) -> str:
    return f"{', '.join(ids)} {when}." if ids else ""


def _of(where: Where) -> str:
    return f", of events with {where_words(where)}" if where else ""
