"""Pace: old times gone through again at so many times the speed at which they passed."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from typing import Any

import click

_SPEED = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)x")
_SECOND = 1_000_000


class Speed(click.ParamType):
    """`max`, which waits for nothing and is infinite, or `60x`: an hour in a minute."""

    name = "speed"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return how many seconds pass in one, or refuse what is no speed."""
        if isinstance(value, float):
            return value
        found = _SPEED.fullmatch(value)
        speed = math.inf if value == "max" else float(found[1]) if found else 0.0
        if not speed:
            self.fail(f"{value!r} is no speed such as max, 1x, 60x or 86400x", param, ctx)
        return speed


class Pace:
    """Waits until it is the turn of a moment; the first one that it is asked for is now."""

    def __init__(
        self, speed: float, *, now: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._speed, self._now, self._sleep = speed, now, sleep
        self._start: tuple[int, float] | None = None

    def wait(self, moment: int) -> None:
        """Return when it is the turn of `moment` (microseconds); at once when that has passed."""
        if math.isinf(self._speed):
            return
        if self._start is None:
            self._start = moment, self._now()
        first, started = self._start
        left = started + (moment - first) / _SECOND / self._speed - self._now()
        if left > 0:
            self._sleep(left)
