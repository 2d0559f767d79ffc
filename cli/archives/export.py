"""`vigil export`: events or aggregates, as known at any time, in the formats that other tools read."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, get_args

import click

from cli.filters import Day, Time, filter_options, refuse
from cli.output import encode_line, replaced, write_object
from cli.settings import Settings, with_settings
from schemas.aggregate import Window
from timeline.filters import Filters

if TYPE_CHECKING:
    from subscribers.exporting.columns import Column, Members
    from timeline.as_of import Axis

FORMATS = ("parquet", "csv", "hxl", "geojson", "jsonl")
_STANDING = ("hxl", "geojson")
"""Formats that hold no withdrawn events: who reads a map or a table of affected people looks for no such column."""
_NO_FILTER = {"timeline": ("window", "at"), "aggregates": ("type",)}


class Moment(click.ParamType):
    """A time, or a day, which is its last moment; as microseconds since 1970."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the time, or refuse what is none."""
        from timeline.as_of import end_of_day  # noqa: PLC0415 - only where a time is given
        from timeline.times import day_number  # noqa: PLC0415

        with contextlib.suppress(ValueError):
            return end_of_day(day_number(value))
        return Time().convert(value, param, ctx)


@click.command()
@click.option("--format", "form", type=click.Choice(FORMATS), required=True, help="What is written.")
@click.option("--what", type=click.Choice(tuple(_NO_FILTER)), default="timeline", show_default=True)
@click.option("--archive", "archives", multiple=True, metavar="FILE", help="Of this archive, not of the service.")
@click.option("--as-of", type=Moment(), metavar="TIME", help="As known at this time, or at the end of this day.")
@click.option("--axis", type=click.Choice(("publish", "ingest")), help="Known: published [default], or taken in.")
@click.option("--at", type=Day(), metavar="DAY", help="Windows at this day [default: that of --as-of, or the clock's].")
@click.option("--window", type=click.Choice(get_args(Window)), help="Only this window.")
@click.option("--output", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="[default: stdout]")
@filter_options("scope", "country", "type", "actor", "feed", "first", "last")
@with_settings
def export(
    settings: Settings,
    *,
    form: str,
    what: str,
    archives: tuple[str, ...],
    as_of: int | None,
    axis: Axis | None,
    at: str | None,
    window: Window | None,
    output: Path | None,
    **given: Any,
) -> None:
    """Write what was known at a time, for spreadsheets, maps, notebooks and databases.

    \b
    timeline    the current state of each event; --from and --until are about when it happened
    aggregates  the windows at one day, or with --from or --until of every day between

    Without --as-of it is what is known now. Withdrawn events are in parquet, csv and jsonl (look at state), not in hxl
    and geojson. jsonl has one object a line, as `vigil timeline` prints events.

    \b
    Examples:
      vigil export --format geojson --country MLI --output mali.geojson
      vigil export --format csv --what aggregates --scope country:MLI --window 30d --from 2021-01-01 --until 2021-12-31
      vigil export --format parquet --archive mali.archive --as-of 2021-06-30 --axis ingest --output june.parquet
    """
    filters = Filters(**given)
    _refuse(what, filters, window=window, at=at, as_of=as_of, axis=axis)
    if form == "parquet" and output is None and sys.stdout.isatty():
        raise click.UsageError("Parquet is nothing for a terminal; give --output FILE")
    from cli.archives.exported import Question, event_states, measure_lines, measure_rows  # noqa: PLC0415 - it takes time to load
    from subscribers.exporting.columns import EVENT_COLUMNS, MEASURE_COLUMNS  # noqa: PLC0415

    question = Question(settings, archives, filters, as_of, axis or "publish")
    columns, rows = EVENT_COLUMNS, event_states(question, asserted=form in _STANDING)
    if what == "aggregates":
        read = measure_lines if form == "jsonl" else measure_rows
        columns, rows = MEASURE_COLUMNS, read(question, at=at, window=window)
    if output is None:
        _write(form, columns, rows, sys.stdout.buffer)
        return
    with replaced(output) as out:
        count = _write(form, columns, rows, out)
    write_object({"output": str(output), "rows": count})


def _write(form: str, columns: tuple[Column, ...], rows: Iterable[Members], out: BinaryIO) -> int:
    if form != "jsonl":
        from subscribers.exporting.files import write_export  # noqa: PLC0415 - only where it is asked for

        return write_export(form, columns, rows, out)  # type: ignore[arg-type]
    count = 0
    for row in rows:
        out.write(encode_line(row) + b"\n")
        count += 1
    return count


def _refuse(what: str, filters: Filters, *, as_of: int | None, axis: str | None, **others: str | None) -> None:
    refuse(filters, *(name for name in _NO_FILTER[what] if name not in others), what=f"--what {what}")
    for name, value in others.items():
        if value is not None and name in _NO_FILTER[what]:
            raise click.UsageError(f"--{name} is nothing for --what {what}")
    if others["at"] is not None and (filters.first or filters.last):
        raise click.UsageError("--at is one day, --from and --until are many; give one or the other")
    if axis is not None and as_of is None:
        raise click.UsageError("--axis says what --as-of means; give both")
