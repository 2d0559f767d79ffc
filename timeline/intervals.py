"""Intervals: how far a share or a median of few cases can be trusted.

Rules kept here:
- Both intervals are computed, not drawn: the same numbers always give the same interval.
- Where so few cases say nothing at the level asked for, there is no interval, rather than a wrong one.
- Both take the cases as independent. Alerts of one crisis are not, so the true uncertainty is larger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from statistics import median

_Z = 1.959963984540054
"""The 97.5 % point of the normal law: all intervals here are of 95 %."""
_TAILS = 40
"""One of so many falls below an interval, and one above."""

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `of`, as a share between 0 and 1 with its interval; None where there are no cases."""

    count: int
    of: int
    share: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Spread:
    """Median with its interval (None below six values), the 90 % quantile and the largest of `count` values in days."""

    count: int
    median: float | None
    interval: Interval | None
    p90: float | None
    largest: float | None


def share_of(count: int, of: int) -> Share:
    """Return the share with Wilson's score interval (Wilson 1927)."""
    return Share(count, of, count / of if of else None, wilson(count, of))


def wilson(count: int, of: int) -> Interval | None:
    """Return Wilson's 95 % score interval of a proportion; None of nothing."""
    if not of:
        return None
    share, square = count / of, _Z * _Z
    centre = (share + square / (2 * of)) / (1 + square / of)
    half = _Z * sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    # At the ends it is exact only up to rounding.
    return (0.0 if count == 0 else centre - half, 1.0 if count == of else centre + half)


def spread_of(values: Sequence[float]) -> Spread:
    """Return where the values lie; the quantile is the smallest value that 90 % of them do not exceed."""
    if not values:
        return Spread(0, None, None, None, None)
    ordered = sorted(values)
    p90 = ordered[ceil(len(ordered) * 9 / 10) - 1]
    return Spread(len(ordered), median(ordered), median_interval(ordered), p90, ordered[-1])


def median_interval(ordered: Sequence[float]) -> Interval | None:
    """Return the 95 % interval of the median between two of these sorted values, whatever their law.

    It is the narrowest pair of the k-th smallest and k-th largest for which a fair coin, thrown once for each value,
    shows fewer than k heads with a probability of at most 2.5 %. Below six values there is none.
    """
    count = len(ordered)
    # Whole numbers throughout: of a thousand values there are more throws than a float can hold.
    ways, below, rank = 1, 1, 0
    while below * _TAILS <= 2**count and rank < count:
        ways = ways * (count - rank) // (rank + 1)
        below += ways
        rank += 1
    return (ordered[rank - 1], ordered[count - rank]) if rank else None
