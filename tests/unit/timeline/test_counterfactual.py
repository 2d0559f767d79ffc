"""What an alert rests on: its causes alone raise it, and without the counterfactual nothing touches its days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.rule import DeadlineRule, MatchRule, Rule, RuleSet, SurgeRule, ThresholdRule
from tests.kinds import KINDS, draw_case_of
from tests.profiles import examples
from tests.simulation import rule_set, statement
from tests.strategies import Case, choice
from timeline import counterfactual as module
from timeline.alerts import ENDLESS, Episode
from timeline.counterfactual import counterfactual
from timeline.evidence import Evidence
from timeline.explanation import all_causes, background_of
from timeline.identity import Assertion
from timeline.rollup import Rollup
from timeline.runs import Days
from timeline.times import DAY

Json = dict[str, Any]

NEEDED = [kind for kind in KINDS if kind != "silence"]
MOST_EVENTS = 8
"""All subsets of so many are tried."""


def episodes_of(statements: Iterable[Assertion], rule: Rule, scope: str) -> list[Episode]:
    """The episodes of a rule alone in a scope, pending ones too."""
    rollup = Rollup(RuleSet(rules=(rule.model_copy(update={"inhibits": ()}),)))
    rollup.tick(ENDLESS * DAY)
    for each in statements:
        rollup.apply(each)
    rollup.settle()
    return list(rollup.episodes((rule.id, scope)))


def touched(statements: Iterable[Assertion], rule: Rule, scope: str, days: Days) -> bool:
    return any(
        episode.first <= days[1] and episode.holds_until >= days[0] for episode in episodes_of(statements, rule, scope)
    )


def without(statements: Iterable[Assertion], gone: Iterable[str]) -> list[Assertion]:
    names = set(gone)
    return [each for each in statements if each.id not in names]


def fewest_by_trying(evidence: Evidence, statements: list[Assertion], days: Days, *, most: int) -> int:
    """The size of a smallest set that does it, by trying all with up to `most` events."""
    return next(
        size
        for size in range(most + 1)
        for gone in combinations(sorted(evidence.facts), size)
        if not touched(without(statements, gone), evidence.rule, evidence.scope, days)
    )


def alerts_of(case: Case) -> Iterator[tuple[list[Assertion], Rule, Episode]]:
    statements = [statement(said) for said in case.assertions]
    rules = rule_set(case.rules)
    rollup = Rollup(rules)
    rollup.tick(ENDLESS * DAY)
    for each in statements:
        rollup.apply(each)
    rollup.settle()
    for rule_id, scope in sorted(rollup.alerts()):
        for episode in sorted(rollup.episodes((rule_id, scope)), key=lambda episode: episode.id)[:3]:
            yield statements, rules.by_id[rule_id], episode


@pytest.mark.parametrize("kind", NEEDED)
@examples(40)
@given(data=st.data())
def test_the_causes_alone_raise_it(kind: str, data: st.DataObject) -> None:
    for statements, rule, episode in alerts_of(draw_case_of(kind, choice(data))):
        if rule.kind == "silence":
            continue
        evidence = Evidence(statements, rule, episode.scope)
        names = {*all_causes(evidence, episode)}
        for events in background_of(evidence, episode).values():
            names |= {*events}
        alone = episodes_of([each for each in statements if each.id in names], rule, episode.scope)
        if isinstance(rule, SurgeRule):
            # Of the feeds that were larger in the weeks around, nothing is left: more weeks may be improbable.
            assert any(each.first <= episode.first <= each.holds_until for each in alone)
        elif isinstance(rule, DeadlineRule) and episode.first > (episode.deadline or 0) + rule.days:
            # Adopted when the end that it sets was long over: only the later renewal makes days between them.
            assert alone == []
        else:
            assert any(each.id == episode.id and each.first == episode.first for each in alone)


@pytest.mark.parametrize("kind", NEEDED)
@examples(40)
@given(data=st.data())
def test_without_the_counterfactual_nothing_touches_the_days_and_what_is_called_exact_is(
    kind: str, data: st.DataObject
) -> None:
    for statements, rule, episode in alerts_of(draw_case_of(kind, choice(data))):
        if rule.kind == "silence":
            continue
        check(Evidence(statements, rule, episode.scope), statements, (episode.first, episode.holds_until))


@pytest.mark.parametrize("kind", NEEDED)
@examples(20)
@given(data=st.data())
def test_any_days_can_be_asked_for_as_those_of_an_alert_that_fell(kind: str, data: st.DataObject) -> None:
    choose = choice(data)
    for statements, rule, episode in alerts_of(draw_case_of(kind, choose)):
        first = episode.first + choose((-9, -1, 0, 1, 3))
        if rule.kind != "silence":
            check(Evidence(statements, rule, episode.scope), statements, (first, first + choose((0, 1, 6, 40))))


def check(evidence: Evidence, statements: list[Assertion], days: Days) -> None:
    found = counterfactual(evidence, days)
    assert found is not None
    rule, scope = evidence.rule, evidence.scope
    assert not touched(without(statements, found.events), rule, scope, days)
    assert set(found.events) <= evidence.facts.keys()
    # What was taken away is there again: the next question begins with all.
    before = [episode.id for episode in evidence.without.episodes(scope)]
    assert before == [episode.id for episode in sorted_episodes(episodes_of(statements, rule, scope))]
    if len(evidence.facts) <= MOST_EVENTS:
        assert found.exact
        assert len(found.events) == fewest_by_trying(evidence, statements, days, most=len(found.events))
    else:
        assert found.exact or not proven(evidence, days)


def sorted_episodes(episodes: Sequence[Episode]) -> list[Episode]:
    return sorted(episodes, key=lambda episode: (episode.first, episode.id))


def proven(evidence: Evidence, days: Days) -> bool:
    """Whether the kind promises the fewest: one feed or the largest, and no episode that reaches in from before."""
    rule = evidence.rule
    if isinstance(rule, ThresholdRule):
        episodes = evidence.without.episodes(evidence.scope)
        return rule.feeds == 1 and not any(each.first < days[0] <= each.holds_until for each in episodes)
    return isinstance(rule, MatchRule) and rule.feeds == 1


@pytest.mark.parametrize("kind", NEEDED)
@examples(20)
@given(data=st.data())
def test_with_few_tries_the_bound_still_holds(kind: str, data: st.DataObject) -> None:
    choose = choice(data)
    case = draw_case_of(kind, choose)
    with patch.object(module, "MOST_TRIES", choose((0, 8, 40))), patch.object(module, "MOST_NAMED", choose((0, 2))):
        for statements, rule, episode in alerts_of(case):
            evidence, days = Evidence(statements, rule, episode.scope), (episode.first, episode.holds_until)
            found = counterfactual(evidence, days)
            if found is None or len(evidence.facts) > MOST_EVENTS:
                continue
            assert not touched(without(statements, found.events), rule, episode.scope, days)
            fewest = fewest_by_trying(evidence, statements, days, most=len(found.events))
            assert found.at_least <= fewest
            assert not found.exact or len(found.events) == fewest


def test_a_silence_has_none() -> None:
    rule = {"id": "quiet", "kind": "silence", "title": "Quiet", "severity": "minor", "scope": "world", "days": 3}
    said = {
        "id": "acled:1", "source": "acled", "type": "attack", "publish_time": "2021-04-02T00:00:00Z",
        "event_time": {"start": "2021-04-01T00:00:00Z", "end": "2021-04-02T00:00:00Z", "precision": "day"},
    }  # fmt: skip
    [found] = rule_set([rule]).rules
    evidence = Evidence([statement(said)], found, "world@acled")
    assert [episode.value for episode in evidence.without.episodes("world@acled")] == [3]
    assert counterfactual(evidence, (0, ENDLESS)) is None
