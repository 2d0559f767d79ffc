"""Windows: what each feed's events add to the windows of a scope at one day.

Rules kept here:
- The window of w days at day d is the w UTC days that end with d. An event is certain in it when its whole interval
  lies inside, possible when it overlaps.
- The windows end with the same day, so each holds the shorter ones: an event is kept with the shortest that it lies in,
  and the numbers of a window are sums over it and the shorter ones.
"""

from __future__ import annotations

from schemas.aggregate import WINDOWS
from timeline.facts import Fact
from timeline.measure_text import Written, largest_json, own_json, write_measures
from timeline.measures import Amounts, Vector

_WIDTHS = tuple(WINDOWS.values())
_NAMES = tuple(WINDOWS)
NOWHERE = len(_WIDTHS)
OUTSIDE = (NOWHERE, NOWHERE)
_LONGEST = _WIDTHS[-1]
_LEVELS = tuple([next(level for level, width in enumerate(_WIDTHS) if age < width) for age in range(_LONGEST)])


def levels_at(fact: Fact, day: int) -> tuple[int, int]:
    """Return the shortest window at `day` in which the event is certain, and possible; NOWHERE for none."""
    if fact.first > day or day - fact.last >= _LONGEST:
        return OUTSIDE
    if fact.last > day:
        return NOWHERE, 0
    age = day - fact.first
    return _LEVELS[age] if age < _LONGEST else NOWHERE, _LEVELS[day - fact.last]


def days_that_matter(before: int, after: int) -> list[range]:
    """Return the days on which an event starts or ends whose windows change when the clock moves between two days."""
    return [range(before + 1, after + 1), *[range(before - w + 1, after - w + 1) for w in _WIDTHS]]


class FeedWindows:
    """One feed's part of a scope: the number of its current events, and sparse sums by level."""

    __slots__ = ("certain", "events", "possible")

    def __init__(self) -> None:
        self.events = 0
        self.certain: dict[int, Vector] = {}
        self.possible: dict[int, Vector] = {}

    def add(self, fact: Fact, levels: tuple[int, int], sign: int) -> None:
        """Add (sign 1) or take back (sign -1) an event that lies in these levels."""
        certain, possible = levels
        if certain != NOWHERE:
            _add(self.certain, certain, fact.amounts, sign)
        if possible != NOWHERE:
            _add(self.possible, possible, fact.possible_amounts, sign)

    def written(self) -> list[list[Written]]:
        """Return the measures of each window, shortest first; a window that adds nothing shares those before it."""
        windows: list[list[Written]] = []
        certain: Vector = {}
        possible: Vector = {}
        for level in range(NOWHERE):
            more_certain, more_possible = self.certain.get(level), self.possible.get(level)
            if more_certain or more_possible or not windows:
                certain, possible = _sum(certain, more_certain), _sum(possible, more_possible)
                windows.append(write_measures(certain, possible))
            else:
                windows.append(windows[-1])
        return windows


def windows_json(feeds: dict[str, FeedWindows]) -> list[tuple[str, str]]:
    """Return (suffix, all windows as canonical JSON) of a scope: "" for the scope, "@<feed>" for each feed's own."""
    written = {feed: windows.written() for feed, windows in sorted(feeds.items())}
    largest = [largest_json({feed: windows[level] for feed, windows in written.items()}) for level in range(NOWHERE)]
    own = [("@" + feed, _named([own_json(measures) for measures in windows])) for feed, windows in written.items()]
    return [("", _named(largest)), *own]


_SORTED = sorted(range(NOWHERE), key=lambda level: _NAMES[level])


def _named(measures: list[str]) -> str:
    return "{" + ",".join([f'"{_NAMES[level]}":{measures[level]}' for level in _SORTED]) + "}"


def _add(sums: dict[int, Vector], level: int, amounts: Amounts, sign: int) -> None:
    vector = sums.setdefault(level, {})
    for slot, number in amounts:
        total = vector.get(slot, 0) + sign * number
        if total:
            vector[slot] = total
        else:
            del vector[slot]
    if not vector:
        del sums[level]


def _sum(vector: Vector, more: Vector | None) -> Vector:
    if not more:
        return vector
    total = dict(vector)
    for slot, number in more.items():
        total[slot] = total.get(slot, 0) + number
    return total
