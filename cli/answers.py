"""What a command prints: the core's lines, and of those the ones that pass the filters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson

from cli.output import encode_line
from schemas.aggregate import Window
from timeline.filters import Filters
from timeline.identity import Assertion
from timeline.replay import aggregates_lines, alerts_lines, timeline_lines, windows_at_lines, windows_lines
from timeline.rollup import Rollup
from timeline.times import day_number


def timeline_answer(assertions: Iterable[Assertion], filters: Filters) -> Iterator[bytes]:
    """Yield the current state of each event."""
    return select(timeline_lines(assertions), filters.event, everything=filters == Filters())


def windows_answer(rollup: Rollup, filters: Filters, *, window: Window | None, at: str | None) -> Iterator[bytes]:
    """Yield all windows, or the one named, of each scope: at the clock, or at a day."""
    lines = windows_lines(rollup) if at is None else windows_at_lines(rollup, day_number(at))
    chosen = select(lines, lambda line: filters.windows(line["scope"]), everything=filters == Filters())
    return chosen if window is None else (encode_line(only_window(orjson.loads(line), window)) for line in chosen)


def aggregates_answer(rollup: Rollup, filters: Filters, *, window: Window | None) -> Iterator[bytes]:
    """Yield the days on which the measures of a scope's window change."""
    # Of one scope alone the core computes no others.
    single = filters.scope[0] if len(filters.scope) == 1 and filters.only_scope else None
    lines = aggregates_lines(
        rollup,
        single,
        window,
        first=day_number(filters.first) if filters.first else None,
        last=day_number(filters.last) if filters.last else None,
    )
    everything = filters == Filters(first=filters.first, last=filters.last)
    return select(lines, lambda line: filters.windows(line["scope"]), everything=everything)


def alerts_answer(rollup: Rollup, filters: Filters) -> Iterator[bytes]:
    """Yield the alerts that stand."""
    return select(alerts_lines(rollup), filters.alert, everything=filters == Filters())


def select(lines: Iterable[bytes], passes: Callable[[dict[str, Any]], bool], *, everything: bool) -> Iterator[bytes]:
    """Yield the lines whose members pass; with `everything` all of them, unread."""
    return iter(lines) if everything else (line for line in lines if passes(orjson.loads(line)))


def only_window(aggregate: dict[str, Any], window: Window) -> dict[str, Any]:
    """Return the aggregate with one window left."""
    return {**aggregate, "windows": {window: aggregate["windows"][window]}}
