"""Replay: the final state of a set of assertions, as lines of canonical JSON.

The same core as live processing, in memory. Each function yields lines without the line end, sorted as
INTERFACES says: what the live topics hold of the same log prints the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import orjson

from schemas.aggregate import Window
from schemas.rule import RuleSet
from timeline.daily import daily, windows_at
from timeline.identity import Assertion
from timeline.rollup import Rollup
from timeline.states import States, state_json
from timeline.telling import aggregate_json
from timeline.times import DAY, day_text, time_text
from timeline.transitions import Record


def fold(assertions: Iterable[Assertion], rules: RuleSet | None = None) -> Rollup:
    """Return the settled rollup of these assertions, in any order."""
    rollup = Rollup(RuleSet() if rules is None else rules)
    for statement in assertions:
        rollup.apply(statement)
    rollup.settle()
    return rollup


def timeline_lines(assertions: Iterable[Assertion]) -> Iterator[bytes]:
    """Yield the current state of each id, by id."""
    states = States()
    for statement in assertions:
        states.apply(statement)
    for state in states.current():
        yield state_json(state)


def windows_lines(rollup: Rollup) -> Iterator[bytes]:
    """Yield all windows of each scope at the clock, by scope."""
    if rollup.clock is None:
        return
    clock = time_text(rollup.clock)
    said = sorted(entry for base in rollup.scopes() for entry in rollup.windows(base))
    for scope, windows in said:
        yield aggregate_json(scope, clock, windows.encode())


def windows_at_lines(rollup: Rollup, day: int) -> Iterator[bytes]:
    """Yield all windows of each scope at a day, by scope."""
    if rollup.clock is None:
        return
    clock = time_text(rollup.clock)
    for scope, windows in windows_at(rollup.facts(), day):
        yield b'{"at":"%s",' % day_text(day).encode() + aggregate_json(scope, clock, windows.encode())[1:]


def aggregates_lines(
    rollup: Rollup,
    scope: str | None = None,
    window: Window | None = None,
    *,
    first: int | None = None,
    last: int | None = None,
) -> Iterator[bytes]:
    """Yield a line for each day from `first` to `last` on which a measure differs from the day before."""
    if rollup.clock is None:
        return
    until = rollup.clock // DAY
    for change in daily(rollup.facts(), until if last is None else min(last, until), scope, window):
        if first is None or change.day >= first:
            yield b'{"at":"%s","measures":%s,"scope":%s,"window":"%s"}' % (
                day_text(change.day).encode(),
                change.measures.encode(),
                orjson.dumps(change.scope),
                change.window.encode(),
            )


def alerts_lines(rollup: Rollup) -> Iterator[bytes]:
    """Yield the standing alerts, by first day, rule, scope and id."""
    day = rollup.clock_day
    if day is None:
        return
    members = [episode.members(day) for pair in rollup.alerts() for episode in rollup.episodes(pair)]
    yield from standing_lines(members)


def standing_lines(alerts: Iterable[Record]) -> Iterator[bytes]:
    """Yield standing alerts as lines, sorted."""
    for alert in sorted(alerts, key=lambda a: (a["first_day"], a["rule"], a["scope"], a["id"])):
        yield orjson.dumps(alert, option=orjson.OPT_SORT_KEYS)
