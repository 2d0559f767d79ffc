"""Lag and keys: what positions tell, and text that every database can index."""

from __future__ import annotations

import pytest

from schemas.errors import Failed
from subscribers.read_model.following import require_held
from subscribers.read_model.keys import MOST_BYTES, key_text
from subscribers.read_model.lag import Lag, Position, lag_of

SECOND = 1_000_000


def position(*, at: int, end: int, complete: int | None) -> Position:
    return Position("an id", at, end, 9 * SECOND, complete)


def test_the_lag_is_the_sum_of_what_is_left_and_the_age_of_what_is_oldest() -> None:
    level = position(at=5, end=5, complete=9 * SECOND)
    behind = position(at=3, end=7, complete=4 * SECOND)
    beyond = position(at=8, end=7, complete=9 * SECOND)
    assert lag_of({("a", 0): level}, 10 * SECOND) == Lag(0, 1.0)
    assert lag_of({("a", 0): level, ("a", 1): behind, ("b", 0): beyond}, 10 * SECOND) == Lag(4, 6.0)


def test_for_how_long_is_not_known_before_the_tables_ever_held_everything() -> None:
    assert lag_of({("a", 0): position(at=0, end=2, complete=None)}, SECOND) == Lag(2, None)


def test_nothing_is_said_of_the_lag_of_tables_that_were_just_emptied() -> None:
    assert lag_of({}, SECOND) == Lag(None, None)


@pytest.mark.parametrize(("first", "end"), [(0, 4), (6, 9), (0, 0)])
def test_a_position_that_the_log_does_not_hold_is_refused(first: int, end: int) -> None:
    with pytest.raises(Failed, match=r"partition 0 of a up to offset 5.*vigil projection rebuild"):
        require_held({("a", 0): position(at=5, end=5, complete=None)}, {("a", 0): (first, end)})


@pytest.mark.parametrize(("first", "end"), [(0, 5), (5, 5), (0, 9)])
def test_a_position_within_the_log_is_gone_on_from(first: int, end: int) -> None:
    require_held({("a", 0): position(at=5, end=5, complete=None)}, {("a", 0): (first, end)})


@pytest.mark.parametrize("text", ["", "country:MLI", "é" * 450, "a" * MOST_BYTES])
def test_text_that_can_be_indexed_is_its_own_key(text: str) -> None:
    assert key_text(text) == text


def test_other_text_has_a_short_key_of_its_own() -> None:
    odd = ["a" * 901, "a" * 902, "é" * 451, "a\0b", "ab\0", "\0"]
    keys = [key_text(text) for text in odd]
    assert len(set(keys)) == len(odd)
    assert all("\0" not in key and len(key.encode()) <= MOST_BYTES for key in keys)
