"""Tests of rules: which alerts were expected and do not stand, and which stand and were not expected.

Rules kept here:
- An expectation names some members of an alert; of an object some of its members, of a list every element.
- Each alert answers one expectation and each expectation takes one alert, and as many of them as possible: which of two
  alike expectations takes which alert must not decide the outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

Members = dict[str, Any]
"""Of an alert, as JSON types."""


class Difference(NamedTuple):
    """What tells expected and standing alerts apart: places in the two lists."""

    missing: tuple[int, ...]
    unexpected: tuple[int, ...]


def difference(expected: Sequence[Members], standing: Sequence[Members]) -> Difference:
    """Return which expectations no alert answers, and which alerts no expectation takes."""
    fitting = [[place for place, alert in enumerate(standing) if holds(said, alert)] for said in expected]
    taken: dict[int, int] = {}
    missing = tuple([place for place in range(len(expected)) if not _take(place, fitting, taken, set())])
    return Difference(missing, tuple([place for place in range(len(standing)) if place not in taken]))


def holds(said: object, found: object) -> bool:
    """Tell whether `found` is as `said`; true is not 1."""
    if isinstance(said, dict) and isinstance(found, dict):
        return all(name in found and holds(value, found[name]) for name, value in said.items())
    if isinstance(said, list) and isinstance(found, list):
        return len(said) == len(found) and all(map(holds, said, found))
    return said == found and isinstance(said, bool) == isinstance(found, bool)


def _take(place: int, fitting: Sequence[Sequence[int]], taken: dict[int, int], seen: set[int]) -> bool:
    """Give the expectation an alert, moving others to another of theirs where that frees one."""
    for alert in fitting[place]:
        if alert not in seen:
            seen.add(alert)
            if alert not in taken or _take(taken[alert], fitting, taken, seen):
                taken[alert] = place
                return True
    return False
