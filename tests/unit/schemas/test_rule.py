"""What a rule set may say, and that a mistake is found by line and field."""

from __future__ import annotations

import pytest

from schemas.errors import BadInput
from schemas.rule_text import parse_rules

RULES = """rules:
  - {id: peacekeepers-killed, kind: match, title: Peacekeepers killed, scope: mission, severity: severe,
     where: {type: attack, killed.peacekeepers.best: {at_least: 1}}}
  - {id: deadly-week, kind: threshold, title: Over 100 killed, scope: country, severity: moderate,
     measure: killed, estimate: best, count: certain, window: 7d, reaches: 100, ends_below: 60}
"""


def test_the_version_follows_the_content_and_not_the_writing() -> None:
    first, second = RULES.replace("rules:\n", "").split("  - ")[1:]
    turned = f"# a comment\nrules:\n  - {second}  - {first}"
    assert parse_rules(turned).version == parse_rules(RULES).version
    assert parse_rules(RULES.replace("100, ends", "101, ends")).version != parse_rules(RULES).version


def test_nothing_is_a_rule_set_without_rules() -> None:
    assert parse_rules("").rules == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        ("deadly-week", "peacekeepers-killed", 4, "rules.1.id"),
        ("ends_below: 60", "ends_below: 600", 5, "rules.1.ends_below"),
        ("kind: match", "kind: surge", 2, "rules.0.measure"),
        ("ends_below: 60", "steps: [{reaches: 200, severity: minor}]", 5, "rules.1.steps.0.severity"),
        (
            "ends_below: 60",
            "steps: [{reaches: 9, severity: severe}, {reaches: 9, severity: extreme}]",
            5,
            "rules.1.steps.1.reaches",
        ),
        ("ends_below: 60", "feed: gdelt, feeds: 2", 5, "rules.1.feeds"),
        ("ends_below: 60", "inhibits: [other]", 5, "rules.1.inhibits"),
        ("severity: severe", "severity: severe, inhibits: [peacekeepers-killed]", 2, "rules.0.inhibits"),
        ("severity: severe", "severity: severe, urgency: now", 2, "rules.0.urgency"),
        ("kind: match", "kind: mach", 2, "rules.0.kind"),
        ("kind: match, ", "", 2, "rules.0.kind"),
        ("killed.peacekeepers", "killed.piecekeepers", 3, "rules.0.where"),
        ("type: attack", "type.x: attack", 3, "rules.0.where"),
        ("measure: killed", "measure: dead", 5, "rules.1.measure"),
        ("window: 7d", "window: 8d", 5, "rules.1.window"),
        ("reaches: 100", "reaches: many", 5, "rules.1.reaches"),
        ("at_least: 1", "at_last: 1", 3, "rules.0.where.killed.peacekeepers.best"),
        ("{at_least: 1}", "{}", 3, "rules.0.where.killed.peacekeepers.best"),
        ("measure: killed", "measure: attacks", 5, "rules.1.estimate"),
        ("where: {type: attack, killed.peacekeepers.best: {at_least: 1}}", "hold: 3", 2, "rules.0.where"),
        ("title: Over", "colour: red, title: Over", 4, "rules.1.colour"),
        ("rules:\n", "rules: 5\nold:\n", 1, "rules"),
        (
            "rules:\n",
            "rules:\n  - {id: new, kind: first_seen, title: New, scope: world, severity: minor, of: method, "
            "role: target, days: 30}\n",
            2,
            "rules.0.role",
        ),
        (
            "rules:\n",
            "rules:\n  - {id: then, kind: sequence, title: Then, scope: world, severity: minor, first: {}, "
            "then: {type: attack}, within: 5}\n",
            2,
            "rules.0.first",
        ),
    ],
)
def test_mistakes_are_found_by_line_and_field(old: str, new: str, line: int, field: str) -> None:
    text = RULES.replace(old, new)
    with pytest.raises(BadInput) as refused:
        parse_rules(text)
    assert (refused.value.reason.partition(":")[0], refused.value.field) == (f"line {line}", field)


@pytest.mark.parametrize("text", ["rules: [", "a: b: c", "[]", "? [1]\n: 2", "\x00", "5: 6"])
def test_what_is_no_rule_set_at_all_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_rules(text)
    assert "\n" not in str(refused.value)
