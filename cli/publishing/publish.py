"""`vigil publish`: the files of a feed into the log, or with --dry-run only a look at what they hold."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from cli.output import tell, write_lines
from cli.publishing.release_options import COVERS_HELP, COVERS_METAVAR, read_covers, read_release
from cli.settings import Settings, with_settings
from schemas.errors import Failed, Misuse

if TYPE_CHECKING:
    from producers.feeds import Files
    from producers.publish import Outlet, Summary
    from producers.spool import Release, Widening

FEEDS = ("ucdp-ged", "un-fatalities", "unsc", "cline-coups", "gdelt", "acled", "vigil")
_RELEASED = ("ucdp-ged", "cline-coups")
"""Feeds whose files say nothing of the order in which they were published."""


@click.command()
@click.argument("feed", type=click.Choice(FEEDS))
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Read everything, send nothing; needs no broker.")
@click.option("--as-jsonl", is_flag=True, help="With --dry-run: print each event, and why rows are bad, as JSON lines.")
@click.option("--all", "every_row", is_flag=True, help="Of gdelt: every row, not only those of violence and coercion.")
@click.option("--release", metavar="NAME[@DATE]", help="The files are this release: what it lacks is withdrawn.")
@click.option("--covers", multiple=True, metavar=COVERS_METAVAR, help=COVERS_HELP)
@with_settings
def publish(
    settings: Settings,
    feed: str,
    files: tuple[str, ...],
    *,
    dry_run: bool,
    as_jsonl: bool,
    every_row: bool,
    release: str | None,
    covers: tuple[str, ...],
) -> int:
    """Publish the files of a feed; `-` is standard input, and gzip is read as it is.

    The last line of stdout (with --as-jsonl of stderr) says what became of the rows: {"read": ..., "published": ...,
    "merged": ..., "skipped": ..., "withdrawn": ..., "dead_lettered": ...}. Bad rows go to the dead letters with the
    reason; they end the command only when more than 20 % of the last 1,000 rows (at least 100) are bad.

    A release withdraws what it speaks of and no longer contains: the feed's earlier events that lie wholly in its
    countries and between its first and last day. What changes is told before anything is sent. The day of a release is
    known from names like ged-24.1; a file of un-fatalities is always a release of its last_update.

    \b
    Examples:
      vigil publish ucdp-ged GEDEvent_v24_1.csv --release ged-24.1
      vigil publish cline-coups coups.csv --release 2.1.2@2023-02-01
    """
    if as_jsonl and not dry_run:
        raise Misuse("--as-jsonl goes with --dry-run only")
    if every_row and feed != "gdelt":
        raise Misuse("--all is for gdelt only: the other feeds leave no row out")
    stated, widening = read_release(feed, release), read_covers(covers)
    if covers and stated is None:
        raise Misuse("--covers goes with --release only")
    if stated is None and feed in _RELEASED:
        tell("without --release corrections may not win over what an earlier file said of the same event")
    from producers.feeds import Files, check_files  # noqa: PLC0415 - --help needs none of it
    from producers.publish import Stopped, Summary  # noqa: PLC0415

    failure: Failed | None = None
    try:
        check_files(feed, files)
    except Failed as error:
        failure, summary = error, Summary()
    else:
        try:
            summary = _publish(
                settings,
                feed,
                lambda outlet: _read(feed, Files(files), outlet, every_row=every_row),
                dry_run=dry_run,
                as_jsonl=as_jsonl,
                release=stated,
                widening=widening,
            )
        except Stopped as error:
            failure, summary = error, error.summary
    if failure is not None:
        tell(str(failure))
    if as_jsonl:
        click.echo(summary.line(), err=True)
    else:
        write_lines([summary.line()])
    return 0 if failure is None else 1


def _publish(
    settings: Settings,
    feed: str,
    read: Callable[[Outlet], Summary],
    *,
    dry_run: bool,
    as_jsonl: bool,
    release: Release | None,
    widening: Widening,
) -> Summary:
    if release is None and dry_run:
        from producers.publish import Lines, Nowhere  # noqa: PLC0415

        out = sys.stdout.buffer
        try:
            return read(Lines(lambda line: out.write(line + b"\n")) if as_jsonl else Nowhere())
        finally:
            out.flush()
    from cli.publishing.releasing import publish_release, publish_to_log  # noqa: PLC0415 - its clients take time to load

    if release is None:
        return publish_to_log(settings, feed, read)
    return publish_release(settings, feed, read, release=release, widening=widening, dry_run=dry_run, as_jsonl=as_jsonl)


def _read(feed: str, files: Files, outlet: Outlet, *, every_row: bool) -> Summary:
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
