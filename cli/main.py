"""The command `vigil`: finds the sub-command, loads only that one, and turns errors into exit codes.

Exit codes: 0 done, 1 failed, 2 misused, 130 after Ctrl-C. Whatever fails is told in one line on stderr.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
import traceback
from pathlib import Path
from typing import NamedTuple, NoReturn

import click

from cli.options import settings_options
from schemas.errors import Misuse, VigilError


class _Entry(NamedTuple):
    """Where a sub-command is defined, and its line in `vigil --help`, which loads none of them."""

    module: str
    summary: str


COMMANDS = {
    "demo": _Entry("cli.service.demo", "Run everything on the samples and show what comes out."),
    "up": _Entry("cli.service.up", "Run the whole service in the foreground."),
    "status": _Entry("cli.service.status", "Say which role runs, and how much is left to read."),
    "publish": _Entry("cli.publishing.publish", "Publish the files of a feed."),
    "diff": _Entry("cli.publishing.diff", "Print what a newer file of a feed changes, without a broker."),
    "watch": _Entry("cli.publishing.watch", "Publish what a provider adds, as it adds it."),
    "feeds": _Entry("cli.publishing.feeds", "Say how far and how old each watched feed is."),
    "timeline": _Entry("cli.timeline", "Print the current state of every event."),
    "aggregates": _Entry("cli.aggregates", "Print the rolling counts of every scope."),
    "alerts": _Entry("cli.alerting.alerts", "Print the alerts that stand, or follow them as they come."),
    "silences": _Entry("cli.alerting.silences", "Begin, list and end silences: what people are not told for a time."),
    "webhook": _Entry("cli.serving.webhooks", "Post alerts to addresses, signed and repeated until they are taken."),
    "replay": _Entry(
        "cli.archives.replay", "Compute the log again: its end, its history, or a rehearsal of an old crisis."
    ),
    "backtest": _Entry("cli.backtesting.backtest", "Say what rules would have told of the past, and how that did."),
    "archive": _Entry("cli.archives.archive", "Keep the log as Parquet files, and publish them again."),
    "export": _Entry("cli.archives.export", "Write events or aggregates, as known at any time, for other tools."),
    "verify": _Entry("cli.archives.verify", "Compute everything again from the log, and compare."),
    "projection": _Entry("cli.serving.projection", "Say how far the read model is, or make it anew from the log."),
    "deadletters": _Entry("cli.publishing.deadletters", "List, show and replay what was refused."),
    "rules": _Entry("cli.ruling.rules", "Check, list and apply the rules that raise alerts."),
    "token": _Entry("cli.serving.tokens", "Make, list and revoke the tokens that the server takes."),
    "broker": _Entry("cli.cluster.broker", "Start, stop and look at the embedded broker."),
    "acl": _Entry("cli.cluster.acl", "Print, or put in force, who may do what on a Kafka cluster."),
    "topics": _Entry("cli.cluster.topics", "Create and check the topics, and print the contract of what they hold."),
    "worker": _Entry("cli.service.worker", "Run one role in the foreground, as a process of its own."),
}


class LazyGroup(click.Group):
    """A group that knows its sub-commands by name and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return a sub-command; its module holds it under the command's own name."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = getattr(importlib.import_module(entry.module), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of sub-commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a reader that closed the pipe early has what it wanted."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # What is still buffered would raise once more at the interpreter's end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        return result


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    epilog="Start with `vigil demo`. Every command has its own --help with an example.",
)
@settings_options
@click.version_option(package_name="vigil", message="%(prog)s %(version)s")
@click.pass_context
def vigil(ctx: click.Context, /, **before: str | None) -> None:
    """One timeline of incidents and political events on Apache Kafka, with rolling aggregates and alerts."""
    ctx.obj = before


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run `vigil` and exit with its code."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run `vigil` with these arguments (default: the process's own) and return its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # of tables and text; lines of JSON are UTF-8 everywhere
    try:
        result = vigil.main(arguments, prog_name="vigil", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    except Exception as error:  # the outermost loop: whatever fails is one line
        click.echo(f"vigil: {' '.join(_said(error).split())}", err=True)
        return 2 if isinstance(error, Misuse) else 1
    return result if isinstance(result, int) else 0


def _said(error: Exception) -> str:
    if isinstance(error, VigilError):
        return str(error)
    if isinstance(error, OSError):
        # A full disk, a folder that may not be written: no bug of ours.
        return f"{error.filename or 'operating system'}: {error.strerror or error}"
    return f"bug: {_located(error)}"


def _located(error: Exception) -> str:
    """What was raised, and the line of ours nearest to it."""
    home = str(Path(__file__).parent.parent)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/site-packages/" not in frame.filename]
    ours = [frame for frame in frames if frame.filename.startswith(home)]
    where = f" at {Path(ours[-1].filename).relative_to(home)}:{ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}: {error}{where}"
