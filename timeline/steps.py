"""A whole number for each day, as a step function: the days on which it changes, and the number from each on."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence

NEVER = 10_000_000
"""A day after all days."""


class Steps:
    """0 on every day, until runs of days are added.

    What is added waits until a number is asked for: of many additions the days are put in order once.
    """

    __slots__ = ("_added", "_days", "_values")

    def __init__(self) -> None:
        self._days = [-NEVER]
        self._values = [0]
        self._added: dict[int, int] = {}

    def add(self, first: int, last: int, number: int) -> None:
        """Add `number` on each day from first to last."""
        added = self._added
        added[first] = added.get(first, 0) + number
        added[last + 1] = added.get(last + 1, 0) - number

    def at(self, day: int) -> int:
        """Return the number of a day."""
        if self._added:
            self._take_in()
        return self._values[bisect_right(self._days, day) - 1]

    def piece(self, day: int) -> tuple[int, int, int]:
        """Return (first day, last day, number) of the piece without a change that holds `day`."""
        if self._added:
            self._take_in()
        index = bisect_right(self._days, day)
        last = self._days[index] - 1 if index < len(self._days) else NEVER
        return self._days[index - 1], last, self._values[index - 1]

    def highest(self, first: int, last: int) -> int:
        """Return the largest number of the days from first to last."""
        if self._added:
            self._take_in()
        return max(self._values[bisect_right(self._days, first) - 1 : bisect_right(self._days, last)])

    def ends(self) -> tuple[int, int] | None:
        """Return the first and the last day with a number that is not 0; None without any."""
        if self._added:
            self._take_in()
        return (self._days[1], self._days[-1] - 1) if len(self._days) > 1 else None

    def _take_in(self) -> None:
        """Change the numbers between the first and the last day of what was added; beyond them nothing changes."""
        added, self._added = self._added, {}
        days, values = self._days, self._values
        begin, end = bisect_left(days, min(added)), bisect_right(days, max(added))
        before = dict(zip(days[begin:end], values[begin:end], strict=True))
        number, more, told = values[begin - 1], 0, values[begin - 1]
        new_days, new_values = [], []
        for day in sorted(before.keys() | added.keys()):
            number = before.get(day, number)
            more += added.get(day, 0)
            if number + more != told:
                told = number + more
                new_days.append(day)
                new_values.append(told)
        days[begin:end], values[begin:end] = new_days, new_values


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
