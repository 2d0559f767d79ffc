"""Tables for analysis: events, aggregates and alerts as Arrow, for Polars, pandas, DuckDB and whatever reads Arrow.

    from subscribers import analysis
    events = analysis.timeline("mali.archive")

The first argument of each function says of what: the data folder of a running service (`.vigil`), the address of a
cluster (`host:port`), or an archive as `vigil archive` writes it. With `as_of` (a time, a day, or their text) the
answer is what was known then: published by then, or with `axis="ingest"` taken in by then; a day is its last moment.
All raise `schemas.errors.VigilError` with one line that says what to do.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import orjson

from eventlog.archive import read_rows
from eventlog.archive_files import is_archive
from eventlog.node.folder import running
from schemas.aggregate import Window
from schemas.errors import BadInput, Misuse
from schemas.rule import RuleSet
from schemas.rule_text import parse_rules
from subscribers.aggregates import read_clock
from subscribers.exporting.arrow import table
from subscribers.exporting.columns import ALERT_COLUMNS, EVENT_COLUMNS, MEASURE_COLUMNS
from subscribers.exporting.measures import days_between, rows_of_days, rows_of_windows, windows_on
from subscribers.rules import read_rules
from subscribers.timeline import read_taken
from timeline.as_of import Axis, Taken, end_of_day, rollup_as_of, states_as_of
from timeline.identity import decode
from timeline.replay import alerts_lines
from timeline.rollup import Rollup
from timeline.times import DAY, day_number, microseconds

Source = str | Path
Time = str | date | datetime
T = TypeVar("T")
_ADDRESS = re.compile(r"[^\s,:/]+:\d{1,5}(,[^\s,:/]+:\d{1,5})*")


def timeline(
    source: Source = ".vigil", *, as_of: Time | None = None, axis: Axis = "publish", topic_prefix: str = ""
) -> Any:
    """Return the current state of each event, withdrawn ones too, by id: a pyarrow.Table, a row an event."""
    taken = _Log.find(source, topic_prefix).taken()
    return table(EVENT_COLUMNS, states_as_of(taken, _moment(as_of), axis).current())


def aggregates(
    source: Source = ".vigil",
    *,
    scopes: Sequence[str] = (),
    window: Window | None = None,
    at: Time | None = None,
    first: Time | None = None,
    last: Time | None = None,
    as_of: Time | None = None,
    axis: Axis = "publish",
    topic_prefix: str = "",
) -> Any:
    """Return measures of these scopes (of all, if none is named): a pyarrow.Table, a row a scope, window, day, measure.

    Without `first` and `last` the windows at one day: `at`, or the clock's. With them those of every day between, in
    which a measure that is 0 on some days has rows that say so.
    """
    if at is not None and (first is not None or last is not None):
        raise Misuse("at is one day, first and last are many; give one or the other")
    rollup = _Log.find(source, topic_prefix).rollup(as_of, axis)
    today = rollup.clock_day
    if today is None:
        return table(MEASURE_COLUMNS, ())
    chosen = frozenset(scopes)
    if first is None and last is None:
        lines = windows_on(rollup, today if at is None else _day(at), lambda s: not chosen or s in chosen, window)
        return table(MEASURE_COLUMNS, rows_of_windows(lines))
    until = today if last is None else _day(last)
    since = min((fact.first for fact in rollup.facts()), default=until) if first is None else _day(first)
    series = days_between(rollup, since, until, lambda _: True, scopes=chosen, window=window)
    return table(MEASURE_COLUMNS, rows_of_days(series))


def alerts(
    source: Source = ".vigil",
    *,
    rules: str | Path | None = None,
    as_of: Time | None = None,
    axis: Axis = "publish",
    topic_prefix: str = "",
) -> Any:
    """Return the alerts that stand: a pyarrow.Table, a row an alert, by first day, rule, scope and id.

    `rules` is a file of rules (a Path) or their text. Without it they are those in force in a running service.
    """
    log = _Log.find(source, topic_prefix)
    rollup = log.rollup(as_of, axis, log.rules_in_force() if rules is None else _read_rules(rules))
    return table(ALERT_COLUMNS, map(orjson.loads, alerts_lines(rollup)))


class _Log(NamedTuple):
    """Where assertions come from: a cluster (its address) or an archive."""

    bootstrap: str | None
    archive: Path | None
    prefix: str

    @classmethod
    def find(cls, source: Source, prefix: str) -> _Log:
        if isinstance(source, str) and _ADDRESS.fullmatch(source):
            return cls(source, None, prefix)
        path = Path(source)
        if is_archive(path):
            return cls(None, path, prefix)
        state = running(path / "broker")
        if state is None:
            raise Misuse(f"{source} is no archive, and no service runs in it; start one with `vigil up --dir {source}`")
        return cls(state.bootstrap, None, prefix)

    def taken(self) -> Iterable[Taken]:
        if self.archive is not None:
            return _archived(self.archive)
        return _await(read_taken(self.bootstrap or "", topic_prefix=self.prefix))

    def rollup(self, as_of: Time | None, axis: Axis, rules: RuleSet | None = None) -> Rollup:
        told = as_of is None and self.bootstrap is not None
        clock = _await(read_clock(self.bootstrap or "", topic_prefix=self.prefix)) if told else None
        return rollup_as_of(self.taken(), _moment(as_of), axis, rules, clock=clock)

    def rules_in_force(self) -> RuleSet:
        if self.bootstrap is None:
            raise Misuse(f"{self.archive} is an archive, which holds no rules; give rules")
        text = _await(read_rules(self.bootstrap, topic_prefix=self.prefix))
        return RuleSet() if text is None else parse_rules(text)


def _archived(path: Path) -> Iterator[Taken]:
    for batch in read_rows(path, ("event", "content", "ingest_time")):
        for event, content, ingest_time in batch:
            if event is not None:
                yield Taken(decode(event.encode(), content), ingest_time)


def _read_rules(rules: str | Path) -> RuleSet:
    try:
        return parse_rules(rules.read_text(encoding="utf-8") if isinstance(rules, Path) else rules)
    except BadInput as error:
        raise Misuse(f"rules: {error}") from error


def _moment(time: Time | None) -> int | None:
    return None if time is None else _microseconds(time)


def _microseconds(time: Time) -> int:
    """A time; a day (`2021-10-02`, or a date) is its last moment."""
    text = time if isinstance(time, str) else time.isoformat()
    try:
        return end_of_day(day_number(text)) if len(text) == len("2021-10-02") else microseconds(text)
    except (ValueError, TypeError) as error:
        raise Misuse(f"expected a day, or a time with its offset from UTC, found {text!r}") from error


def _day(day: Time) -> int:
    return _microseconds(day) // DAY


def _await(reading: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: a notebook has an event loop that runs already."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, reading).result()
