"""Cover: the fewest weighted runs of days to take away so that what is left stays below a number on every day.

Rules kept here:
- The answer is a set that does it, and a proven number that no set can beat; where they meet, the set is smallest.
- Nothing depends on the order of the items, and the search ends after a count of choices, never by a clock.

How it is found. Only days whose items are not all on another day matter; stretches of them that share no item are
solved one by one. A day needs at least as many removals as its heaviest items make up for. The fewest removals that
meet all these counts are a bound from below, and exact when all weights are 1: a sweep finds them that takes, where
one is missing, the item that lasts longest. If greedy sets do not meet the bound, a second sweep keeps every choice
that may still be better. All that counts of a choice is how many it removed and what it leaves on the days to come.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import accumulate, zip_longest
from typing import NamedTuple

MOST_WORK = 1_000_000
"""Choices of the search times items of the stretch: about a second."""


class Item(NamedTuple):
    """What adds its weight (at least 1) to the days from first to last."""

    key: str
    first: int
    last: int
    weight: int


class Cover(NamedTuple):
    """Keys of items whose removal does it, sorted; no fewer than `at_least` can."""

    keys: tuple[str, ...]
    at_least: int

    @property
    def exact(self) -> bool:
        """Whether no smaller set exists."""
        return len(self.keys) == self.at_least


def fewest(items: Sequence[Item], below: int, *, most_work: int = MOST_WORK) -> Cover:
    """Return a smallest set of items without which the weights of every day sum to less than `below` (at least 1)."""
    keys: list[str] = []
    at_least = 0
    for stretch in _stretches(items, below - 1):
        sweep = _Sweep(stretch, below - 1)
        removed, bound = sweep.fewest(most_work // len(stretch))
        keys += [item.key for item in removed]
        at_least += bound
    return Cover(tuple(sorted(keys)), at_least)


def _stretches(items: Sequence[Item], room: int) -> Iterator[list[Item]]:
    """Yield items that hang together, with the numbers of the days that matter, from 0, in place of their days."""
    days = _days_that_matter(items, room)
    numbered = [
        item._replace(first=bisect_left(days, item.first), last=bisect_right(days, item.last) - 1) for item in items
    ]
    inside: list[Item] = []
    end = -1
    for item in sorted(numbered, key=_precedence):
        if item.first > item.last:
            continue
        if inside and item.first > end:
            yield _from_0(inside)
            inside = []
        inside.append(item)
        end = max(end, item.last)
    if inside:
        yield _from_0(inside)


def _from_0(items: list[Item]) -> list[Item]:
    start = items[0].first
    return [item._replace(first=item.first - start, last=item.last - start) for item in items]


def _precedence(item: Item) -> tuple[int, int, int, str]:
    """Of items that start together, those that would be removed before others come first."""
    return item.first, -item.last, -item.weight, item.key


def _days_that_matter(items: Sequence[Item], room: int) -> list[int]:
    """Return the days with too much, but those whose items are all on a later one too."""
    starts = sorted({item.first for item in items})
    ends = sorted(item.last for item in items)
    changes: dict[int, int] = {}
    for item in items:
        changes[item.first] = changes.get(item.first, 0) + item.weight
        changes[item.last + 1] = changes.get(item.last + 1, 0) - item.weight
    edges = sorted(changes)
    sums = list(accumulate(changes[edge] for edge in edges))
    days = []
    for day, later in zip_longest(starts, starts[1:]):
        ending = later is None or bisect_left(ends, later) > bisect_left(ends, day)
        if ending and sums[bisect_right(edges, day) - 1] > room:
            days.append(day)
    return days


class _Choice(NamedTuple):
    """What was removed of the items that started by some day, and `load`: what the others leave on each day after it.

    `at_least`: no whole set with this beginning is smaller.
    """

    at_least: int
    removed: int
    load: tuple[int, ...]
    before: _Choice | None
    items: tuple[Item, ...]


class _Sweep:
    """One stretch: `room` is what may be left on each of its days."""

    def __init__(self, items: list[Item], room: int) -> None:
        self._room = room
        self._days = max(item.last for item in items) + 1
        self._starting: list[list[Item]] = [[] for _ in range(self._days)]
        self._on: list[list[Item]] = [[] for _ in range(self._days)]
        for item in items:
            self._starting[item.first].append(item)
        for item in sorted(items, key=lambda item: -item.weight):
            for day in range(item.first, item.last + 1):
                self._on[day].append(item)
        self._earliest = [min(item.first for item in on) for on in self._on]
        self._heaviest: dict[tuple[int, int], list[int]] = {}

    def fewest(self, most_choices: int) -> tuple[set[Item], int]:
        """Return (items to remove, how many are needed at least)."""
        greedy = [self._spared(self._greedy(value)) for value in _VALUES]
        best = min(greedy, key=len)
        bound = self._at_least(-1, ())
        return (best, bound) if len(best) == bound else self._search(best, bound, most_choices)

    def _greedy(self, value: Callable[[Item, int], tuple[int, int]]) -> set[Item]:
        """Remove, on each day with too much, what has the greatest value on that day."""
        removed: set[Item] = set()
        for day in range(self._days):
            active = [item for item in self._on[day] if item not in removed]
            load = sum(item.weight for item in active)
            while load > self._room:
                item = max(active, key=lambda item: value(item, day))
                active.remove(item)
                removed.add(item)
                load -= item.weight
        return removed

    def _spared(self, removed: set[Item]) -> set[Item]:
        """Return the set without what turned out not to be needed, the least first."""
        left = [self._room - sum(item.weight for item in on if item not in removed) for on in self._on]
        for item in sorted(removed, key=lambda item: (item.weight * (item.last - item.first + 1), item)):
            if min(left[item.first : item.last + 1]) >= item.weight:
                removed.remove(item)
                for day in range(item.first, item.last + 1):
                    left[day] -= item.weight
        return removed

    def _at_least(self, done: int, load: tuple[int, ...]) -> int:
        """Return how many of the items that start after day `done` must go, with this load on the days after it."""
        needed = going = 0
        longest: list[int] = []
        ended = [0] * (self._days + 1)
        for day in range(done + 1, self._days):
            for item in self._starting[day]:
                heappush(longest, -item.last)
            going -= ended[day]
            left = day - done - 1
            count = self._count(done, day, self._room - (load[left] if left < len(load) else 0))
            while going < count:
                ended[1 - heappop(longest)] += 1
                going += 1
                needed += 1
        return needed

    def _count(self, done: int, day: int, room: int) -> int:
        """Return how many of the heaviest items of a day, started after `done`, must go for the others to have room."""
        # Before the first start of a day's items it is all the same what is done.
        key = max(done, self._earliest[day] - 1), day
        sums = self._heaviest.get(key)
        if sums is None:
            sums = list(accumulate([item.weight for item in self._on[day] if item.first > done], initial=0))
            self._heaviest[key] = sums
        return bisect_left(sums, sums[-1] - room)

    def _search(self, best: set[Item], bound: int, most_choices: int) -> tuple[set[Item], int]:
        """Return a smaller set than `best` if there is one, and the bound that is proven in the end."""
        choices = [_Choice(bound, 0, (), None, ())]
        looked = 0
        for day in range(self._days):
            distinct: dict[tuple[int, ...], _Choice] = {}
            for choice in choices:
                for after in self._after(choice, day):
                    looked += 1
                    if looked > most_choices:
                        return best, min(each.at_least for each in choices)
                    same = distinct.get(after.load)
                    if after.removed < len(best) and (same is None or after.removed < same.removed):
                        distinct[after.load] = after
            choices = []
            for choice in sorted(distinct.values(), key=lambda choice: (choice.removed, sum(choice.load))):
                at_least = max(choice.at_least, choice.removed + self._at_least(day, choice.load))
                if at_least < len(best) and not any(_no_worse(other, choice) for other in choices):
                    choices.append(choice._replace(at_least=at_least))
            if not choices:
                return best, len(best)
        return _items(choices[0]), choices[0].removed

    def _after(self, choice: _Choice, day: int) -> Iterator[_Choice]:
        """Yield what can be removed of the items that start on a day."""
        starting = self._starting[day]
        load = choice.load or (0,)
        for removed in _removals(starting, self._room - load[0]):
            rest = list(load[1:])
            for item in starting:
                if item not in removed:
                    rest += [0] * (item.last - day - len(rest))
                    for index in range(item.last - day):
                        rest[index] += item.weight
            yield _Choice(choice.at_least, choice.removed + len(removed), tuple(rest), choice, removed)


_VALUES: tuple[Callable[[Item, int], tuple[int, int]], ...] = (
    lambda item, day: (item.weight * (item.last - day + 1), item.weight),
    lambda item, _: (item.weight, item.last),
    lambda item, _: (item.last, item.weight),
)


def _removals(items: list[Item], room: int) -> Iterator[tuple[Item, ...]]:
    """Yield the sets of these items, in their precedence and starting together, whose removal leaves no more than room.

    An item that is no longer and no heavier than another is never removed without it: the other would do as well.
    """
    weights = [item.weight for item in items]

    def removals(index: int, removed: tuple[Item, ...], heaviest: int, kept: int) -> Iterator[tuple[Item, ...]]:
        if index == len(items):
            yield removed
            return
        weight = weights[index]
        with_it = max(heaviest, weight)
        # Whatever is no heavier than what is kept will have to be kept too: no beginning leads nowhere.
        if kept + weight + sum([later for later in weights[index + 1 :] if later <= with_it]) <= room:
            yield from removals(index + 1, removed, with_it, kept + weight)
        if weight > heaviest:
            yield from removals(index + 1, (*removed, items[index]), heaviest, kept)

    return removals(0, (), 0, 0)


def _no_worse(one: _Choice, other: _Choice) -> bool:
    return one.removed <= other.removed and all(
        mine <= theirs for mine, theirs in zip_longest(one.load, other.load, fillvalue=0)
    )


def _items(choice: _Choice | None) -> set[Item]:
    items: set[Item] = set()
    while choice is not None:
        items.update(choice.items)
        choice = choice.before
    return items
