"""`vigil status`: which role runs, and how much is left to read."""

from __future__ import annotations

import time
from dataclasses import asdict

import click

from cli.output import write_object
from cli.service.address import LOOPBACK, PORT, Address
from cli.service.progress import Served, read_progress
from cli.service.readiness import RoleReport, group_reports, role_reports
from cli.service.state import ServiceState, read_state
from cli.settings import Settings, bootstrap_of, database_url, shown_database, with_settings
from eventlog.node.folder import running
from schemas.errors import Failed, Transient

LOOK_SECONDS = 0.3
ROLES = ("broker", "ledger", "roller", "projection", "server", "webhooks")


@click.command()
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Wait so long at most until everything is ready and nothing is left to read.",
)
@click.option("--role", type=click.Choice(ROLES), help="Only this role.")
@click.option("--check", is_flag=True, help="Print nothing, for a health check.")
@with_settings
def status(settings: Settings, wait: float | None, role: str | None, *, check: bool) -> None:
    """Say which role runs, with its process and its lag; exit 0 when all are ready, else 1.

    `lag` is how many records the role has still to read; several workers of one role share it. `url` is where HTTP is
    served.

    \b
    Example: vigil status --wait 60
    {"ready":true,"roles":[{"lag":null,"pid":4711,"role":"broker","state":"running"}, ...]}
    """
    deadline = time.monotonic() + (wait or 0)
    while True:
        found, trouble = _reports(settings, role)
        reports = [report for report in found if role in (None, report.role)]
        ready = bool(reports) and all(report.ready for report in reports)
        done = ready and (wait is None or not any(report.lag for report in reports))
        if done or time.monotonic() >= deadline:
            break
        time.sleep(LOOK_SECONDS)
    if not check:
        service = read_state(settings.run_folder)
        url = {"url": service.url} if service and service.url else {}
        write_object({"ready": ready, "roles": [asdict(report) for report in reports], **url})
    if not done:
        raise Failed(_what_is_missing(reports, trouble, settings) + other_database(settings))


def _reports(settings: Settings, role: str | None) -> tuple[list[RoleReport], str | None]:
    """What is known of each role, and why no more is."""
    service = read_state(settings.run_folder)
    bootstrap = settings.bootstrap_servers or (bootstrap_of(service) if service else None)
    if bootstrap is None and (broker := running(settings.broker_folder)) is not None:
        bootstrap = broker.bootstrap
    progress, trouble = None, None
    served = _served(settings, service, role)
    try:
        progress = read_progress(bootstrap, topic_prefix=settings.topic_prefix, served=served) if bootstrap else None
    except Transient as error:
        trouble = str(error)
    if service is not None and bootstrap == service.bootstrap:
        return role_reports(service.processes, progress), trouble
    return group_reports(progress), trouble


def _served(settings: Settings, service: ServiceState | None, role: str | None) -> Served | None:
    """What of HTTP is looked at: that of `vigil up`; without one, what would be here, if it is asked for."""
    if service is not None:
        return Served(database_url(settings), service.url) if service.url else None
    url = Address(LOOPBACK, PORT).url
    return Served(database_url(settings), url) if role in ("projection", "server") else None


def other_database(settings: Settings) -> str:
    """Whoever looks into another database than the service's finds nothing there, or what is old."""
    service = read_state(settings.run_folder)
    if service is None or service.url is None or service.database == shown_database(settings):
        return ""
    used = service.database or "the file in its data folder"
    return f"; the service was told another database, {used}: give the same --database-url (VIGIL_DATABASE_URL)"


def _what_is_missing(reports: list[RoleReport], trouble: str | None, settings: Settings) -> str:
    if trouble is not None:
        return trouble
    if all(report.state == "absent" for report in reports) and not settings.bootstrap_servers:
        return f"nothing runs in {settings.dir}; start the service with `vigil up`"
    waiting = [f"{report.role} is {report.state}" for report in reports if not report.ready]
    behind = sorted({f"{report.role} has {report.lag} records left to read" for report in reports if report.lag})
    return "not ready: " + ", ".join(waiting + behind)
