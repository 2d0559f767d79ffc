"""The rules that Vigil starts with: they pass their tests, each has one, and what others rely on is still there."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.ruling.files import default_rules
from cli.ruling.rule_test_files import RuleTest, read_tests
from cli.ruling.rule_tests import run_tests
from schemas.rule import KINDS, RuleSet
from schemas.rule_text import parse_rules

HOME = Path(__file__).parents[3]
TESTS = read_tests(str(HOME / "rules.test.yaml"))


def _rules() -> RuleSet:
    return parse_rules(default_rules())


@pytest.mark.parametrize("name", ["rules.yaml", "rules.test.yaml"])
def test_what_stands_at_the_top_is_what_comes_with_the_command(name: str) -> None:
    assert (HOME / name).resolve() == HOME / "cli" / name


def test_the_default_rules_are_of_every_kind_and_each_says_why() -> None:
    rules = _rules().rules
    assert {rule.kind for rule in rules} == set(KINDS)
    assert [rule.id for rule in rules if not rule.rationale] == []
    assert [rule.id for rule in rules if "unknown" in (rule.urgency, rule.certainty)] == []


def test_the_ids_that_others_rely_on_are_there() -> None:
    assert {
        "coup",
        "peacekeepers-killed",
        "peacekeepers-injured",
        "deadly-week",
        "deadly-week-province",
        "civilians-month",
        "attacks-month",
    } <= set(_rules().by_id)


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.name)
def test_the_default_rules_pass_their_tests(test: RuleTest) -> None:
    [outcome] = run_tests([test])
    assert outcome.passed, "\n".join(outcome.lines())


def test_each_default_rule_has_a_test_of_its_own_that_expects_it_to_raise() -> None:
    # Of its own: one that looks at few rules, not at all of them.
    raised = {
        expected.members["rule"]
        for test in TESTS
        if len(test.rules) < len(_rules().rules)
        for expected in test.expected
    }
    assert set(_rules().by_id) - raised == set()
