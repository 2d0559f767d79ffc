"""Daily aggregates: the windows of each day on which they differ from the day before.

The value of any day is that of the last line at or before it. Unlike the rollup this is computed from scratch: sums of
differences along event time, feed by feed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from schemas.aggregate import WINDOWS, Window
from timeline.facts import Fact
from timeline.measure_text import largest_json, own_json, write_measures
from timeline.measures import Amounts, Vector
from timeline.windows import FeedWindows, levels_at, windows_json

Change = tuple[int, str, bool, int, Amounts]
"""Day, feed, whether to the certain or the possible numbers, sign, what changes."""


class Daily(NamedTuple):
    """The measures (canonical JSON) of a scope's window from a day on."""

    scope: str
    window: Window
    day: int
    measures: str


def daily(facts: Iterable[Fact], until: int, scope: str | None = None, window: Window | None = None) -> Iterator[Daily]:
    """Yield the days up to `until` on which measures change, by scope, window, day; of one scope or window if asked."""
    by_scope: dict[str, list[Fact]] = {}
    base, _, _ = scope.partition("@") if scope else ("", "", "")
    for fact in facts:
        for name in fact.scopes:
            if not base or name == base:
                by_scope.setdefault(name, []).append(fact)
    names = sorted(
        name + suffix
        for name, members in by_scope.items()
        for suffix in {"", *["@" + fact.feed for fact in members]}
        if scope in (None, name + suffix)
    )
    for name in names:
        base, _, feed = name.partition("@")
        members = [fact for fact in by_scope[base] if feed in ("", fact.feed)]
        for width_name in WINDOWS if window is None else (window,):
            for day, measures in _changes_of(members, WINDOWS[width_name], until, named=not feed):
                yield Daily(name, width_name, day, measures)


def windows_at(facts: Iterable[Fact], day: int) -> Iterator[tuple[str, str]]:
    """Yield (scope, all windows as canonical JSON) of a day, by scope."""
    scopes: dict[str, dict[str, FeedWindows]] = {}
    for fact in facts:
        levels = levels_at(fact, day)
        for scope in fact.scopes:
            scopes.setdefault(scope, {}).setdefault(fact.feed, FeedWindows()).add(fact, levels, 1)
    said = [(base + suffix, text) for base, feeds in scopes.items() for suffix, text in windows_json(feeds)]
    yield from sorted(said)


def _changes_of(facts: list[Fact], width: int, until: int, *, named: bool) -> Iterator[tuple[int, str]]:
    numbers: dict[str, tuple[Vector, Vector]] = {feed: ({}, {}) for feed in sorted({fact.feed for fact in facts})}
    written = "{}"
    changes = sorted(_all_changes(facts, width))
    for index, (day, feed, certain, sign, amounts) in enumerate(changes):
        if day > until:
            return
        vector = numbers[feed][0 if certain else 1]
        for slot, number in amounts:
            vector[slot] = vector.get(slot, 0) + sign * number
        if index + 1 < len(changes) and changes[index + 1][0] == day:
            continue
        said = {name: write_measures(*vectors) for name, vectors in numbers.items()}
        measures = largest_json(said) if named else own_json(said[feed])
        if measures != written:
            written = measures
            yield day, measures


def _all_changes(facts: Iterable[Fact], width: int) -> Iterator[Change]:
    for fact in facts:
        certain = (fact.last, fact.first + width)
        if certain[0] < certain[1]:
            yield certain[0], fact.feed, True, 1, fact.amounts
            yield certain[1], fact.feed, True, -1, fact.amounts
        yield fact.first, fact.feed, False, 1, fact.possible_amounts
        yield fact.last + width, fact.feed, False, -1, fact.possible_amounts
