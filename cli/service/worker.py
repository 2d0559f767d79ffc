"""`vigil worker`: one role in the foreground, as the supervisor and a compose file run it."""

from __future__ import annotations

import click

from cli.service.clock import Clock, clock_option
from cli.settings import Settings, find_bootstrap, with_settings
from processors.settings import WorkerSettings


@click.group()
def worker() -> None:
    """Run one role in the foreground, as a process of its own.

    `vigil up` runs all of them; this is for one on a machine or in a container of its own. A worker that cannot go on
    exits with 1 and is to be started again by whatever started it; its log goes to stderr, one JSON object a line.

    Example: vigil worker ledger --bootstrap-servers kafka:9092
    """


@worker.command()
@with_settings
def ledger(settings: Settings) -> int:
    """Turn what feeds assert into the timeline: validate, order, and drop repeats.

    Example: vigil worker ledger --bootstrap-servers kafka:9092
    """
    from processors.worker import run_ledger  # noqa: PLC0415 - Faust takes time to load

    return run_ledger(_worker_settings(settings))


@worker.command()
@clock_option
@with_settings
def roller(settings: Settings, *, clock: Clock) -> int:
    """Turn the timeline into aggregates and alerts; of several, one is active and the others stand by.

    Example: vigil worker roller --bootstrap-servers kafka:9092
    """
    from processors.worker import run_roller  # noqa: PLC0415 - Faust takes time to load

    return run_roller(_worker_settings(settings, clock=clock))


def _worker_settings(settings: Settings, clock: Clock = "log") -> WorkerSettings:
    return WorkerSettings(bootstrap=find_bootstrap(settings), prefix=settings.topic_prefix, clock=clock)
