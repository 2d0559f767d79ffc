"""`vigil replay`: the same core as the running service, over an archive, without a broker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import click

from cli.answers import aggregates_answer, alerts_answer, timeline_answer, windows_answer
from cli.archive import Reading, read_archive
from cli.filters import Day, Filters, Time, filter_options
from cli.output import tell, write_lines
from cli.rule_files import default_rules, read_rule_file
from schemas.aggregate import Window
from schemas.errors import Failed
from schemas.rule import RuleSet
from schemas.rule_text import parse_rules
from timeline.identity import Assertion
from timeline.replay import fold

_NO_FILTER = {
    "timeline": ("rule", "window", "at"),
    "windows": ("type", "rule", "first", "last"),
    "aggregates": ("type", "rule", "at"),
    "alerts": ("type", "window", "at"),
}
"""By output: what cannot be asked of it."""


@click.command()
@click.argument("more_archives", nargs=-1, metavar="[FILE]...")
@click.option(
    "--archive",
    "archives",
    multiple=True,
    required=True,
    metavar="FILE",
    help="What `vigil archive` wrote, or lines as `vigil publish --as-jsonl` prints them (.gz, -); more may follow.",
)
@click.option("--rules", "rules_file", metavar="FILE", help="Rules for the alerts [default: those of Vigil].")
@click.option("--output", type=click.Choice(tuple(_NO_FILTER)), default="timeline", show_default=True)
@click.option("--window", type=click.Choice(get_args(Window)), help="Only this window.")
@click.option("--at", type=Day(), metavar="DAY", help="The windows at this day instead of at the clock.")
@click.option(
    "--clock", type=Time(), metavar="TIME", help="Move the clock on to this time, as ticks do while a service runs."
)
@filter_options("scope", "country", "type", "actor", "feed", "rule", "first", "last")
def replay(
    *,
    archives: tuple[str, ...],
    more_archives: tuple[str, ...],
    rules_file: str | None,
    output: str,
    window: Window | None,
    at: str | None,
    clock: int | None,
    **given: object,
) -> None:
    """Compute the final state from an archive, without a broker.

    \b
    timeline    one line an event: its current state, withdrawn ones too
    windows     one line a scope: all windows at the clock, the latest publish time
    aggregates  one line for each day on which a measure of a scope and window changes
    alerts      one line an alert that stands

    \b
    Example:
      vigil publish vigil samples/mali-2021.jsonl --dry-run --as-jsonl > mali.jsonl
      vigil replay --archive mali.jsonl --output alerts
      vigil replay --archive mali.archive
    """
    filters = Filters(**given)  # type: ignore[arg-type]
    _refuse(output, filters, window=window, at=at)
    rules = parse_rules(default_rules()) if rules_file is None else read_rule_file(rules_file)
    reading = Reading()
    assertions = read_archive((*archives, *more_archives), reading, tell=tell)
    write_lines(_answer(output, assertions, rules, filters, window=window, at=at, clock=clock))
    if reading.dead_letters or reading.refused:
        tell(str(reading))
    if reading.refused and not reading.events and not reading.dead_letters:
        raise Failed("no line is an event; an archive holds lines as `vigil publish --dry-run --as-jsonl` prints them")


def _answer(
    output: str,
    assertions: Iterator[Assertion],
    rules: RuleSet,
    filters: Filters,
    *,
    window: Window | None,
    at: str | None,
    clock: int | None,
) -> Iterator[bytes]:
    if output == "timeline":
        return timeline_answer(assertions, filters)
    rollup = fold(assertions, rules if output == "alerts" else None)
    if clock is not None:
        rollup.tick(clock)
        rollup.settle()
    if output == "alerts":
        return alerts_answer(rollup, filters)
    if output == "windows":
        return windows_answer(rollup, filters, window=window, at=at)
    return aggregates_answer(rollup, filters, window=window)


def _refuse(output: str, filters: Filters, **others: str | None) -> None:
    nothing = _NO_FILTER[output]
    filters.refuse(*(name for name in nothing if name not in others), what=f"--output {output}")
    for name, value in others.items():
        if value is not None and name in nothing:
            raise click.UsageError(f"--{name} is nothing for --output {output}")
