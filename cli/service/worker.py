"""`vigil worker`: one role in the foreground, as the supervisor and a compose file run it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli.service.address import PORT, allowed_host_option, host_option, require_tokens_option
from cli.service.clock import Clock, clock_option
from cli.settings import Settings, database_url, find_bootstrap, with_settings
from processors.settings import WorkerSettings

_PEM = click.Path(exists=True, dir_okay=False, path_type=Path)


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


@worker.command()
@with_settings
def projection(settings: Settings) -> int:
    """Keep the read model: what the log says, in the database that HTTP answers from.

    Example: vigil worker projection --bootstrap-servers kafka:9092
    """
    from subscribers.read_model.worker import run_projection  # noqa: PLC0415 - its clients take time to load

    return run_projection(
        bootstrap=find_bootstrap(settings),
        topic_prefix=settings.topic_prefix,
        database_url=database_url(settings),
    )


@worker.command()
@host_option
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True, help="Port of HTTP.")
@require_tokens_option
@allowed_host_option
@click.option("--tls-certificate", type=_PEM, metavar="FILE", help="Speak TLS with this certificate (PEM).")
@click.option("--tls-key", type=_PEM, metavar="FILE", help="Its key, if it does not stand in the same file.")
@with_settings
def server(settings: Settings, *, host: str, port: int, **how: Any) -> int:
    """Answer by HTTP: questions from the read model, streams from the log; and take what is pushed.

    Example: vigil worker server --port 8420
    """
    from producers.codes.missions import MISSIONS  # noqa: PLC0415 - only where messages are written
    from subscribers.http.serving import run_server  # noqa: PLC0415 - its libraries take time to load

    return run_server(
        bootstrap=find_bootstrap(settings),
        topic_prefix=settings.topic_prefix,
        database_url=database_url(settings),
        host=host,
        port=port,
        dir=settings.dir,
        hosts=MISSIONS,
        **how,
    )


@worker.command()
@with_settings
def webhooks(settings: Settings) -> int:
    """Send alerts to the endpoints of `vigil webhook add`.

    Example: vigil worker webhooks --bootstrap-servers kafka:9092
    """
    from subscribers.webhooks.worker import run_webhooks  # noqa: PLC0415 - its libraries take time to load

    return run_webhooks(bootstrap=find_bootstrap(settings), topic_prefix=settings.topic_prefix, dir=settings.dir)


def _worker_settings(settings: Settings, clock: Clock = "log") -> WorkerSettings:
    return WorkerSettings(bootstrap=find_bootstrap(settings), prefix=settings.topic_prefix, clock=clock)
