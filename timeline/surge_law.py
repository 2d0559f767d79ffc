"""Whether a week is improbable, given the weeks before: the law behind surge rules.

Rules kept here:
- The past are the weeks before it, at most 52, from the first week in which the feed counted anything.
- Half an event more than was seen is expected, so that a silent past makes nothing impossible.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from schemas.rule import SurgeRule
from timeline.improbability import negative_binomial_tail, poisson_tail

PAST_WEEKS = 52


class Law(NamedTuple):
    """What is expected of a week; `variance` is None for Poisson's law."""

    expected: float
    variance: float | None

    def tail(self, count: int) -> float:
        """Return the probability of at least so many."""
        if self.variance is None:
            return poisson_tail(count, self.expected)
        return negative_binomial_tail(count, self.expected, self.variance)


def law_of(rule: SurgeRule, past: Sequence[int]) -> Law | None:
    """Return the law that the past weeks' numbers make; None if there are too few of them."""
    n = len(past)
    if n < rule.min_weeks:
        return None
    total = sum(past)
    expected = (total + 0.5) / n
    if rule.model == "poisson":
        return Law(expected, None)
    # In whole numbers, so that no order of adding makes a difference.
    variance = (n * sum([number * number for number in past]) - total * total) / (n * (n - 1))
    return Law(expected, variance if variance > expected else None)


def improbable(rule: SurgeRule, number: int, past: Sequence[int]) -> Law | None:
    """Return the law by which the number of a week is improbable, None if it is not."""
    if number < rule.reaches:
        return None
    law = law_of(rule, past)
    return law if law is not None and is_improbable(rule, number, law) else None


def is_improbable(rule: SurgeRule, number: int, law: Law) -> bool:
    """Return whether a number is improbable by this law."""
    return number >= rule.reaches and number > law.expected and law.tail(number) <= rule.p_value


def least_improbable(rule: SurgeRule, number: int, law: Law) -> int:
    """Return the smallest number that would have been improbable; `number` is."""
    low, high = 0, number
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_improbable(rule, middle, law) else (middle, high)
    return high
