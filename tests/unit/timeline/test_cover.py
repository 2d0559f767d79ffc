"""The fewest removals that keep every day below a number: against all subsets, and where the search must give up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, count
from random import Random
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.profiles import examples
from timeline.cover import Item, _Sweep, fewest

DAYS = 9


def stays_below(items: Iterable[Item], below: int) -> bool:
    items = list(items)
    return all(
        sum(item.weight for item in items if item.first <= day <= item.last) < below
        for day in range(max((item.last for item in items), default=0) + 1)
    )


def left(items: Sequence[Item], keys: Iterable[str]) -> list[Item]:
    gone = set(keys)
    return [item for item in items if item.key not in gone]


def by_trying(items: Sequence[Item], below: int) -> int:
    names = [item.key for item in items]
    return next(
        size for size in count() if any(stays_below(left(items, gone), below) for gone in combinations(names, size))
    )


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Item], int]:
    weights = draw(st.sampled_from(((1,), (1, 1, 2), (1, 2, 3, 5, 8), (3, 4, 5, 6, 7))))
    items = []
    for number in range(draw(st.integers(0, 8))):
        first = draw(st.integers(0, DAYS - 1))
        last = min(DAYS - 1, first + draw(st.sampled_from((0, 1, 2, 2, 2, 6))))
        items.append(Item(str(number), first, last, draw(st.sampled_from(weights))))
    return items, draw(st.integers(1, 14))


@examples(600)
@given(problems())
def test_no_smaller_set_does_it(problem: tuple[list[Item], int]) -> None:
    items, below = problem
    cover = fewest(items, below)
    assert stays_below(left(items, cover.keys), below)
    assert len(cover.keys) == by_trying(items, below)
    assert cover.exact


EARLY_LOSS = [Item("a", 0, 4, 3), Item("b", 0, 4, 3), Item("z", 0, 0, 9), *[Item(str(d), d, d, 4) for d in range(1, 5)]]
"""Two removals on the first day spare four later ones; one is enough on that day."""


@examples(600)
@given(problems())
@example((EARLY_LOSS, 10))
def test_the_search_does_not_need_a_good_set_to_begin_with(problem: tuple[list[Item], int]) -> None:
    items, below = problem
    with (
        patch.object(_Sweep, "_greedy", lambda self, value: set().union(*self._starting)),
        patch.object(_Sweep, "_spared", lambda self, removed: removed),
    ):
        cover = fewest(items, below)
    assert stays_below(left(items, cover.keys), below)
    assert len(cover.keys) == by_trying(items, below)
    assert cover.exact


@examples(300)
@given(problems(), st.integers(0, 40))
def test_a_search_that_is_cut_off_still_tells_a_set_that_does_it_and_a_number_that_none_beats(
    problem: tuple[list[Item], int], most_work: int
) -> None:
    items, below = problem
    cover = fewest(items, below, most_work=most_work)
    assert stays_below(left(items, cover.keys), below)
    assert cover.at_least <= by_trying(items, below) <= len(cover.keys)


@examples(200)
@given(problems(), st.randoms(use_true_random=False))
def test_the_order_of_the_items_makes_no_difference(problem: tuple[list[Item], int], random: Random) -> None:
    items, below = problem
    assert fewest(random.sample(items, len(items)), below) == fewest(items, below)


def random_items(size: int, days: int, width: int, heaviest: int) -> list[Item]:
    random = Random(7)
    items = []
    for number in range(size):
        first = random.randrange(days)
        late = random.choice((0, 0, 0, 2, 5))
        weight = min(heaviest, int(random.paretovariate(0.9)))
        items.append(Item(str(number), first + late, first + width - 1, weight))
    return items


def test_a_large_stretch_that_the_search_cannot_finish_says_so() -> None:
    items = random_items(1000, 180, 7, 100)
    cover = fewest(items, 100)
    assert stays_below(left(items, cover.keys), 100)
    assert 0 < cover.at_least < len(cover.keys)
    assert not cover.exact


@pytest.mark.parametrize("size", [0, 1, 300])
def test_equal_weights_are_solved_whatever_the_size(size: int) -> None:
    items = [item._replace(weight=1) for item in random_items(size, 60, 30, 1)]
    cover = fewest(items, 40, most_work=0)
    assert stays_below(left(items, cover.keys), 40)
    assert cover.exact
