"""Rule sets enter the log: what a set changes is told, and nothing is written that is in force already."""

from __future__ import annotations

import pytest

from cli.ruling.log import Change, apply_default_rules, apply_rules, changes, rules_in_force
from eventlog.writing import Writer
from schemas.errors import Failed
from schemas.rule import RuleSet
from schemas.rule_text import parse_rules
from schemas.topics import RULES

pytestmark = pytest.mark.broker

ONE = "rules: [{id: one, kind: silence, title: t, severity: minor, days: 1}]\n"


def test_a_set_is_put_in_force_once_and_says_what_it_changes(broker: str, topic_prefix: str) -> None:
    assert rules_in_force(broker, topic_prefix=topic_prefix) is None
    assert apply_rules(broker, ONE, topic_prefix=topic_prefix) == Change(added=("one",))
    assert apply_rules(broker, ONE, topic_prefix=topic_prefix) is None
    # A rationale changes no alert, and is what people read none the less.
    with_reason = ONE.replace("days: 1", "days: 1, rationale: because")
    assert apply_rules(broker, with_reason, topic_prefix=topic_prefix) == Change(reworded=("one",))
    assert rules_in_force(broker, topic_prefix=topic_prefix) == parse_rules(with_reason)


def test_what_would_change_is_told_without_changing_it(broker: str, topic_prefix: str) -> None:
    apply_rules(broker, ONE, topic_prefix=topic_prefix)
    other = parse_rules(ONE.replace("days: 1", "days: 2"))
    assert changes(broker, other, topic_prefix=topic_prefix) == Change(revised=("one",))
    assert rules_in_force(broker, topic_prefix=topic_prefix) == parse_rules(ONE)


def test_a_set_without_rules_stays_in_force(broker: str, topic_prefix: str) -> None:
    assert apply_rules(broker, "rules: []\n", topic_prefix=topic_prefix) == Change()
    assert apply_default_rules(broker, topic_prefix=topic_prefix) is None
    assert rules_in_force(broker, topic_prefix=topic_prefix) == RuleSet()


def test_a_set_that_is_no_longer_valid_is_told_and_gives_way(broker: str, topic_prefix: str) -> None:
    with Writer(broker) as writer:
        writer.send(topic_prefix + RULES, key=None, value=b"rules: [{id: old, kind: gone}]", headers=[])
    with pytest.raises(Failed, match=r"is no valid one .*; `vigil rules apply` another"):
        rules_in_force(broker, topic_prefix=topic_prefix)
    # It was somebody's choice: the default rules do not take its place by themselves.
    assert apply_default_rules(broker, topic_prefix=topic_prefix) is None
    assert apply_rules(broker, ONE, topic_prefix=topic_prefix) == Change(added=("one",))
    assert rules_in_force(broker, topic_prefix=topic_prefix) == parse_rules(ONE)
