"""Aggregates as rows: one a scope, window, day and measure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

import orjson

from schemas.aggregate import MEASURES, PEOPLE, Window
from subscribers.exporting.columns import Members
from timeline.daily import Daily, daily, windows_at
from timeline.rollup import Rollup
from timeline.times import DAY, day_text

_NOTHING = {"certain": 0, "possible": 0}
_NOBODY = dict.fromkeys(_NOTHING, dict.fromkeys(("low", "best", "high"), 0))
Passes = Callable[[str], bool]


def windows_on(rollup: Rollup, day: int, passes: Passes, window: Window | None = None) -> Iterator[Members]:
    """Yield `{"scope", "window", "at", "measures"}` of each scope that passes and each window, at one day."""
    for scope, text in windows_at(rollup.facts(), day):
        if passes(scope):
            for name, measures in orjson.loads(text).items():
                if window in (None, name):
                    yield {"scope": scope, "window": name, "at": day_text(day), "measures": measures}


def days_between(
    rollup: Rollup, first: int, last: int, passes: Passes, *, scopes: Iterable[str] = (), window: Window | None = None
) -> Iterator[Members]:
    """Yield the same of every day from first to last, by scope, window and day; a window empty on all is left out.

    With `scopes` nothing is computed of others. Days after the clock's are not known yet: there are none.
    """
    facts = list(rollup.facts())
    last = last if rollup.clock is None else min(last, rollup.clock // DAY)
    named_scopes: list[str | None] = [*sorted(set(scopes))]
    for named in named_scopes or [None]:
        changes = daily(facts, last, named, window)
        for (scope, name), of_window in groupby(changes, key=lambda change: (change.scope, change.window)):
            if passes(scope):
                yield from _every_day(scope, name, list(of_window), first, last)


def rows_of_windows(lines: Iterable[Members]) -> Iterator[Members]:
    """Yield a row for each measure of windows at one day that is not 0."""
    for line in lines:
        for measure in sorted(line["measures"]):
            yield _row(line, measure)


def rows_of_days(lines: Iterable[Members]) -> Iterator[Members]:
    """Yield rows of `days_between`: of every day each measure that is not 0 on one of them, where it is 0 as 0."""
    for _, of_window in groupby(lines, key=lambda line: (line["scope"], line["window"])):
        days = list(of_window)
        measures = sorted({measure for line in days for measure in line["measures"]})
        for line in days:
            for measure in measures:
                yield _row(line, measure)


def rows_of_changes(lines: Iterable[Members]) -> Iterator[Members]:
    """Yield a row for every measure of each line, 0 ones too: a line says all that holds from its day on."""
    for line in lines:
        for measure in sorted(MEASURES):
            yield _row(line, measure)


def _every_day(scope: str, window: str, changes: list[Daily], first: int, last: int) -> Iterator[Members]:
    said = [(change.day, orjson.loads(change.measures)) for change in changes]
    before = [measures for day, measures in said if day <= first]
    current: Members = before[-1] if before else {}
    within = dict(said)
    if not current and not any(within[day] for day in within if day > first):
        return
    for day in range(first, last + 1):
        current = within.get(day, current)
        yield {"scope": scope, "window": window, "at": day_text(day), "measures": current}


def _row(line: Members, measure: str) -> Members:
    scope: str = line["scope"]
    base, _, feed = scope.partition("@")
    kind, _, name = base.partition(":")
    number: Members = line["measures"].get(measure) or (_NOBODY if measure in PEOPLE else _NOTHING)
    row: Members = {
        "scope": scope,
        "scope_kind": kind,
        "scope_name": name or None,
        "scope_feed": feed or None,
        "country": name if kind == "country" else None,
        "at": line["at"],
        "window": line["window"],
        "measure": measure,
        "feed": number.get("feed") or feed or None,
        "unknown": number.get("unknown", 0) if measure in PEOPLE else None,
    }
    for count in ("certain", "possible"):
        row |= _numbers(count, number[count])
    return row


def _numbers(name: str, number: Any) -> Members:
    """A count, or the best number of people with the lowest and the highest."""
    if isinstance(number, dict):
        return {name: number["best"], f"{name}_low": number["low"], f"{name}_high": number["high"]}
    return {name: number}
