"""A position as text: what was encoded is read again, and nothing else is."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.stream.positions import OtherLog, PositionText, Unreadable, Vector, covers, moved, united

OFFSETS = st.one_of(st.integers(0, 300), st.integers(0, 2**63 - 1))
VECTORS = st.integers(1, 12).flatmap(lambda size: st.tuples(*[OFFSETS] * size))
TEXT = PositionText("a topic's id", 8)
SOME: Vector = (0, 1, 127, 128, 300, 5, 2**40, 7)


@given(VECTORS)
def test_decoding_undoes_encoding(position: Vector) -> None:
    text = PositionText("log", len(position))
    said = text.encode(position)
    assert said.isascii() and not set(said) & set(" \r\n,;\0")
    assert text.decode(said) == position


@given(st.tuples(*[OFFSETS] * 8), st.data())
def test_a_changed_character_is_never_taken_for_another_position(position: Vector, data: st.DataObject) -> None:
    said = TEXT.encode(position)
    place = data.draw(st.integers(0, len(said) - 1))
    other = data.draw(st.sampled_from(sorted(set("ABCXYZabcxyz0189-_=+/ é\n") - {said[place]})))
    with pytest.raises(Unreadable):
        TEXT.decode(said[:place] + other + said[place + 1 :])


@given(st.text(max_size=80))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        TEXT.decode(text)


@pytest.mark.parametrize("length", range(len(TEXT.encode(SOME))))
def test_a_part_of_a_position_is_refused(length: int) -> None:
    with pytest.raises(Unreadable):
        TEXT.decode(TEXT.encode(SOME)[:length])


def test_text_that_is_too_long_is_not_looked_at() -> None:
    with pytest.raises(Unreadable):
        TEXT.decode(TEXT.encode(SOME) + "A" * 100_000)


def test_a_position_of_another_log_is_told_apart_from_a_damaged_one() -> None:
    with pytest.raises(OtherLog):
        TEXT.decode(PositionText("the topic made again", 8).encode(SOME))
    with pytest.raises(OtherLog):
        TEXT.decode(PositionText("a topic's id", 4).encode(SOME[:4]))


def test_an_overlong_number_is_no_position() -> None:
    said = base64.urlsafe_b64decode(TEXT.encode((0,) * 8) + "=" * 4)
    from subscribers.stream.positions import _check

    longer = said[:-4][:-1] + b"\x80\x00"
    text = base64.urlsafe_b64encode(longer + _check(longer)).rstrip(b"=").decode()
    with pytest.raises(Unreadable):
        TEXT.decode(text)


def test_a_number_that_is_cut_off_is_no_position() -> None:
    from subscribers.stream.positions import _check

    said = base64.urlsafe_b64decode(TEXT.encode((0,) * 8) + "=" * 4)[:-4] + b"\x80"
    text = base64.urlsafe_b64encode(said + _check(said)).rstrip(b"=").decode()
    with pytest.raises(Unreadable):
        TEXT.decode(text)


@given(st.tuples(*[OFFSETS] * 3), st.tuples(*[OFFSETS] * 3))
def test_a_position_covers_what_it_is_united_of(one: Vector, other: Vector) -> None:
    both = united(one, other)
    assert covers(both, one) and covers(both, other)
    assert covers(one, other) == (both == one)


def test_a_position_moves_in_one_partition() -> None:
    assert moved((1, 2, 3), 1, 9) == (1, 9, 3)
    assert moved((1, 2, 3), 0, 9) == (9, 2, 3)
    assert moved((1, 2, 3), 2, 9) == (1, 2, 9)
