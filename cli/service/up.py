"""`vigil up`: the whole service in the foreground, every role a process of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from cli.output import tell, write_object
from cli.service.address import (
    Address,
    allowed_host_option,
    choose_address,
    host_option,
    require_token,
    require_tokens_option,
)
from cli.service.clock import Clock, clock_option
from cli.settings import Settings, database_url, refuse_security, shown_database, with_settings
from cli.stopping import Stop
from schemas.errors import Failed, Transient

if TYPE_CHECKING:
    from cli.service.role import Worker
    from cli.service.state import ProcessState
    from cli.service.supervisor import Supervisor

LOOK_SECONDS = 0.1
READY_LOOK_SECONDS = 0.5

WhenReady = Callable[[str, str | None], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How many workers of each role, what moves the clock, and where HTTP is served; without a host nowhere."""

    clock: Clock
    ledgers: int
    rollers: int
    host: str | None
    port: int | None
    serving: tuple[str, ...] = ()
    """Further options of `vigil worker server`."""

    @property
    def counts(self) -> dict[str, int]:
        """How many processes of each role there are, beside the broker."""
        served = int(self.host is not None)
        return {"ledger": self.ledgers, "roller": self.rollers, "projection": served, "server": served}


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
@host_option
@click.option("--port", type=click.IntRange(1, 65535), help="Port of HTTP [default: last time's, else 8420, else any].")
@require_tokens_option
@allowed_host_option
@click.option("--no-http", is_flag=True, help="Neither keep the read model nor serve it.")
@with_settings
def up(
    settings: Settings,
    *,
    clock: Clock,
    ledgers: int,
    rollers: int,
    host: str,
    port: int | None,
    require_tokens: bool,
    allowed_hosts: tuple[str, ...],
    no_http: bool,
) -> None:
    """Run the whole service in the foreground until Ctrl-C.

    Starts the embedded broker (unless --bootstrap-servers names a cluster), creates the topics, applies the default
    rules if none were applied yet, and runs each role as a process of its own. A process that dies is started again.
    Prints one line when everything reads: {"bootstrap_servers": ..., "pid": ..., "ready": true, "url": ...}.

    Example: vigil up --clock log --rollers 2
    """

    def say_ready(bootstrap: str, url: str | None) -> None:
        write_object({"bootstrap_servers": bootstrap, "pid": os.getpid(), "ready": True, "url": url})
        tell(f"ready{f', HTTP at {url}' if url else ''}; Ctrl-C stops everything in order")

    with Stop() as stop:
        serving = ["--require-tokens"] * require_tokens
        for name in allowed_hosts:
            serving += ["--allowed-host", name]
        plan = Plan(clock, ledgers, rollers, None if no_http else host, port, tuple(serving))
        serve(settings, plan, stop, when_ready=say_ready)


def serve(
    settings: Settings,
    plan: Plan,
    stop: Stop,
    *,
    when_ready: WhenReady,
    when_stopping: Callable[[], None] = lambda: None,
) -> None:
    """Run the whole service until the stop is asked for.

    `when_ready` is called once, with the bootstrap servers and the URL of HTTP; `when_stopping` while all still runs.

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
    when_ready: WhenReady,
    when_stopping: Callable[[], None],
) -> None:
    from cli.service.role import Broker  # noqa: PLC0415
    from cli.service.state import ServiceState, write_state  # noqa: PLC0415
    from cli.service.supervisor import Supervisor  # noqa: PLC0415

    refuse_security(settings)
    broker = None if settings.bootstrap_servers else Broker(settings.broker_folder)

    def bootstrap() -> str:
        return broker.bootstrap if broker else settings.bootstrap_servers or ""

    def note() -> None:
        processes = _with_those_to_come(supervisor.processes(), plan, broker=broker is not None)
        url = address.url if address else None
        state = ServiceState(os.getpid(), bootstrap(), plan.clock, processes, url, database)
        write_state(settings.run_folder, state)

    database = shown_database(settings)
    address = choose_address(settings.run_folder, host=plan.host, port=plan.port) if plan.host else None
    if address is not None:
        require_token(settings.dir, address, required="--require-tokens" in plan.serving)
    supervisor = Supervisor(tell=tell, changed=note)
    try:
        note()
        if broker is not None:
            supervisor.start_broker(broker)
        _prepare(bootstrap(), settings)
        for worker in _workers(settings, plan, bootstrap(), address):
            if not stop.asked:
                supervisor.start_worker(worker)
        _watch(supervisor, settings, address, bootstrap=bootstrap, stop=stop, when_ready=when_ready)
        tell("stopping")
        when_stopping()
    finally:
        supervisor.stop()


def _with_those_to_come(started: tuple[ProcessState, ...], plan: Plan, *, broker: bool) -> tuple[ProcessState, ...]:
    """Who asks while a service starts is to be told of every role, not only of those that run already."""
    from cli.service.state import ProcessState  # noqa: PLC0415

    there = {(process.role, process.number) for process in started}
    counts = {"broker": int(broker), **plan.counts}
    planned = [(role, number) for role, count in counts.items() for number in range(1, count + 1)]
    return (*started, *(ProcessState(*each, None, "starting") for each in planned if each not in there))


def _prepare(bootstrap: str, settings: Settings) -> None:
    """Bring the log into the state that the workers expect."""
    from cli.ruling.log import apply_default_rules  # noqa: PLC0415
    from eventlog.topics import create_topics  # noqa: PLC0415

    create_topics(bootstrap, prefix=settings.topic_prefix)
    if version := apply_default_rules(bootstrap, topic_prefix=settings.topic_prefix):
        tell(f"no rules were applied yet; applied the default ones, version {version} (see `vigil rules list`)")


def _workers(settings: Settings, plan: Plan, bootstrap: str, address: Address | None) -> Iterator[Worker]:
    options = {"roller": ["--clock", plan.clock]}
    if address is not None:
        options["server"] = ["--host", address.host, "--port", str(address.port), *plan.serving]
    for role, count in plan.counts.items():
        for number in range(1, count + 1):
            yield _worker(settings, bootstrap, role, number, options.get(role, ()))


def _worker(settings: Settings, bootstrap: str, role: str, number: int, options: Iterable[str] = ()) -> Worker:
    from cli.service.role import Worker  # noqa: PLC0415

    where = ["--bootstrap-servers", bootstrap, "--dir", str(settings.dir), "--topic-prefix", settings.topic_prefix]
    return Worker(
        role,
        number,
        arguments=["worker", role, *where, *options],
        log=settings.logs_folder / f"{role}-{number}.log",
        # Not an argument: a URL may hold a password, and arguments stand in lists of processes.
        environment={"VIGIL_DATABASE_URL": settings.database_url} if settings.database_url else {},
    )


def _watch(
    supervisor: Supervisor,
    settings: Settings,
    address: Address | None,
    *,
    bootstrap: Callable[[], str],
    stop: Stop,
    when_ready: WhenReady,
) -> None:
    """Keep everything running until the stop is asked for; webhooks from when the first one is added."""
    ready, sending, look_again = False, False, 0.0
    while not stop.wait(LOOK_SECONDS):
        supervisor.look()
        if time.monotonic() < look_again:
            continue
        look_again = time.monotonic() + READY_LOOK_SECONDS
        if not sending and settings.webhooks_folder.exists():
            sending = True
            supervisor.start_worker(_worker(settings, bootstrap(), "webhooks", 1))
        if not ready and (ready := _all_read(supervisor, settings, bootstrap(), address)):
            when_ready(bootstrap(), address.url if address else None)


def _all_read(supervisor: Supervisor, settings: Settings, bootstrap: str, address: Address | None) -> bool:
    from cli.service.progress import Served, read_progress  # noqa: PLC0415
    from cli.service.readiness import role_reports  # noqa: PLC0415

    served = Served(database_url(settings), address.url) if address else None
    try:
        progress = read_progress(bootstrap, topic_prefix=settings.topic_prefix, served=served)
    except Transient:
        return False
    return all(report.ready for report in role_reports(supervisor.processes(), progress))
