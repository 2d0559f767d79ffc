"""What `vigil export` writes: of the running service or of archives, as known now or at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cli.archives.reading import archived
from cli.settings import Settings, find_bootstrap
from schemas.aggregate import Window
from subscribers.exporting.columns import Members
from subscribers.exporting.measures import days_between, rows_of_days, rows_of_windows, windows_on
from timeline.as_of import Axis, Taken, rollup_as_of, states_as_of
from timeline.filters import Filters
from timeline.rollup import Rollup
from timeline.times import day_number


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: of which source, of which part, and as known when (None: now)."""

    settings: Settings
    archives: tuple[str, ...]
    filters: Filters
    as_of: int | None
    axis: Axis


def event_states(question: Question, *, asserted: bool) -> Iterator[Members]:
    """Yield the current state of each event that passes, by id; with `asserted` no withdrawn ones."""
    for state in states_as_of(_taken(question), question.as_of, question.axis).current():
        if question.filters.event(state) and not (asserted and state["state"] == "withdrawn"):
            yield state


def measure_lines(question: Question, *, at: str | None, window: Window | None) -> Iterator[Members]:
    """Yield `{"at", "measures", "scope", "window"}` of each scope that passes: at one day, or of every day between."""
    rollup, filters = _rollup(question), question.filters
    today = rollup.clock_day
    if today is None:
        return
    if filters.first or filters.last:
        first = day_number(filters.first) if filters.first else _first_day(rollup)
        last = min(today, day_number(filters.last) if filters.last else today)
        scopes = filters.scope if filters.only_scope else ()
        yield from days_between(rollup, first, last, filters.windows, scopes=scopes, window=window)
    else:
        yield from windows_on(rollup, today if at is None else day_number(at), filters.windows, window)


def measure_rows(question: Question, *, at: str | None, window: Window | None) -> Iterator[Members]:
    """Yield a row for each measure of these."""
    lines = measure_lines(question, at=at, window=window)
    by_day = question.filters.first or question.filters.last
    yield from rows_of_days(lines) if by_day else rows_of_windows(lines)


def _rollup(question: Question) -> Rollup:
    running = question.as_of is None and not question.archives
    clock = _told_clock(question.settings) if running else None
    return rollup_as_of(_taken(question), question.as_of, question.axis, clock=clock)


def _taken(question: Question) -> Iterable[Taken]:
    if question.archives:
        return archived(question.archives)
    from subscribers.timeline import read_taken as read_timeline  # noqa: PLC0415 - its clients take time to load

    bootstrap = find_bootstrap(question.settings)
    return asyncio.run(read_timeline(bootstrap, topic_prefix=question.settings.topic_prefix))


def _told_clock(settings: Settings) -> int | None:
    """Return the clock of the running service, which ticks move too."""
    from subscribers.aggregates import read_clock  # noqa: PLC0415 - its clients take time to load

    return asyncio.run(read_clock(find_bootstrap(settings), topic_prefix=settings.topic_prefix))


def _first_day(rollup: Rollup) -> int:
    return min((fact.first for fact in rollup.facts()), default=0)
