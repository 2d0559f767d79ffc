"""`vigil replay`: the log through the same core as the running service, in memory."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import click

from cli.archives.pacing import Pace, Speed
from cli.filters import Day, Time, filter_options, refuse
from cli.output import replaced, write_lines, write_object
from cli.settings import Settings, with_settings
from schemas.aggregate import Window
from timeline.filters import Filters

if TYPE_CHECKING:
    from cli.archives.replayed import Log
    from timeline.as_of import Axis

_NO_FILTER = {
    "timeline": ("rule", "window", "at"),
    "windows": ("type", "rule", "first", "last"),
    "aggregates": ("type", "rule", "at"),
    "alerts": ("type", "window", "at"),
}
"""By output: what cannot be asked of it."""
_CHOICES = ("scope", "country", "type", "actor", "feed", "rule")
_OF_THE_END = ("output", "window", "at", "clock")
_OF_THE_WAY = ("axis", "speed")


@click.command()
@click.argument("more_archives", nargs=-1, metavar="[FILE]...")
@click.option(
    "--archive",
    "archives",
    multiple=True,
    metavar="FILE",
    help="What `vigil archive` wrote, or lines as `vigil publish --as-jsonl` prints them (.gz, -); more may follow. "
    "Without it: the running service's log.",
)
@click.option("--rules", "rules_file", metavar="FILE", help="Rules [default: those in force; of an archive Vigil's].")
@click.option("--output", type=click.Choice(tuple(_NO_FILTER)), help="Of the end  [default: timeline]")
@click.option("--window", type=click.Choice(get_args(Window)), help="Only this window.")
@click.option("--at", type=Day(), metavar="DAY", help="The windows at this day instead of at the clock.")
@click.option(
    "--clock", type=Time(), metavar="TIME", help="Move the clock on to this time, as ticks do while a service runs."
)
@click.option("--history", is_flag=True, help="Day by day what was told of alerts, instead of the end.")
@click.option(
    "--axis",
    type=click.Choice(("publish", "ingest")),
    help="A day holds what was published by its end [default], or what the log had taken.",
)
@click.option("--speed", type=Speed(), metavar="max|60x", help="So many days pass in one  [default: max]")
@click.option("--to-topic-prefix", "prefix", metavar="PREFIX", help="Rehearse: feed topics of their own, by this name.")
@click.option("--format", "form", type=click.Choice(("jsonl", "parquet")), help="[default: jsonl]")
@click.option(
    "--output-file", "path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="[default: stdout]"
)
@filter_options(*_CHOICES, "first", "last")
@with_settings
def replay(
    settings: Settings,
    *,
    archives: tuple[str, ...],
    more_archives: tuple[str, ...],
    rules_file: str | None,
    history: bool,
    prefix: str | None,
    form: Literal["jsonl", "parquet"] | None,
    path: Path | None,
    **given: Any,
) -> None:
    """Replay the log: print its end or its history, or tell it once more to topics of their own.

    \b
    timeline    one line an event: its current state, withdrawn ones too
    windows     one line a scope: all windows at the clock, the latest publish time
    aggregates  one line for each day on which a measure of a scope and window changes
    alerts      one line an alert that stands

    With --history a line is a transition of an alert, and `as_of` the day on which it is told; --from and --until are
    such days. With --to-topic-prefix those days are told once more, at the speed given, to topics that hold nothing
    else, so that subscribers can rehearse an old crisis. Of an archive, all but that needs no broker.

    \b
    Examples:
      vigil publish vigil samples/mali-2021.jsonl --dry-run --as-jsonl > mali.jsonl
      vigil replay --archive mali.jsonl --output alerts
      vigil replay --archive mali.jsonl --history --rule coup
      vigil replay --from 2021-09-01 --until 2021-10-31 --speed 86400x --to-topic-prefix rehearsal.
    """
    filters = Filters(**{name: given.pop(name) for name in (*_CHOICES, "first", "last")})
    _refuse(filters, given, history=history, prefix=prefix)
    if form == "parquet" and path is None:
        raise click.UsageError("Parquet goes to a file; give --output-file FILE")
    from cli.archives.replayed import Log, uncollected  # noqa: PLC0415 - it takes time to load

    log = Log(settings, (*archives, *more_archives), rules_file)
    if prefix is None:
        with uncollected():
            _print(log, filters, given, history=history, path=path, parquet=form == "parquet")
        return
    if path is not None or form is not None:
        raise click.UsageError("--to-topic-prefix prints a summary alone; no --format, no --output-file")
    from cli.archives.rehearsal import rehearse_to  # noqa: PLC0415 - its clients take time to load

    axis: Axis = given["axis"] or "publish"
    told = rehearse_to(prefix, log, axis=axis, first=filters.first, last=filters.last, speed=given["speed"] or math.inf)
    write_object(told)


def _print(
    log: Log, filters: Filters, given: Mapping[str, Any], *, history: bool, path: Path | None, parquet: bool
) -> None:
    from cli.archives.replayed import final_lines, history_lines  # noqa: PLC0415

    output = "history" if history else given["output"] or "timeline"
    chunks: Iterator[Iterable[bytes]]
    if history:
        chunks = _paced(history_lines(log, filters, axis=given["axis"] or "publish"), given["speed"])
    else:
        end = {name: given[name] for name in ("window", "at", "clock")}
        chunks = iter([final_lines(log, output, filters, **end)])
    if path is None:
        for chunk in chunks:
            write_lines(chunk)
    else:
        rows = _write(path, chain.from_iterable(chunks), output, parquet=parquet)
        write_object({"output": str(path), "rows": rows})


def _write(path: Path, lines: Iterable[bytes], output: str, *, parquet: bool) -> int:
    from cli.archives.replayed import write_table  # noqa: PLC0415

    with replaced(path) as out:
        if parquet:
            return write_table(lines, output, out)
        count = 0
        for line in lines:
            out.write(line + b"\n")
            count += 1
        return count


def _paced(days: Iterable[tuple[int, list[bytes]]], speed: float | None) -> Iterator[Iterable[bytes]]:
    pace = Pace(speed or math.inf)
    for moment, lines in days:
        pace.wait(moment)
        yield lines


def _refuse(filters: Filters, given: Mapping[str, Any], *, history: bool, prefix: str | None) -> None:
    """Refuse what does not go together. Raises: click.UsageError."""
    if history and prefix is not None:
        raise click.UsageError("--history prints and --to-topic-prefix feeds topics; give one or the other")
    way = "--history" if history else "--to-topic-prefix"
    for name in _OF_THE_END if history or prefix is not None else _OF_THE_WAY:
        if given[name] is not None:
            raise click.UsageError(
                f"--{name} is about the end; {way} is not"
                if name in _OF_THE_END
                else f"--{name} is for --history and --to-topic-prefix"
            )
    if prefix is not None:
        refuse(filters, *_CHOICES, what="--to-topic-prefix: its topics get everything")
    elif history:
        refuse(filters, "type", what="--history")
    else:
        _refuse_of_output(given["output"] or "timeline", filters, window=given["window"], at=given["at"])


def _refuse_of_output(output: str, filters: Filters, **others: str | None) -> None:
    nothing = _NO_FILTER[output]
    refuse(filters, *(name for name in nothing if name not in others), what=f"--output {output}")
    for name, value in others.items():
        if value is not None and name in nothing:
            raise click.UsageError(f"--{name} is nothing for --output {output}")
