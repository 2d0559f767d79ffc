"""An alert, explained: as it was told last, what makes it, its rule in words, and how it was told until then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from schemas.alert import ENDED
from schemas.errors import Failed
from schemas.rule import Rule, RuleSet
from subscribers.alert_ids import find_alert
from timeline.explanation import correction_members, explain
from timeline.identity import Assertion
from timeline.rule_words import explanation

Members = dict[str, Any]
_HISTORY = (
    *("told", "id", "transition", "reason", "status", "severity", "first_day", "last_day"),
    *("value", "peak", "threshold", "causes_total", "rule_version"),
    *("thread", "replaces", "heir", "survivor", "notify", "correction"),
)


def explanation_of(
    digits: str, told: Sequence[Members], sets: Sequence[RuleSet], statements: Sequence[Assertion]
) -> Members:
    """Return the alert as it was told last, with `notes`, `rule_in_words`, `transitions`, and what `explain` says.

    Raises:
        Failed: there is no such alert, or its rule is no longer in the log; Misuse: too few digits.
    """
    alert = find_alert(told, digits)
    rule, rules = _rule_of(alert, sets)
    explained = explain(statements, rule, alert)
    in_force = sets[-1].by_id.get(rule.id)
    return {
        **alert,
        **explained,
        "notes": list(_notes(alert, rule, in_force, stands=explained["stands"])),
        "rule_in_words": {
            **explanation(rule, rules),
            "version_in_force": None if in_force is None else in_force.version,
        },
        "transitions": list(_history(alert, told, statements)),
    }


def named_events(alert: Members, told: Iterable[Members]) -> set[str]:
    """Return the ids of the events that an explanation tells of, beside those of the alert's scope."""
    corrections = [each["correction"]["id"] for each in _thread(alert, told) if each.get("correction")]
    return {cause["id"] for cause in alert["causes"]}.union(corrections)


def _rule_of(alert: Members, sets: Sequence[RuleSet]) -> tuple[Rule, RuleSet]:
    """Return the rule of the version that the alert names, as it was worded last, and the set that it stood in."""
    for rules in reversed(sets):
        rule = rules.by_id.get(alert["rule"])
        if rule is not None and rule.version == alert["rule_version"]:
            return rule, rules
    raise Failed(f"version {alert['rule_version']} of the rule {alert['rule']} is in no rule set of the log")


def _notes(alert: Members, rule: Rule, in_force: Rule | None, *, stands: bool) -> Iterator[str]:
    ended = alert["transition"] in ENDED
    if alert["transition"] == "cancelled":
        yield f"It was cancelled on {alert['told'][:10]} ({alert['reason']}). What follows is how things stand now."
    elif ended:
        yield (
            f"It was superseded on {alert['told'][:10]} by {alert['heir']}, which goes on in the thread "
            f"{alert['survivor']}. What follows is how things stand now."
        )
    if in_force is None:
        yield f"The rule is not in force any more; it is explained by version {rule.version}, which the alert names."
    elif in_force.version != rule.version:
        yield (
            f"The rule changed since: version {in_force.version} is in force, the alert is explained by version "
            f"{rule.version}, which it names."
        )
    if not ended and not stands:
        yield "By the timeline as it is now it no longer stands; that it fell is not told yet."
    if ended and stands and in_force is not None and in_force.version == rule.version:
        yield "By the timeline as it is now it stands again; that is not told yet."
    if alert["late"]:
        yield "It was late: all that makes it became known after its last day."


def _thread(alert: Members, told: Iterable[Members]) -> list[Members]:
    """Return how the alert was told, and the others of its threads, in the order of telling."""
    threads = {each["thread"] for each in told if each["id"] == alert["id"]}
    return [each for each in told if each["thread"] in threads]


def _history(alert: Members, told: Iterable[Members], statements: Sequence[Assertion]) -> Iterator[Members]:
    for each in _thread(alert, told):
        said = {name: each[name] for name in _HISTORY if name in each}
        if said.get("correction"):
            correction = said["correction"]
            said["correction"] = {
                **correction_members(statements, correction),
                "corrects": _corrects(correction, statements),
            }
        yield said


def _corrects(correction: Members, statements: Sequence[Assertion]) -> bool:
    """Whether the feed had said something else of that event before, so that it is not just news that came late."""
    stamps = [each.stamp for each in statements if each.id == correction["id"]]
    of_it = [stamp for stamp in stamps if stamp.content.startswith(correction["content"])]
    return bool(of_it) and min(stamps) < max(of_it)
