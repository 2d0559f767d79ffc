"""`vigil aggregates`: the rolling counts of every scope, at the clock, at a day, or day by day."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import get_args

import click

from cli.answers import aggregates_answer, only_window, windows_answer
from cli.filters import Day, filter_options
from cli.output import encode_line, write_lines
from cli.settings import Settings, find_bootstrap, with_settings
from schemas.aggregate import Window
from timeline.filters import Filters
from timeline.rollup import Rollup


@click.command()
@click.argument("scope", nargs=-1)
@click.option("--at", type=Day(), metavar="DAY", help="All windows at this day, not at the clock.")
@click.option("--window", type=click.Choice(get_args(Window)), help="Only this window.")
@click.option("--table", is_flag=True, help="A table for people.")
@filter_options("country", "actor", "feed", "first", "last")
@with_settings
def aggregates(settings: Settings, *, at: str | None, window: Window | None, table: bool, **given: object) -> None:
    """Print the rolling counts of every SCOPE (of all, if none is named), one line each, by scope.

    With --from or --until: a line for each day between on which a measure differs from the day before. A scope is
    named as world, region:002, country:MLI, admin1:ML-8, actor:jnim, mission:MINUSMA, each also for one feed alone
    (country:MLI@ucdp-ged, or --feed). Without options these are the bytes that `vigil replay --output windows`
    prints of the same log.

    \b
    Examples:
      vigil aggregates country:MLI mission:MINUSMA --window 30d --table
      vigil aggregates country:MLI --at 2021-10-31
      vigil aggregates country:MLI --window 7d --from 2021-01-01 --until 2021-12-31
    """
    filters = Filters(**given)  # type: ignore[arg-type]
    by_day = bool(filters.first or filters.last)
    if at and by_day:
        raise click.UsageError("--at is one day, --from and --until are many; give one or the other")
    bootstrap = find_bootstrap(settings)
    if by_day:
        lines = aggregates_answer(_fold(bootstrap, settings), filters, window=window)
    elif at:
        lines = windows_answer(_fold(bootstrap, settings), filters, window=window, at=at)
    else:
        lines = _newest(bootstrap, settings, filters, window)
    if table:
        from cli.tables import aggregates_table  # noqa: PLC0415

        aggregates_table(lines)
    else:
        write_lines(lines)


def _newest(bootstrap: str, settings: Settings, filters: Filters, window: Window | None) -> Iterator[bytes]:
    from subscribers.aggregates import at_the_clock, read_aggregates  # noqa: PLC0415 - its clients take time to load

    newest = asyncio.run(read_aggregates(bootstrap, topic_prefix=settings.topic_prefix))
    for aggregate in at_the_clock(newest):
        if filters.windows(aggregate["scope"]):
            yield encode_line(aggregate if window is None else only_window(aggregate, window))


def _fold(bootstrap: str, settings: Settings) -> Rollup:
    """Other days are computed from the timeline; the clock, which ticks move too, is the one that was told."""
    from subscribers.aggregates import at_the_clock, read_aggregates  # noqa: PLC0415 - its clients take time to load
    from subscribers.timeline import read_assertions  # noqa: PLC0415
    from timeline.replay import fold  # noqa: PLC0415
    from timeline.times import microseconds  # noqa: PLC0415

    assertions = asyncio.run(read_assertions(bootstrap, topic_prefix=settings.topic_prefix))
    newest = asyncio.run(read_aggregates(bootstrap, topic_prefix=settings.topic_prefix))
    rollup = fold(assertions)
    for aggregate in at_the_clock(newest):
        rollup.tick(microseconds(aggregate["clock"]))
        break
    rollup.settle()
    return rollup
