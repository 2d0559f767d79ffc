"""`vigil up`: the whole service in the foreground, every role a process of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from cli.output import tell, write_object
from cli.service.clock import Clock, clock_option
from cli.settings import Settings, with_settings
from cli.stopping import Stop
from schemas.errors import Failed, Transient

if TYPE_CHECKING:
    from cli.service.role import Worker
    from cli.service.state import ProcessState
    from cli.service.supervisor import Supervisor

LOOK_SECONDS = 0.1
READY_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Plan:
    """How many workers of each role, and what moves the clock."""

    clock: Clock
    ledgers: int
    rollers: int


@click.command()
@clock_option
@click.option("--ledgers", type=click.IntRange(1, 8), default=1, show_default=True, help="Workers of this role.")
@click.option(
    "--rollers",
    type=click.IntRange(1, 8),
    default=1,
    show_default=True,
    help="One is active, the others take over from it.",
)
@with_settings
def up(settings: Settings, clock: Clock, ledgers: int, rollers: int) -> None:
    """Run the whole service in the foreground until Ctrl-C.

    Starts the embedded broker (unless --bootstrap-servers names a cluster), creates the topics, applies the default
    rules if none were applied yet, and runs each role as a process of its own. A process that dies is started again.
    Prints one line when everything reads: {"bootstrap_servers": ..., "pid": ..., "ready": true}.

    Example: vigil up --clock log --rollers 2
    """

    def say_ready(bootstrap: str) -> None:
        write_object({"bootstrap_servers": bootstrap, "pid": os.getpid(), "ready": True})
        tell("ready; Ctrl-C stops everything in order")

    with Stop() as stop:
        serve(settings, Plan(clock, ledgers, rollers), stop, when_ready=say_ready)


def serve(
    settings: Settings,
    plan: Plan,
    stop: Stop,
    *,
    when_ready: Callable[[str], None],
    when_stopping: Callable[[], None] = lambda: None,
) -> None:
    """Run the whole service until the stop is asked for.

    `when_ready` is called once, with the bootstrap servers; `when_stopping` while everything still runs.

    Raises:
        Failed: it runs in this folder already, or cannot be started.
    """
    from cli.service.state import read_state, remove_state, take_service_lock  # noqa: PLC0415 - --help needs none of it

    held = take_service_lock(settings.run_folder)
    if held is None:
        running = read_state(settings.run_folder)
        who = f" (process {running.pid})" if running else ""
        raise Failed(f"the service already runs in {settings.dir}{who}; see `vigil status`, or choose another --dir")
    try:
        _run(settings, plan, stop, when_ready, when_stopping)
    finally:
        remove_state(settings.run_folder)
        os.close(held)


def _run(
    settings: Settings,
    plan: Plan,
    stop: Stop,
    when_ready: Callable[[str], None],
    when_stopping: Callable[[], None],
) -> None:
    from cli.service.role import Broker  # noqa: PLC0415
    from cli.service.state import ServiceState, write_state  # noqa: PLC0415
    from cli.service.supervisor import Supervisor  # noqa: PLC0415

    broker = None if settings.bootstrap_servers else Broker(settings.broker_folder)

    def bootstrap() -> str:
        return broker.bootstrap if broker else settings.bootstrap_servers or ""

    def note() -> None:
        processes = _with_those_to_come(supervisor.processes(), plan, broker=broker is not None)
        write_state(settings.run_folder, ServiceState(os.getpid(), bootstrap(), plan.clock, processes))

    supervisor = Supervisor(tell=tell, changed=note)
    try:
        note()
        if broker is not None:
            supervisor.start_broker(broker)
        _prepare(bootstrap(), settings)
        for worker in _workers(settings, plan, bootstrap()):
            if not stop.asked:
                supervisor.start_worker(worker)
        _watch(supervisor, bootstrap, stop, when_ready, topic_prefix=settings.topic_prefix)
        tell("stopping")
        when_stopping()
    finally:
        supervisor.stop()


def _with_those_to_come(started: tuple[ProcessState, ...], plan: Plan, *, broker: bool) -> tuple[ProcessState, ...]:
    """Who asks while a service starts is to be told of every role, not only of those that run already."""
    from cli.service.state import ProcessState  # noqa: PLC0415

    there = {(process.role, process.number) for process in started}
    counts = {"broker": int(broker), "ledger": plan.ledgers, "roller": plan.rollers}
    planned = [(role, number) for role, count in counts.items() for number in range(1, count + 1)]
    return (*started, *(ProcessState(*each, None, "starting") for each in planned if each not in there))


def _prepare(bootstrap: str, settings: Settings) -> None:
    """Bring the log into the state that the workers expect."""
    from cli.ruling.log import apply_default_rules  # noqa: PLC0415
    from eventlog.topics import create_topics  # noqa: PLC0415

    create_topics(bootstrap, prefix=settings.topic_prefix)
    if version := apply_default_rules(bootstrap, topic_prefix=settings.topic_prefix):
        tell(f"no rules were applied yet; applied the default ones, version {version} (see `vigil rules list`)")


def _workers(settings: Settings, plan: Plan, bootstrap: str) -> Iterator[Worker]:
    from cli.service.role import Worker  # noqa: PLC0415

    where = ["--bootstrap-servers", bootstrap, "--dir", str(settings.dir), "--topic-prefix", settings.topic_prefix]
    counts = {"ledger": (plan.ledgers, []), "roller": (plan.rollers, ["--clock", plan.clock])}
    for role, (count, options) in counts.items():
        for number in range(1, count + 1):
            log = settings.logs_folder / f"{role}-{number}.log"
            yield Worker(role, number, arguments=["worker", role, *where, *options], log=log)


def _watch(
    supervisor: Supervisor,
    bootstrap: Callable[[], str],
    stop: Stop,
    when_ready: Callable[[str], None],
    *,
    topic_prefix: str,
) -> None:
    """Keep everything running until the stop is asked for."""
    ready, look_again = False, 0.0
    while not stop.wait(LOOK_SECONDS):
        supervisor.look()
        if not ready and time.monotonic() >= look_again:
            ready = _all_read(supervisor, bootstrap(), topic_prefix=topic_prefix)
            look_again = time.monotonic() + READY_LOOK_SECONDS
            if ready:
                when_ready(bootstrap())


def _all_read(supervisor: Supervisor, bootstrap: str, *, topic_prefix: str) -> bool:
    from cli.service.progress import read_progress  # noqa: PLC0415
    from cli.service.readiness import role_reports  # noqa: PLC0415

    try:
        progress = read_progress(bootstrap, topic_prefix=topic_prefix)
    except Transient:
        return False
    return all(report.ready for report in role_reports(supervisor.processes(), progress))
