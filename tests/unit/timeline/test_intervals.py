"""Intervals against published numbers, and against what they promise."""

from __future__ import annotations

from math import comb

import pytest

from timeline.intervals import median_interval, share_of, spread_of, wilson


# Newcombe 1998, table I, method 3: the score interval without continuity correction.
@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_shares_have_the_intervals_of_the_literature(count: int, of: int, low: float, high: float) -> None:
    assert wilson(count, of) == pytest.approx((low, high), abs=5e-5)
    mirrored = wilson(of - count, of)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=5e-5)


def test_an_interval_of_a_share_never_leaves_0_to_1_and_holds_the_share() -> None:
    for of in range(1, 60):
        for count in range(of + 1):
            found = share_of(count, of)
            assert found.share is not None
            assert found.interval is not None
            low, high = found.interval
            assert 0 <= low <= found.share <= high <= 1
            assert low < high


def test_nothing_has_no_share() -> None:
    assert share_of(0, 0).share is None
    assert share_of(0, 0).interval is None


# The ranks of tables of the sign test, such as Conover's A3.
@pytest.mark.parametrize(
    ("count", "rank"), [(6, 1), (8, 1), (9, 2), (12, 3), (15, 4), (20, 6), (25, 8), (30, 10), (50, 18)]
)
def test_a_median_lies_between_the_values_of_the_sign_test(count: int, rank: int) -> None:
    values = list(range(1, count + 1))
    assert median_interval(values) == (rank, count + 1 - rank)


def test_a_median_is_missed_in_at_most_five_of_a_hundred_and_no_narrower_pair_would_do() -> None:
    for count in range(6, 150):
        found = median_interval(range(1, count + 1))
        assert found is not None
        rank = int(found[0])
        below = [sum(comb(count, tails) for tails in range(outside)) / 2**count for outside in (rank, rank + 1)]
        assert below[0] <= 0.025 < below[1]


def test_many_values_have_an_interval_near_that_of_the_normal_law() -> None:
    found = median_interval(range(1, 5001))
    assert found == pytest.approx((2500.5 - 0.98 * 5000**0.5, 2500.5 + 0.98 * 5000**0.5), abs=1)


def test_few_values_have_a_median_and_no_interval() -> None:
    assert median_interval([1, 2, 3, 4, 5]) is None
    found = spread_of([5, 1, 3, 2])
    assert (found.count, found.median, found.interval, found.p90, found.largest) == (4, 2.5, None, 5, 5)


def test_nine_of_ten_values_do_not_exceed_the_quantile() -> None:
    assert spread_of(range(10, 0, -1)).p90 == 9
    assert spread_of(range(11)).p90 == 9
    assert spread_of([7]).p90 == 7
    assert spread_of([]).median is None
