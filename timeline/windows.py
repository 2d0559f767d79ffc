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
from timeline.measures import Amounts, Vector, largest_json, measures_json

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
            _add(self.possible, possible, fact.amounts, sign)
            _add(self.possible, possible, fact.unknown, sign)

    def vectors(self) -> list[tuple[Vector, Vector]]:
        """Return (certain, possible) of each window, shortest first."""
        return list(zip(_running(self.certain), _running(self.possible), strict=True))


def windows_json(feeds: dict[str, FeedWindows]) -> list[tuple[str, str]]:
    """Return (suffix, all windows as canonical JSON) of a scope: "" for the scope, "@<feed>" for each feed's own."""
    vectors = {feed: windows.vectors() for feed, windows in feeds.items()}
    own = [("@" + feed, _written([measures_json(*window) for window in said])) for feed, said in vectors.items()]
    levels = range(NOWHERE)
    return [("", _written([largest_json({feed: said[n] for feed, said in vectors.items()}) for n in levels])), *own]


_SORTED = sorted(range(NOWHERE), key=lambda level: _NAMES[level])


def _written(measures: list[str]) -> str:
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


def _running(sums: dict[int, Vector]) -> list[Vector]:
    """Return the sums up to each level; levels that add nothing share their vector."""
    total: Vector = {}
    running = []
    for level in range(NOWHERE):
        added = sums.get(level)
        if added:
            total = dict(total)
            for slot, number in added.items():
                total[slot] = total.get(slot, 0) + number
        running.append(total)
    return running
