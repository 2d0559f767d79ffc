"""Every position is in exactly one of timeline, dead letters and repeats, and what is not is named."""

from __future__ import annotations

import pytest

from timeline.accounting import Account, Key, Reading, account
from timeline.identity import Stamp

FIRST: Key = ("a:1", Stamp("1", 1, False, "c" * 64))
SECOND: Key = ("a:1", Stamp("2", 2, False, "d" * 64))
READINGS: list[Reading] = [("t:0:0", FIRST), ("t:0:1", FIRST), ("t:0:2", None), ("t:0:3", SECOND)]
TIMELINE = {"t:0:0": FIRST, "t:0:3": SECOND}
DEAD = {"t:0:2"}


def test_what_adds_up_is_counted() -> None:
    assert account(READINGS, TIMELINE, DEAD) == (Account(timeline=2, dead_letters=1, repeats=1), [])


def test_a_late_append_of_a_repeat_is_in_the_timeline() -> None:
    counted, troubles = account(READINGS, {**TIMELINE, "t:0:1": FIRST}, DEAD)
    assert (counted, troubles) == (Account(timeline=3, dead_letters=1, repeats=0), [])


@pytest.mark.parametrize(
    ("timeline", "dead", "named"),
    [
        ({"t:0:0": FIRST}, DEAD, "t:0:3: an assertion of a:1 that is nowhere in the timeline"),
        (TIMELINE, set[str](), "t:0:2: no event, but it is not in the dead letters"),
        ({**TIMELINE, "t:0:2": FIRST}, set[str](), "t:0:2: no event, but it stands in the timeline"),
        (TIMELINE, {*DEAD, "t:0:3"}, "t:0:3: an assertion of a:1, but it is in the dead letters"),
        ({**TIMELINE, "t:0:3": FIRST}, DEAD, "t:0:3: the timeline holds another assertion than this one of a:1"),
        ({**TIMELINE, "t:0:9": SECOND}, DEAD, "t:0:9: it was written on from there, but no record stands there"),
        (TIMELINE, {*DEAD, "t:0:9"}, "t:0:9: it was written on from there, but no record stands there"),
    ],
)
def test_what_does_not_add_up_is_named(timeline: dict[str, Key], dead: set[str], named: str) -> None:
    _, troubles = account(READINGS, timeline, dead)
    assert troubles == [named]
