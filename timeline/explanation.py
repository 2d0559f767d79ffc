"""Explanation: the numbers day by day behind an alert, the events that made it, and those without which it were none.

Rules kept here:
- All is told as things stand by the assertions given; an alert that fell is explained by what stands in its days.
- Causes are all events that make the first day's value, not the twenty that an alert names; for one that fell, those
  that it named, as they were then.
- A surge has a `background`: the events of the weeks that its first week is compared with, and of the first week in
  which the feed counted anything, since which it is compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemas.rule import DeadlineRule, FirstSeenRule, MatchRule, Rule, SequenceRule, SilenceRule, SurgeRule
from timeline.alerts import ENDLESS, Episode
from timeline.counterfactual import counterfactual
from timeline.deadlines import renews
from timeline.evidence import Evidence, Part, numbers_of
from timeline.facts import Fact
from timeline.identity import Assertion
from timeline.numbers import daily_numbers, weekly_numbers
from timeline.runs import Days
from timeline.series import at
from timeline.steps import leaders
from timeline.surge_law import PAST_WEEKS
from timeline.surges import first_week
from timeline.times import day_number, day_text
from timeline.weeks import sunday, week_of

Members = dict[str, Any]
CONTENT_DIGITS = 12
_TEXT = ("title", "source", "type", "event_time", "publish_time", "place", "actors", "mission", "killed", "injured")


def explain(statements: Iterable[Assertion], rule: Rule, alert: Members) -> Members:
    """Return the explanation of an alert as JSON types, by the rule of the version that it names.

    `alert` has the members of a record of the alerts topic. Members: `stands`, `days` (on which the condition holds,
    without `hold`), `bounds`, `numbers`, `causes`, `background` (surge only), `renewals` (deadline only, the one that
    ends the warning first), `counterfactual`.
    """
    statements = list(statements)
    evidence = Evidence(statements, rule, alert["scope"])
    episode = next((each for each in evidence.without.episodes(evidence.scope) if each.id == alert["id"]), None)
    days = _days(rule, alert) if episode is None else (episode.first, episode.holds_until)
    explained: Members = {
        "stands": episode is not None,
        "days": {"first": day_text(days[0]), "last": day_text(days[1])},
        "bounds": _bounds(rule),
        "numbers": _numbers(evidence, alert, days),
        "causes": _told_causes(statements, alert) if episode is None else _causes(evidence, episode),
    }
    if episode is not None and isinstance(rule, SurgeRule):
        explained["background"] = _background(evidence, episode)
    if isinstance(rule, DeadlineRule):
        explained["renewals"] = _renewals(evidence, alert)
    explained["counterfactual"] = _counterfactual(evidence, days)
    return explained


def all_causes(evidence: Evidence, episode: Episode) -> list[str]:
    """Return the ids of the events that make the episode's first value, all of them, sorted."""
    rule = evidence.rule
    if isinstance(rule, SilenceRule | DeadlineRule):
        return [cause[0] for cause in episode.causes]
    causes = {episode.subject} if isinstance(rule, MatchRule | SequenceRule) and episode.subject else set()
    if isinstance(rule, MatchRule):
        fact = evidence.facts[episode.subject or ""]
        causes |= {part.id for part in evidence.parts() if rule.feeds > 1 and _agrees(part, fact)}
    else:
        day = sunday(week_of(episode.first)) if isinstance(rule, SurgeRule) else episode.first
        parts = evidence.parts(episode.subject)
        feeds = leaders(at(numbers_of(parts), day), rule.feeds)
        causes |= {part.id for part in parts if part.first <= day <= part.last and part.feed in feeds}
    return sorted(causes)


def background_of(evidence: Evidence, episode: Episode) -> dict[str, list[str]]:
    """Return by feed the ids of the events that a surge's first week is compared with, sorted."""
    rule, parts, week = evidence.rule, evidence.parts(), week_of(episode.first)
    numbers = numbers_of(parts)
    feeds = leaders(at(numbers, sunday(week)), rule.feeds) if isinstance(rule, SurgeRule) else []
    found: dict[str, list[str]] = {}
    for feed in feeds:
        began = first_week(numbers[feed])
        since = week if began is None else began
        sundays = [sunday(each) for each in {since, *range(max(week - PAST_WEEKS, since), week)} if each < week]
        found[feed] = sorted(
            {part.id for part in parts if part.feed == feed and any(part.first <= day <= part.last for day in sundays)}
        )
    return found


def _agrees(part: Part, fact: Fact) -> bool:
    return part.feed != fact.feed and part.first <= fact.last and part.last >= fact.first


def _days(rule: Rule, alert: Members) -> Days:
    """Return the days on which the condition of an alert held when it was told."""
    last = day_number(alert["last_day"])
    return day_number(alert["first_day"]), last if last == ENDLESS else last - getattr(rule, "hold", 0)


def _bounds(rule: Rule) -> Members:
    names = ("reaches", "ends_below", "p_value", "feeds", "days", "within")
    bounds = {name: getattr(rule, name) for name in names if getattr(rule, name, None) is not None}
    return {**bounds, "reaches": 1} if isinstance(rule, FirstSeenRule) else bounds


def _numbers(evidence: Evidence, alert: Members, days: Days) -> list[Members]:
    rule = evidence.rule
    if isinstance(rule, SilenceRule | DeadlineRule):
        return []
    of_subject = isinstance(rule, FirstSeenRule | SequenceRule)
    subject = alert.get("subject") if of_subject else None
    holding = [
        (episode.first, episode.holds_until)
        for episode in evidence.without.episodes(evidence.scope)
        if subject is None or episode.subject == subject
    ]
    numbers = numbers_of(evidence.parts(subject))
    if isinstance(rule, SurgeRule):
        return list(weekly_numbers(rule, numbers, days, holding))
    last = max(days[1], day_number(alert["last_day"]))
    return list(daily_numbers(numbers, (days[0], last), holding, rank=rule.feeds))


def _causes(evidence: Evidence, episode: Episode) -> list[Members]:
    if isinstance(evidence.rule, SilenceRule):
        last = max(
            (each for each in evidence.heard if each.document["source"] == episode.feed),
            key=lambda each: (each.stamp.publish_time, each.id, each.stamp),
        )
        return [event_members(last)]
    numbers = {part.id: part.number for part in evidence.parts(episode.subject)}
    return [_counted(evidence, event_id, numbers) for event_id in all_causes(evidence, episode)]


def _background(evidence: Evidence, episode: Episode) -> Members:
    numbers = {part.id: part.number for part in evidence.parts()}
    return {
        feed: [_counted(evidence, event_id, numbers) for event_id in event_ids]
        for feed, event_ids in background_of(evidence, episode).items()
    }


def _renewals(evidence: Evidence, alert: Members) -> list[Members]:
    """Return the adopted resolutions that renew the mandate, the first adopted first."""
    fact = evidence.facts.get(alert["subject"])
    if fact is None:
        return []
    later = [(other.interval, event_id) for event_id, other in evidence.facts.items() if renews(other, fact)]
    return [event_members(evidence.statements[event_id]) for _, event_id in sorted(later)]


def correction_members(statements: Iterable[Assertion], correction: Members) -> Members:
    """Return the correction of a record together with what its assertion says, its `reason` if it withdraws."""
    for statement in statements:
        if statement.id == correction["id"] and statement.stamp.content.startswith(correction["content"]):
            reason = statement.document.get("reason")
            return {**event_members(statement), **({"reason": reason} if reason else {}), **correction}
    return correction


def _counted(evidence: Evidence, event_id: str, numbers: Mapping[str, int]) -> Members:
    members = event_members(evidence.statements[event_id])
    return {**members, "number": numbers[event_id]} if event_id in numbers else members


def _told_causes(statements: list[Assertion], alert: Members) -> list[Members]:
    """Return the causes that a fallen alert named, each as it was then, and what has become of it: `now`."""
    named = {cause["id"]: cause for cause in alert["causes"]}
    then: dict[str, Assertion] = {}
    current: dict[str, Assertion] = {}
    for statement in statements:
        if statement.id not in named:
            continue
        if statement.stamp.content.startswith(named[statement.id]["content"]):
            then[statement.id] = statement
        if statement.id not in current or statement.stamp > current[statement.id].stamp:
            current[statement.id] = statement
    told = []
    for event_id, cause in named.items():
        members = event_members(then[event_id]) if event_id in then else dict(cause)
        now = current.get(event_id)
        told.append({**members, "now": _become(cause, now)})
    return told


def _become(cause: Members, now: Assertion | None) -> str:
    if now is None:
        return "unknown"
    if now.stamp.withdrawn:
        return "withdrawn"
    return "unchanged" if now.stamp.content.startswith(cause["content"]) else "corrected"


def event_members(statement: Assertion) -> Members:
    """Return what a reader needs of an event: id, content (12 digits), source, title, times, place, people, links."""
    document = statement.document
    members = {name: document[name] for name in _TEXT if name in document}
    links = [{"url": link["url"], "title": link.get("title")} for link in document.get("links", ())]
    content = statement.stamp.content[:CONTENT_DIGITS]
    return {"id": statement.id, "title": None, **members, "content": content, "links": links}


def _counterfactual(evidence: Evidence, days: Days) -> Members:
    found = counterfactual(evidence, days)
    if found is None:
        said = "There is none: only a publication of the feed ends a silence, no event that is missing."
        return {"events": [], "total": None, "at_least": None, "exact": None, "statement": said}
    numbers = {part.id: part.number for part in evidence.parts()}
    return {
        "events": [_counted(evidence, event_id, numbers) for event_id in found.events],
        "total": len(found.events),
        "at_least": found.at_least,
        "exact": found.exact,
        "statement": " ".join(_statement(len(found.events), found.at_least, days)),
    }


def _statement(total: int, at_least: int, days: Days) -> Iterator[str]:
    when = f"from {day_text(days[0])} to {day_text(days[1])}" if days[0] < days[1] else f"on {day_text(days[0])}"
    if not total:
        yield f"As things stand the rule does not hold here {when}."
        return
    these = "this event" if total == 1 else f"these {total} events"
    yield f"Without {these} the rule would not hold here {when}."
    if total == at_least > 1:
        yield "No fewer would do."
    elif total > at_least:
        more = f"; at least {at_least} would have to be missing" if at_least > 1 else ""
        yield f"This is not proven to be the smallest set{more}."
