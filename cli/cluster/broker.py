"""`vigil broker`: Apache Kafka itself as one embedded node, without the rest of the service."""

from __future__ import annotations

import dataclasses

import click

from cli.output import write_object
from cli.service.state import read_state
from cli.settings import Settings, refuse_security, with_settings
from cli.stopping import interrupt_on_terminate
from eventlog.node.folder import running, stop_running
from schemas.errors import Failed

STOPPED_BY_SIGTERM = 143


@click.group()
def broker() -> None:
    """Start, stop and look at the embedded broker.

    `vigil up` starts it by itself; this is for a broker alone.

    Example: vigil broker start
    """


@broker.command()
@click.option("--port", type=click.IntRange(1, 65535), help="[default: the last one if it is free, else any]")
@with_settings
def start(settings: Settings, port: int | None) -> None:
    """Run the broker in the foreground until Ctrl-C or `vigil broker stop`.

    Prints one line once clients can use it: {"bootstrap_servers": ..., "pid": ...}.

    Example: vigil broker start --dir /var/lib/vigil
    """
    from eventlog.node.embedded import EmbeddedBroker  # noqa: PLC0415 - its clients take time to load

    _refuse_other_cluster(settings)
    embedded = EmbeddedBroker(settings.broker_folder, port=port)
    interrupt_on_terminate()
    try:
        with embedded:
            state = embedded.state
            if state is not None:
                write_object({"bootstrap_servers": state.bootstrap, "pid": state.pid})
            code = embedded.wait()
    except KeyboardInterrupt:
        return
    if code != STOPPED_BY_SIGTERM:
        raise Failed(f"the broker ended by itself with exit code {code}; see {settings.broker_folder / 'broker.log'}")


@broker.command()
@with_settings
def stop(settings: Settings) -> None:
    """Stop the broker that runs in this data folder, cleanly.

    Example: vigil broker stop
    """
    _refuse_other_cluster(settings)
    if (service := read_state(settings.run_folder)) is not None:
        raise Failed(f"the broker belongs to `vigil up` (process {service.pid}), which would start it again; stop that")
    if not stop_running(settings.broker_folder):
        raise Failed(f"no broker runs in {settings.dir}")


@broker.command()
@with_settings
def status(settings: Settings) -> None:
    """Say whether a broker runs in this data folder, and where it listens; exit 1 when none does.

    Example: vigil broker status
    """
    state = running(settings.broker_folder)
    if state is None:
        write_object({"running": False})
        click.get_current_context().exit(1)
    members = dataclasses.asdict(state)
    write_object({"running": True, "bootstrap_servers": members.pop("bootstrap"), **members})


def _refuse_other_cluster(settings: Settings) -> None:
    if settings.bootstrap_servers:
        raise Failed(f"{settings.bootstrap_servers} is not the embedded broker; leave --bootstrap-servers out")
    refuse_security(settings)
