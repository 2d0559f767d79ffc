"""Pace: how long is waited for, with a clock of the test's own."""

from __future__ import annotations

import math

import click
import pytest

from cli.archives.pacing import Pace, Speed

SECOND = 1_000_000


class Clock:
    """Stands still but for sleeps and for what work takes."""

    def __init__(self) -> None:
        self.time = 100.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


def test_the_first_moment_is_now_and_others_come_as_much_later_as_the_speed_says() -> None:
    clock = Clock()
    pace = Pace(60.0, now=clock.now, sleep=clock.sleep)
    for minute in (5, 6, 6, 10):
        pace.wait(minute * 60 * SECOND)
    assert clock.slept == [1.0, 4.0]


def test_time_that_work_takes_is_not_waited_for_again() -> None:
    clock = Clock()
    pace = Pace(1.0, now=clock.now, sleep=clock.sleep)
    pace.wait(0)
    clock.time += 0.75
    pace.wait(SECOND)
    clock.time += 7
    pace.wait(2 * SECOND)
    assert clock.slept == [0.25]


def test_at_full_speed_nothing_is_waited_for() -> None:
    clock = Clock()
    pace = Pace(math.inf, now=clock.now, sleep=clock.sleep)
    pace.wait(0)
    pace.wait(10**18)
    assert clock.slept == []


@pytest.mark.parametrize(("text", "speed"), [("max", math.inf), ("60x", 60.0), ("0.5x", 0.5), ("86400x", 86400.0)])
def test_a_speed_is_max_or_so_many_times(text: str, speed: float) -> None:
    assert Speed().convert(text, None, None) == speed


@pytest.mark.parametrize("text", ["", "fast", "60", "0x", "-1x", "1e3x", "x", "infx", "60X "])
def test_anything_else_is_no_speed(text: str) -> None:
    with pytest.raises(click.BadParameter, match="no speed"):
        Speed().convert(text, None, None)
