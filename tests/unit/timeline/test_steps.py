"""Step functions against a plain dictionary of days."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from timeline.steps import Steps, ranked_piece

DAYS = st.integers(0, 20)
ADDED = st.lists(st.tuples(DAYS, st.integers(0, 6), st.integers(1, 3), st.booleans()), max_size=12)


@given(ADDED)
def test_numbers_pieces_and_ends_are_those_of_the_days(added: list[tuple[int, int, int, bool]]) -> None:
    steps, plain = Steps(), dict.fromkeys(range(-3, 33), 0)
    for first, length, number, asked in added:
        for sign in (1, -1, 1) if asked else (1,):
            steps.add(first, first + length, sign * number)
            for day in range(first, first + length + 1):
                plain[day] += sign * number
            if asked:
                assert steps.at(first) == plain[first]
    assert {day: steps.at(day) for day in plain} == plain
    counted = [day for day, number in plain.items() if number]
    assert steps.ends() == ((min(counted), max(counted)) if counted else None)
    assert steps.highest(0, 9) == max(plain[day] for day in range(10))
    for day in plain:
        first, last, number = steps.piece(day)
        inside = [plain[each] for each in plain if first <= each <= last]
        assert set(inside) == {number}
        assert plain.get(first - 1, number + 1) != number
        assert plain.get(last + 1, number + 1) != number


def test_a_piece_that_is_asked_for_first_knows_what_was_added() -> None:
    steps = Steps()
    steps.add(3, 5, 2)
    assert steps.piece(4) == (3, 5, 2)


@given(st.lists(ADDED, min_size=1, max_size=3), DAYS, st.integers(1, 3))
def test_the_ranked_number_is_that_of_the_sorted_ones(
    several: list[list[tuple[int, int, int, bool]]], day: int, rank: int
) -> None:
    functions = [Steps() for _ in several]
    for steps, added in zip(functions, several, strict=True):
        for first, length, number, _ in added:
            steps.add(first, first + length, number)
    numbers = sorted([steps.at(day) for steps in functions], reverse=True)
    first, last, number = ranked_piece(functions, day, rank)
    assert first <= day <= last
    assert number == (numbers[rank - 1] if rank <= len(numbers) else 0)
