"""`vigil archive`: the log as Parquet files, and back."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from cli.output import tell, write_object
from cli.settings import Settings, find_bootstrap, with_settings
from schemas.errors import Failed

_APPEND = "append"


class _Archive(click.Group):
    """A group whose command `append` need not be named: `vigil archive DIR`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take a first argument that is no command for the folder."""
        return super().resolve_command(ctx, args if args[0] in self.commands else [_APPEND, *args])


@click.group(cls=_Archive, subcommand_metavar="DIR | append DIR | restore DIR")
@with_settings
def archive(settings: Settings) -> None:
    """Keep the log as Parquet files: `vigil archive DIR` appends what DIR lacks, `vigil archive restore DIR` publishes.

    Every record of the events topics is a row: its bytes, its place and time in the log, and what it asserts. Files
    are added and never written again, so a run that was killed is simply run again. `vigil replay`, `vigil export`
    and every reader of Parquet take the folder as it is.

    \b
    Examples:
      vigil archive mali.archive
      vigil replay --archive mali.archive --output alerts
      vigil archive restore mali.archive
    """


@archive.command(_APPEND, short_help="Append what DIR lacks of the log; need not be named.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@with_settings
def append(settings: Settings, folder: Path) -> None:
    """Append what the archive in DIR lacks of the log, up to the log's present end.

    Prints {"appended": rows, "parts": files written, "refused": rows that assert nothing, "rows": all of the archive}.

    \b
    Example: vigil archive mali.archive
    """
    from cli.archives.log import append_log  # noqa: PLC0415 - its clients take time to load

    bootstrap = find_bootstrap(settings)
    with _progress() as on_progress:
        done = asyncio.run(append_log(folder, bootstrap, topic_prefix=settings.topic_prefix, on_progress=on_progress))
    write_object(asdict(done))


@archive.command(short_help="Publish what DIR has and the log does not know.")
@click.argument("path", metavar="DIR", type=click.Path(path_type=Path, exists=True))
@with_settings
def restore(settings: Settings, path: Path) -> None:
    """Publish the assertions of an archive to the log, each with the time at which it was first taken in.

    What the log's timeline holds already is not sent again, so restoring twice changes nothing. Rows that assert
    nothing stay in the archive. Prints {"known": rows that the log knows, "read": rows, "refused", "restored"}.

    \b
    Example: vigil archive restore mali.archive
    """
    from cli.archives.log import read_known, restore_log  # noqa: PLC0415 - its clients take time to load
    from eventlog.archive import count_rows  # noqa: PLC0415
    from eventlog.archive_files import is_archive  # noqa: PLC0415

    if not is_archive(path):
        raise Failed(f"{path} is no archive as `vigil archive` writes them")
    total = count_rows(path)
    bootstrap = find_bootstrap(settings)
    known = asyncio.run(read_known(bootstrap, topic_prefix=settings.topic_prefix))
    with _progress() as on_progress:
        done = restore_log(
            path,
            bootstrap,
            known,
            topic_prefix=settings.topic_prefix,
            tell=tell,
            on_progress=lambda read: on_progress(read, total),
        )
    write_object(asdict(done))


@contextmanager
def _progress() -> Iterator[Callable[[int, int], object]]:
    """Show a bar on stderr when it is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: PLC0415

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
