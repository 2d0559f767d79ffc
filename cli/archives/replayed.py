"""What `vigil replay` prints: the final state of archives or of the running service's log, or its history by days."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from cli.answers import aggregates_answer, alerts_answer, timeline_answer, windows_answer
from cli.archives.reading import archived
from cli.output import encode_line
from cli.progress_bar import with_progress
from cli.ruling.files import check_rules, default_rules
from cli.settings import Settings, find_bootstrap
from cli.yaml_page import read_text
from eventlog.archive_files import is_archive
from schemas.aggregate import Window
from schemas.rule import RuleSet
from schemas.rule_text import parse_rules
from timeline.as_of import end_of_day
from timeline.filters import Filters
from timeline.history import history
from timeline.replay import fold
from timeline.times import day_number, day_text

if TYPE_CHECKING:
    from subscribers.exporting.columns import Column
    from timeline.as_of import Axis, Taken

Members = dict[str, Any]
_NO_RULES = "rules: []\n"


@dataclass(frozen=True, slots=True)
class Log:
    """What is replayed: archives, or without any the log of the running service."""

    settings: Settings
    archives: tuple[str, ...]
    rules_file: str | None

    def taken(self) -> Iterator[Taken]:
        """Yield every assertion, and when the log took it. Raises: Failed when that cannot be read."""
        if self.archives:
            return with_progress(archived(self.archives), "reading", total=_rows(self.archives))
        from subscribers.timeline import read_taken  # noqa: PLC0415 - its clients take time to load

        read = read_taken(find_bootstrap(self.settings), topic_prefix=self.settings.topic_prefix)
        return with_progress(asyncio.run(read), "replaying")

    def rules(self) -> tuple[str, RuleSet]:
        """Return the rules as text and as read: of the file; else those in force, or of an archive the default ones."""
        if self.rules_file is not None:
            text = read_text(self.rules_file)
            return text, check_rules(text, self.rules_file)
        text = default_rules() if self.archives else self._rules_in_force()
        # What stands in a log is taken as it is, also what a file would be refused for by now.
        return text, parse_rules(text)

    def clock(self) -> int | None:
        """Return the clock that the running service told, which ticks move on; an archive has no other than its own."""
        if self.archives:
            return None
        from subscribers.aggregates import read_clock  # noqa: PLC0415 - its clients take time to load

        return asyncio.run(read_clock(find_bootstrap(self.settings), topic_prefix=self.settings.topic_prefix))

    def _rules_in_force(self) -> str:
        from subscribers.rules import read_rules  # noqa: PLC0415 - its clients take time to load

        text = asyncio.run(read_rules(find_bootstrap(self.settings), topic_prefix=self.settings.topic_prefix))
        return _NO_RULES if text is None else text


def final_lines(
    log: Log, output: str, filters: Filters, *, window: Window | None, at: str | None, clock: int | None
) -> Iterator[bytes]:
    """Yield the final state, sorted; `clock` moves the log's own on, never back."""
    rules = log.rules()[1]
    assertions = (each.statement for each in log.taken())
    if output == "timeline":
        return timeline_answer(assertions, filters)
    rollup = fold(assertions, rules if output == "alerts" else None)
    for time in (clock, log.clock()):
        if time is not None:
            rollup.tick(time)
            rollup.settle()
    if output == "alerts":
        return alerts_answer(rollup, filters)
    if output == "windows":
        return windows_answer(rollup, filters, window=window, at=at)
    return aggregates_answer(rollup, filters, window=window)


def history_lines(log: Log, filters: Filters, *, axis: Axis) -> Iterator[tuple[int, list[bytes]]]:
    """Yield (last moment of day K, transitions that pass); days without any are left out.

    `--from` and `--until` are days K.
    """
    passing = dataclasses.replace(filters, first=None, last=None)
    days = history(
        log.taken(),
        log.rules()[1],
        axis=axis,
        first=day_number(filters.first) if filters.first else None,
        last=day_number(filters.last) if filters.last else None,
    )
    # Where lines go to a terminal too, they are the progress.
    shown = days if sys.stdout.isatty() else with_progress(days, "telling", where=lambda told: day_text(told[0]))
    for day, transitions in shown:
        lines = [encode_line({"as_of": day_text(day), **each}) for each in transitions if passing.alert(each)]
        if lines:
            yield end_of_day(day), lines


def write_table(lines: Iterable[bytes], output: str, out: BinaryIO) -> int:
    """Write lines of this output (or of `history`) as Parquet, and return how many rows those are."""
    from subscribers.exporting.files import write_export  # noqa: PLC0415 - only where it is asked for

    return write_export("parquet", _columns(output), _table_rows(map(orjson.loads, lines), output), out)


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage meanwhile: a replay makes millions of objects that stay, and no cycles."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _columns(output: str) -> tuple[Column, ...]:
    from subscribers.exporting.columns import (  # noqa: PLC0415
        ALERT_COLUMNS,
        EVENT_COLUMNS,
        MEASURE_COLUMNS,
        TRANSITION_COLUMNS,
    )

    return {"timeline": EVENT_COLUMNS, "alerts": ALERT_COLUMNS, "history": TRANSITION_COLUMNS}.get(
        output, MEASURE_COLUMNS
    )


def _table_rows(members: Iterable[Members], output: str) -> Iterable[Members]:
    from subscribers.exporting.measures import rows_of_days, rows_of_windows  # noqa: PLC0415

    if output == "aggregates":
        return rows_of_days(members)
    return rows_of_windows(_each_window(members)) if output == "windows" else members


def _each_window(aggregates: Iterable[Members]) -> Iterator[Members]:
    for each in aggregates:
        at = each["at"] if "at" in each else each["clock"][:10]
        for name, measures in each["windows"].items():
            yield {"scope": each["scope"], "window": name, "at": at, "measures": measures}


def _rows(archives: tuple[str, ...]) -> int | None:
    """Return how many rows these have; None where lines are among them, which nobody has counted."""
    if not all(is_archive(Path(name)) for name in archives):
        return None
    from eventlog.archive import count_rows  # noqa: PLC0415 - takes time to load

    return sum(count_rows(Path(name)) for name in archives)
