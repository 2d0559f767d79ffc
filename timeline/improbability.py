"""Improbability: how probable a count of at least so many is, by Poisson's law or the negative binomial.

The tails are the regularised incomplete gamma and beta functions, by their series and continued fractions (NIST Digital
Library of Mathematical Functions, 8.11, 8.9 and 8.17.22); relative errors are below 1e-10 for the counts of people and
attacks that occur here.
"""

from __future__ import annotations

import math

_ENOUGH = 1e-15
_TINY = 1e-300
_MOST_TERMS = 10_000


def poisson_tail(count: int, mean: float) -> float:
    """Return P(X >= count) for Poisson's law with this mean (above 0)."""
    if count <= 0:
        return 1.0
    return _lower_gamma(count, mean)


def negative_binomial_tail(count: int, mean: float, variance: float) -> float:
    """Return P(X >= count) for the negative binomial law with this mean and variance (above the mean)."""
    if count <= 0:
        return 1.0
    return _beta(1 - mean / variance, count, mean * mean / (variance - mean))


def _lower_gamma(shape: float, x: float) -> float:
    """The regularised lower incomplete gamma function P(shape, x)."""
    front = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    if x < shape + 1:
        term = total = 1 / shape
        for index in range(1, _MOST_TERMS):
            term *= x / (shape + index)
            total += term
            if term < total * _ENOUGH:
                break
        return front * total
    b = x + 1 - shape
    c, d = 1 / _TINY, 1 / b
    fraction = d
    for index in range(1, _MOST_TERMS):
        numerator = -index * (index - shape)
        b += 2
        d = 1 / _not_zero(numerator * d + b)
        c = _not_zero(b + numerator / c)
        step = c * d
        fraction *= step
        if abs(step - 1) < _ENOUGH:
            break
    return 1 - front * fraction


def _beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b), 0 < x < 1."""
    # log1p keeps what is left of 1 - x when x is close to 1.
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _beta_fraction(x, a, b) / a
    return 1 - front * _beta_fraction(1 - x, b, a) / b


def _beta_fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, _MOST_TERMS):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _not_zero(1 + numerator * d)
            c = _not_zero(1 + numerator / c)
            step = c * d
            fraction *= step
        if abs(step - 1) < _ENOUGH:
            break
    return fraction


def _not_zero(number: float) -> float:
    return number if abs(number) > _TINY else _TINY
