"""Surges: the tails of the laws against plain sums, and when a surge was first known."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import orjson
import pytest

from schemas.event import check_event
from schemas.rule import SurgeRule
from schemas.rule_text import parse_rules
from timeline.identity import Assertion, assertion
from timeline.improbability import negative_binomial_tail, poisson_tail
from timeline.replay import alerts_lines, fold
from timeline.rollup import Rollup
from timeline.surge_law import improbable, least_improbable

RULES = "rules: [{id: s, kind: surge, title: Surge, scope: world, severity: minor, measure: killed, reaches: 2}]"


def test_what_is_below_the_rules_own_floor_is_no_surge_however_improbable() -> None:
    rule = parse_rules(RULES.replace("reaches: 2", "reaches: 5")).rules[0]
    assert isinstance(rule, SurgeRule)
    assert improbable(rule, 4, [0] * 52) is None
    assert improbable(rule, 5, [0] * 52) is not None


@pytest.mark.parametrize("mean", [0.01, 0.5, 3.7, 41.0, 300.0])
@pytest.mark.parametrize("factor", [0.3, 1, 1.5, 4])
def test_poisson_tails_are_those_of_the_sum(mean: float, factor: float) -> None:
    count = math.ceil(mean * factor) + 1
    exact, term = Fraction(0), Fraction(1)
    for index in range(1, count):
        exact, term = exact + term, term * Fraction(mean) / index
    below = (exact + term) * Fraction(math.exp(-mean))
    assert poisson_tail(count, mean) == pytest.approx(float(1 - below), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("mean", "variance"), [(0.5, 0.6), (2.0, 9.0), (12.5, 13.0), (40.0, 5_000.0)])
@pytest.mark.parametrize("count", [1, 3, 20, 90])
def test_negative_binomial_tails_are_those_of_the_sum(mean: float, variance: float, count: int) -> None:
    size, kept = mean * mean / (variance - mean), mean / variance
    below, term = 0.0, kept**size
    for number in range(count):
        below += term
        term *= (size + number) / (number + 1) * (1 - kept)
    assert negative_binomial_tail(count, mean, variance) == pytest.approx(1 - below, rel=1e-8, abs=1e-11)


def test_tails_far_out_are_small_and_not_lost() -> None:
    assert 0 < poisson_tail(60, 2.0) < 1e-50
    assert 0 < negative_binomial_tail(2_000, 10.0, 60.0) < 1e-80


def test_the_threshold_is_the_smallest_number_that_would_have_done() -> None:
    (rule,) = parse_rules(RULES).rules
    assert isinstance(rule, SurgeRule)
    past = [0, 3, 1, 2] * 13
    law = improbable(rule, 40, past)
    assert law is not None
    least = least_improbable(rule, 40, law)
    assert improbable(rule, least, past) is not None
    assert improbable(rule, least - 1, past) is None


def test_a_past_that_becomes_longer_makes_a_week_known_to_be_improbable() -> None:
    old = attack("old", "2020-01-06", 20, published="2022-03-16T00:00:00Z")
    week = attack("week", "2021-01-18", 3, published="2022-02-22T00:00:00Z")
    (alert,) = alerts([old, week])
    assert (alert["first_day"], alert["known"]) == ("2021-01-18", "2022-03-16T00:00:00Z")


@pytest.mark.parametrize(
    ("wanted", "before", "week", "older"),
    [
        ("reaches: 1, p_value: 0.1", ("2020-12-24", 2), ("2022-01-12", 1), ("2020-01-09", 3)),
        # The week that surges is next to the last one that the older event is asked about.
        ("reaches: 5", ("2020-12-23", 9), ("2022-01-17", 20), ("2021-01-14", 20)),
    ],
)
def test_what_is_far_older_and_was_published_early_makes_a_surge_known_earlier(
    wanted: str, before: tuple[str, int], week: tuple[str, int], older: tuple[str, int]
) -> None:
    rollup = Rollup(parse_rules(RULES.replace("reaches: 2", wanted)))
    known = []
    for batch in (
        [
            attack("a", *before, published="2023-03-03T00:00:00Z"),
            attack("b", *week, published="2023-02-21T00:00:00Z"),
        ],
        [attack("c", *older, published="2021-02-08T00:00:00Z")],
    ):
        for statement in batch:
            rollup.apply(statement)
        rollup.settle()
        known += [alert["known"] for alert in map(orjson.loads, alerts_lines(rollup)) if alert["first_day"] > "2022"]
    assert known == ["2023-03-03T00:00:00Z", "2023-02-21T00:00:00Z"]


def test_without_a_past_nothing_surges() -> None:
    assert alerts([attack("week", "2021-01-18", 300, published="2022-02-22T00:00:00Z")]) == []


def attack(key: str, day: str, killed: int, *, published: str) -> Assertion:
    """An attack on one day."""
    when = {"start": f"{day}T00:00:00Z", "end": f"{day[:-2]}{int(day[-2:]) + 1:02}T00:00:00Z", "precision": "day"}
    said = {"id": f"vigil:{key}", "source": "vigil", "type": "attack", "event_time": when, "publish_time": published}
    return assertion(check_event(said | {"killed": {"total": {"best": killed}}}))


def alerts(said: list[Assertion]) -> list[dict[str, Any]]:
    """The alerts that stand."""
    return [orjson.loads(line) for line in alerts_lines(fold(said, parse_rules(RULES)))]
