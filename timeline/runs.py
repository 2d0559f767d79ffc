"""Runs: maximal stretches of days on which the rank-th largest of several numbers stays at or above a bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from timeline.steps import Steps, ranked_piece

Days = tuple[int, int]
"""First and last day of a run."""


def merged(runs: Iterable[Days]) -> list[Days]:
    """Return the days of these runs as separate runs, in order; neighbours become one."""
    whole: list[Days] = []
    for first, last in sorted(runs):
        if whole and first <= whole[-1][1] + 1:
            whole[-1] = (whole[-1][0], max(last, whole[-1][1]))
        else:
            whole.append((first, last))
    return whole


def widened(functions: Sequence[Steps], days: Days, *, lower: int, rank: int) -> Days:
    """Return the days together with what holds (number >= lower) right before and after them."""
    first, last = days
    while True:
        start, _, number = ranked_piece(functions, first - 1, rank)
        if number < lower:
            break
        first = start
    while True:
        _, end, number = ranked_piece(functions, last + 1, rank)
        if number < lower:
            return first, last
        last = end


def runs(
    functions: Sequence[Steps], days: Days, *, lower: int, upper: int, rank: int
) -> Iterator[tuple[int, int, int]]:
    """Yield (first day >= upper, last day, peak) of each run of days >= lower that reaches upper.

    The days must be wide enough to hold whole runs (see `widened`).
    """
    day, last = days
    start: int | None = None
    end = peak = 0
    while day <= last:
        _, piece_end, number = ranked_piece(functions, day, rank)
        if number >= lower:
            if start is None and number >= upper:
                start, peak = day, number
            end, peak = piece_end, max(peak, number)
        elif start is not None:
            yield start, end, peak
            start = None
        day = piece_end + 1
    if start is not None:
        yield start, min(end, last), peak
