"""`vigil backtest`: what rules would have told, day by day, of what was known then, and how that did."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from cli.filters import Day
from cli.output import tell, write_object
from cli.settings import Settings, with_settings
from schemas.errors import Failed

if TYPE_CHECKING:
    from cli.backtesting.labels import Labels
    from cli.backtesting.numbers import Members, Tested
    from schemas.rule import RuleSet
    from timeline.as_of import Axis, Taken
    from timeline.backtest import Period


@click.command()
@click.argument("more_archives", nargs=-1, metavar="[FILE]...")
@click.option("--rules", "new", default="default", metavar="FILE", help="The rules [default: those of Vigil].")
@click.option("--against", "old", metavar="FILE", help="Other rules to compare them with; `default` for Vigil's.")
@click.option("--from", "first", type=Day(), metavar="DAY", help="First day of the period [default: the log's].")
@click.option("--until", "last", type=Day(), metavar="DAY", help="Last day of the period [default: the log's].")
@click.option(
    "--archive", "archives", multiple=True, metavar="FILE", help="Of this archive, not of the service; more may follow."
)
@click.option(
    "--axis",
    type=click.Choice(("publish", "ingest")),
    default="publish",
    show_default=True,
    help="Known: published, or taken in by the log.",
)
@click.option(
    "--assumed-lag",
    "lag",
    type=click.IntRange(0, 3650),
    default=0,
    show_default=True,
    metavar="DAYS",
    help="Take publish times that are assumed to be so many days later.",
)
@click.option(
    "--labels", metavar="NAME|FILE", help="What alerts are to warn of: coups, mass-casualty, or a file of labels."
)
@click.option(
    "--horizon",
    type=click.IntRange(1, 3650),
    default=30,
    show_default=True,
    metavar="DAYS",
    help="An alert warns of labels of so many days after it.",
)
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="A report as HTML.")
@click.option(
    "--format", "form", type=click.Choice(("table", "json")), help="[default: table on a terminal, else json]"
)
@with_settings
def backtest(
    settings: Settings,
    *,
    more_archives: tuple[str, ...],
    new: str,
    old: str | None,
    first: str | None,
    last: str | None,
    archives: tuple[str, ...],
    axis: Axis,
    lag: int,
    labels: str | None,
    horizon: int,
    report: Path | None,
    form: Literal["table", "json"] | None,
) -> None:
    """Say what rules would have told: how often, how late, and before which of the things that happened.

    Each day counts from what was known by its end, and from nothing else. docs/backtest.md says what every number
    means.

    \b
    Examples:
      vigil backtest --archive history.archive --from 2010-01-01 --until 2021-12-31 --labels mass-casualty
      vigil backtest --rules mine.yaml --against default --archive history.archive --report backtest.html
    """
    if more_archives and not archives:
        raise click.UsageError("files are given by --archive FILE...")
    from cli.backtesting.numbers import Question, later, numbers  # noqa: PLC0415 - the core takes time to load

    sets = [(name, _rules(name)) for name in (new, old) if name is not None]
    taken = later(_taken(settings, (*archives, *more_archives)), lag)
    period = _period(taken, axis, first, last)
    question = Question(period, axis, lag, horizon, None if labels is None else _labels(labels, taken))
    tested = [_tested(name, rules, taken, axis, period) for name, rules in sets]
    found = numbers(question, tested[0], tested[1] if old is not None else None, taken)
    if report is not None:
        from cli.backtesting.report import write_report  # noqa: PLC0415

        write_report(found, report)
        tell(f"the report is in {report}")
    _print(found, form or ("table" if sys.stdout.isatty() else "json"))


def _print(found: Members, form: Literal["table", "json"]) -> None:
    if form == "json":
        write_object(found)
        return
    from cli.backtesting.tables import print_backtest  # noqa: PLC0415 - takes time to load

    print_backtest(found)


def _rules(name: str) -> RuleSet:
    from cli.ruling.files import check_rules, default_rules, read_rule_file  # noqa: PLC0415 - takes time to load

    return check_rules(default_rules(), "rules.yaml") if name == "default" else read_rule_file(name)


def _taken(settings: Settings, archives: tuple[str, ...]) -> list[Taken]:
    from cli.archives.replayed import Log, uncollected  # noqa: PLC0415 - the core takes time to load

    with uncollected():
        return list(Log(settings, archives, None).taken())


def _period(taken: Iterable[Taken], axis: Axis, first: str | None, last: str | None) -> Period:
    from timeline.as_of import moment_of  # noqa: PLC0415 - the core takes time to load
    from timeline.backtest import Period  # noqa: PLC0415
    from timeline.times import DAY, day_number  # noqa: PLC0415

    known = [moment_of(statement, ingest_time, axis) // DAY for statement, ingest_time in taken]
    if not known:
        raise Failed("there is nothing in the log, so nothing to test rules on")
    period = Period(
        min(known) if first is None else day_number(first), max(known) if last is None else day_number(last)
    )
    if period.last < period.first:
        raise click.UsageError("--until is before --from")
    return period


def _labels(name: str, taken: Iterable[Taken]) -> Labels:
    from cli.backtesting.labels import read_labels  # noqa: PLC0415 - the core takes time to load
    from timeline.as_of import states_as_of  # noqa: PLC0415

    return read_labels(name, states_as_of(taken, None, "publish").current())


def _tested(name: str, rules: RuleSet, taken: Iterable[Taken], axis: Axis, period: Period) -> Tested:
    from cli.backtesting.numbers import Tested  # noqa: PLC0415 - the core takes time to load
    from cli.progress_bar import with_progress  # noqa: PLC0415
    from timeline.backtest import told_alerts  # noqa: PLC0415
    from timeline.history import history  # noqa: PLC0415
    from timeline.times import day_text  # noqa: PLC0415

    shown = "the default rules" if name == "default" else Path(name).name
    # From the log's beginning: what is open as the period begins was told before it.
    days = history(taken, rules, axis=axis, first=None, last=period.last)
    told = with_progress(days, f"history of {shown}", where=lambda told: day_text(told[0]))
    return Tested(shown, rules, told_alerts(told))
