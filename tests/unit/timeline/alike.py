"""Two programs that print the same bytes, but for the last digit of what is rounded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import floor, log10

ROUNDED = re.compile(rb'"(expected|p_value)":([^,}]+)')


def alike(found: Iterable[bytes], expected: list[bytes]) -> None:
    """Alerts of the core and of the oracle, which counts with more digits than the core."""
    told = list(found)
    assert [ROUNDED.sub(rb"\1", one) for one in told] == [ROUNDED.sub(rb"\1", one) for one in expected]
    for one, other in zip(told, expected, strict=True):
        for (name, number), (_, exact) in zip(ROUNDED.findall(one), ROUNDED.findall(other), strict=True):
            close = _same_hundredths if name == b"expected" else _same_digits
            assert close(float(number), float(exact)), (name, number, exact)


def _same_hundredths(told: float, exact: float) -> bool:
    return told == round(told, 2) and abs(told - exact) < 0.0101


def _same_digits(told: float, exact: float) -> bool:
    """Three of them; below 1e-300 a float has no more to give."""
    digit = 10 ** (floor(log10(exact)) - 2) if exact > 1e-300 else 1e-300
    return told == float(f"{told:.3g}") and abs(told - exact) < 1.01 * digit
