"""How improbable a week's number is, from its past: probabilities term by term, with sixty digits."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from typing import NamedTuple

Past = tuple[int, ...]
DIGITS = 60


class Law(NamedTuple):
    """Mean, and variance; Poisson's where they are equal, else the negative binomial."""

    mean: Fraction
    variance: Fraction


def expected(past: Past) -> Fraction:
    """Half an event more than was seen, a week."""
    return (sum(past) + Fraction(1, 2)) / len(past)


def law(model: str, past: Past) -> Law:
    mean, middle = expected(past), Fraction(sum(past), len(past))
    variance = sum(((number - middle) ** 2 for number in past), Fraction(0)) / (len(past) - 1)
    return Law(mean, variance if model == "negative_binomial" and variance > mean else mean)


@cache
def probability(of: Law, number: int) -> Decimal:
    """P(X >= number): 1 less the terms below; where that leaves too few digits, the terms from there on."""
    with localcontext() as context:
        context.prec = DIGITS
        below = sum((_term(of, n) for n in range(number)), Decimal(0))
        if 1 - below > Decimal(10) ** (20 - DIGITS):
            return 1 - below
        above, n = Decimal(0), number
        while not above or _term(of, n) > above / 10**20:
            above += _term(of, n)
            n += 1
        return above


@cache
def _term(of: Law, n: int) -> Decimal:
    """P(X = n), from that of n - 1."""
    mean, variance = _decimal(of.mean), _decimal(of.variance)
    if of.mean == of.variance:
        return (-mean).exp() if n == 0 else _term(of, n - 1) * mean / n
    chance, size = mean / variance, mean * mean / (variance - mean)
    if n == 0:
        return (size * chance.ln()).exp()
    return _term(of, n - 1) * (n - 1 + size) / n * (1 - chance)


def _decimal(number: Fraction) -> Decimal:
    return Decimal(number.numerator) / Decimal(number.denominator)
