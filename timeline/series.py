"""Series: a number for each day, group by group and feed by feed, that rules of several kinds read.

Rules kept here:
- The number is defined for every day along event time, without the clock.
- An event adds its number to a run of days: certain from its last day to first + w - 1, possible from its first day to
  last + w - 1. Rules of the same predicate, measure, window and count share a series.
- A group is a scope, or a scope and an actor or method in it. Feeds are not summed.
- Only groups and days that an event touches are looked at again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple, Protocol

from timeline.alerts import Cause, Found
from timeline.entries import NEVER, Entry
from timeline.facts import Fact, Roles
from timeline.nearby import Nearby
from timeline.runs import Days, merged
from timeline.scopes import scope_kind
from timeline.steps import Steps

EVERY_EVENT = -1
"""In place of a measure's slot: each event that satisfies the predicate counts 1."""


class SeriesKey(NamedTuple):
    """What makes the numbers of a series; rules that agree in it share one.

    `of` is "" for groups that are scopes, else what of an event makes the group: its actors (in a role) or its method.
    """

    predicate: int
    slot: int
    width: int
    certain: bool
    of: str = ""
    role: str | None = None


class Group(NamedTuple):
    """A scope, and the actor or method in it, as `actor:jnim`; "" where the whole scope counts."""

    scope: str
    subject: str


class Touched(NamedTuple):
    """Runs of days whose numbers may have changed, and the largest number that any feed has on them.

    All that changed them was published at `since` or later: what was known before then is as it was.
    """

    days: list[Days]
    highest: int
    since: int

    def hold(self, day: int) -> bool:
        """Return whether the number of this day may have changed."""
        return any(first <= day <= last for first, last in self.days)


class _Touches:
    """What touched a group since the last time."""

    __slots__ = ("days", "since")

    def __init__(self) -> None:
        self.days: list[Days] = []
        self.since = NEVER


class Reader(Protocol):
    """A rule that reads a series."""

    scope: str

    def form(self, series: Series, group: Group, touched: Touched) -> Found | None:
        """Form the episodes again that changed numbers on these days of the group may have changed.

        None when there are none, and were none.
        """


class Series:
    """The numbers of every group of some kinds of scopes, and the rules that read them."""

    def __init__(self, key: SeriesKey) -> None:
        self.key = key
        self._readers: dict[str, list[Reader]] = {}
        self._kinds: frozenset[str] = frozenset()
        self._numbers: dict[Group, dict[str, Steps]] = {}
        self._nearby: Nearby[Group] = Nearby()
        self._touched: dict[Group, _Touches] = {}

    def read_by(self, reader: Reader) -> None:
        """Let a rule read this series; before anything is added."""
        self._readers.setdefault(reader.scope, []).append(reader)
        self._kinds = frozenset(self._readers)

    def update(self, entry: Entry) -> None:
        """Count the entry's current fact instead of the one that was counted, and ask again what its history decides.

        All its facts are noted: one that never was current can still hide another as of some time.
        """
        before, now = entry.counted, entry.current
        for _, fact in entry.versions:
            number = 0 if fact is None else self._amount(fact)
            if fact is None or not number:
                continue
            days = self.days(fact)
            if days[0] > days[1]:
                continue
            sign = (fact is now) - (fact is before)
            for group in self._groups(fact):
                self._nearby.note(group, entry, (fact.first, fact.last))
                touches = self._touched.get(group)
                if touches is None:
                    touches = self._touched[group] = _Touches()
                touches.days.append(days)
                touches.since = min(touches.since, entry.fresh)
                if sign:
                    feeds = self._numbers.setdefault(group, {})
                    if fact.feed not in feeds:
                        feeds[fact.feed] = Steps()
                    feeds[fact.feed].add(*days, sign * number)

    def settle(self) -> Iterator[Found]:
        """Form again what changed since the last time."""
        touched, self._touched = self._touched, {}
        for group, touches in touched.items():
            changed = self._see(group, touches)
            for reader in self._readers[scope_kind(group.scope)]:
                found = reader.form(self, group, changed)
                if found is not None:
                    yield found

    def numbers(self, group: Group, feed: str | None) -> dict[str, Steps]:
        """Return the numbers of a group by feed; of one feed only, if it is named."""
        feeds = self._numbers.get(group, {})
        if feed is None:
            return feeds
        return {feed: feeds[feed]} if feed in feeds else {}

    def days(self, fact: Fact) -> Days:
        """Return the days to which the event adds its number; none if the first is after the last."""
        last = self.key.width - 1
        return (fact.last, fact.first + last) if self.key.certain else (fact.first, fact.last + last)

    def number(self, fact: Fact | None, group: Group, day: int) -> int:
        """Return what the fact adds to the number of a group on a day."""
        if fact is None:
            return 0
        first, last = self.days(fact)
        return self.amount(fact, group) if first <= day <= last else 0

    def amount(self, fact: Fact, group: Group) -> int:
        """Return what the fact adds to the number of a group on each of its days."""
        return self._amount(fact) if group.scope in fact.scopes and group.subject in self._subjects(fact) else 0

    def near(self, group: Group, days: Days) -> set[Entry]:
        """Return the entries that ever added to one of these days, and maybe more."""
        # Noted where they happened, not for each day that they add to: a window may be years wide.
        return self._nearby.near(group, (days[0] - self.key.width + 1, days[1]))

    def before(self, group: Group, day: int) -> list[Entry]:
        """Return the entries that ever added to a day before this one, and maybe more; oldest first."""
        return self._nearby.before(group, day)

    def causes(self, group: Group, feeds: list[str], day: int) -> list[Cause]:
        """Return the events of these feeds that make the number of a day, by id."""
        return sorted(
            (entry.id, fact.content, fact.title, fact.feed)
            for entry in self.near(group, (day, day))
            if (fact := entry.current) is not None and fact.feed in feeds and self.number(fact, group, day)
        )

    def _see(self, group: Group, touches: _Touches) -> Touched:
        days = merged(touches.days)
        feeds = self._numbers.get(group, {}).values()
        highest = max([steps.highest(*run) for steps in feeds for run in days], default=0)
        return Touched(days, highest, touches.since)

    def _amount(self, fact: Fact) -> int:
        if self.key.predicate not in fact.satisfied:
            return 0
        if self.key.slot == EVERY_EVENT:
            return 1
        for slot, number in fact.amounts:
            if slot == self.key.slot:
                return number
        return 0

    def _groups(self, fact: Fact) -> tuple[Group, ...]:
        return _groups_of(fact.scopes, self._kinds, self._subjects(fact))

    def _subjects(self, fact: Fact) -> tuple[str, ...]:
        if not self.key.of:
            return ("",)
        if self.key.of == "method":
            return (f"method:{fact.method}",) if fact.method else ()
        return _actors_of(fact.actors, self.key.role)


@lru_cache(maxsize=65_536)
def _groups_of(scopes: tuple[str, ...], kinds: frozenset[str], subjects: tuple[str, ...]) -> tuple[Group, ...]:
    return tuple([Group(scope, subject) for scope in scopes if scope_kind(scope) in kinds for subject in subjects])


@lru_cache(maxsize=65_536)
def _actors_of(actors: Roles, role: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys([f"actor:{actor}" for actor, own in actors if role is None or own == role]))


def at(numbers: Mapping[str, Steps], day: int) -> dict[str, int]:
    """Return the number of each feed on a day."""
    return {feed: steps.at(day) for feed, steps in numbers.items()}
