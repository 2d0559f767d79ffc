"""A whole number for each day, as a step function: the days on which it changes, and the number from each on."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence

NEVER = 10_000_000
"""A day after all days."""


class Steps:
    """0 on every day, until runs of days are added."""

    __slots__ = ("_days", "_values")

    def __init__(self) -> None:
        self._days = [-NEVER]
        self._values = [0]

    def add(self, first: int, last: int, number: int) -> None:
        """Add `number` on each day from first to last."""
        start, end = self._break(first), self._break(last + 1)
        values = self._values
        for index in range(start, end):
            values[index] += number
        self._mend(end)
        self._mend(start)

    def at(self, day: int) -> int:
        """Return the number of a day."""
        return self._values[bisect_right(self._days, day) - 1]

    def piece(self, day: int) -> tuple[int, int, int]:
        """Return (first day, last day, number) of the piece without a change that holds `day`."""
        index = bisect_right(self._days, day)
        last = self._days[index] - 1 if index < len(self._days) else NEVER
        return self._days[index - 1], last, self._values[index - 1]

    def highest(self, first: int, last: int) -> int:
        """Return the largest number of the days from first to last."""
        return max(self._values[bisect_right(self._days, first) - 1 : bisect_right(self._days, last)])

    def ends(self) -> tuple[int, int] | None:
        """Return the first and the last day with a number that is not 0; None without any."""
        return (self._days[1], self._days[-1] - 1) if len(self._days) > 1 else None

    def _break(self, day: int) -> int:
        index = bisect_left(self._days, day)
        if index == len(self._days) or self._days[index] != day:
            self._days.insert(index, day)
            self._values.insert(index, self._values[index - 1])
        return index

    def _mend(self, index: int) -> None:
        if index and self._values[index] == self._values[index - 1]:
            del self._days[index], self._values[index]


def ranked_piece(functions: Sequence[Steps], day: int, rank: int) -> tuple[int, int, int]:
    """Return (first day, last day, number) of days around `day` on which the rank-th largest number stays the same."""
    if rank == 1 and len(functions) == 1:
        return functions[0].piece(day)
    pieces = [steps.piece(day) for steps in functions]
    return (
        max([first for first, _, _ in pieces], default=-NEVER),
        min([last for _, last, _ in pieces], default=NEVER),
        ranked([number for _, _, number in pieces], rank),
    )


def ranked(numbers: Sequence[int], rank: int) -> int:
    """Return the rank-th largest of these numbers (1: the largest), 0 if there are fewer."""
    if rank == 1:
        return max(numbers, default=0)
    return sorted(numbers, reverse=True)[rank - 1] if len(numbers) >= rank else 0


def leaders(numbers: Mapping[str, int], rank: int) -> list[str]:
    """Return the feeds with the `rank` largest numbers, the largest first, equal ones by name."""
    return sorted(numbers, key=lambda feed: (-numbers[feed], feed))[:rank]
