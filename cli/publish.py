"""`vigil publish`: the files of a feed into the log, or with --dry-run only a look at what they hold."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from cli.output import tell, write_lines
from cli.settings import Settings, find_bootstrap, with_settings
from schemas.errors import Failed, Misuse

if TYPE_CHECKING:
    from producers.feeds import Files
    from producers.publish import Outlet, Summary

FEEDS = ("ucdp-ged", "un-fatalities", "unsc", "cline-coups", "gdelt", "acled", "vigil")


@click.command()
@click.argument("feed", type=click.Choice(FEEDS))
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Read everything, send nothing; needs no broker.")
@click.option("--as-jsonl", is_flag=True, help="With --dry-run: print each event, and why rows are bad, as JSON lines.")
@click.option("--all", "every_row", is_flag=True, help="Of gdelt: every row, not only those of violence and coercion.")
@with_settings
def publish(
    settings: Settings, feed: str, files: tuple[str, ...], *, dry_run: bool, as_jsonl: bool, every_row: bool
) -> int:
    """Publish the files of a feed; `-` is standard input, and gzip is read as it is.

    The last line of stdout (with --as-jsonl of stderr) says what became of the rows: {"read": ..., "published": ...,
    "merged": ..., "skipped": ..., "withdrawn": ..., "dead_lettered": ...}. Bad rows go to the dead letters with the
    reason; they end the command only when more than 20 % of the last 1,000 rows (at least 100) are bad.

    Example: vigil publish ucdp-ged GEDEvent_v24_1.csv
    """
    if as_jsonl and not dry_run:
        raise Misuse("--as-jsonl goes with --dry-run only")
    if every_row and feed != "gdelt":
        raise Misuse("--all is for gdelt only: the other feeds leave no row out")
    from producers.feeds import Files, check_files  # noqa: PLC0415 - --help needs none of it
    from producers.publish import Stopped, Summary  # noqa: PLC0415

    failure: Failed | None = None
    try:
        check_files(feed, files)
    except Failed as error:
        failure, summary = error, Summary()
    else:
        with _outlet(settings, feed, dry_run=dry_run, as_jsonl=as_jsonl) as outlet:
            try:
                summary = _publish(feed, Files(files), outlet, every_row=every_row)
            except Stopped as error:
                failure, summary = error, error.summary
    if failure is not None:
        tell(str(failure))
    if as_jsonl:
        click.echo(summary.line(), err=True)
    else:
        write_lines([summary.line()])
    return 0 if failure is None else 1


@contextmanager
def _outlet(settings: Settings, feed: str, *, dry_run: bool, as_jsonl: bool) -> Iterator[Outlet]:
    from producers.publish import Lines, LogOutlet, Nowhere  # noqa: PLC0415

    if dry_run:
        out = sys.stdout.buffer
        yield Lines(lambda line: out.write(line + b"\n")) if as_jsonl else Nowhere()
        out.flush()
        return
    from eventlog.topics import check_topics  # noqa: PLC0415 - its clients take time to load
    from eventlog.writing import Writer  # noqa: PLC0415

    bootstrap = find_bootstrap(settings)
    check_topics(bootstrap, prefix=settings.topic_prefix)
    with Writer(bootstrap) as writer:
        yield LogOutlet(writer, feed=feed, topic_prefix=settings.topic_prefix)


def _publish(feed: str, files: Files, outlet: Outlet, *, every_row: bool) -> Summary:
    from producers.feeds import read_files  # noqa: PLC0415
    from producers.publish import publish as publish_rows  # noqa: PLC0415

    with _progress(files) as on_progress:
        return publish_rows(read_files(feed, files, every_row=every_row), outlet, on_progress=on_progress)


@contextmanager
def _progress(files: Files) -> Iterator[Callable[[int], object]]:
    """Show a bar on stderr when it is a terminal: by bytes where the sizes of the files are known."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.fields[rows]:,} rows"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=files.total_bytes, rows=0)
        yield lambda rows: bar.update(task, completed=files.read_bytes, rows=rows)
