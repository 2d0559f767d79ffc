"""`vigil verify`: compute everything again from the log, and compare it with what the live topics hold."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli.output import tell, write_object
from cli.settings import Settings, find_bootstrap, with_settings
from schemas.errors import Failed

if TYPE_CHECKING:
    from cli.archives.verification import Verdict

_LOOK_SECONDS = 0.5
_MOST_TOLD = 20


@click.command()
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for a moment at which nothing is left to read.",
)
@with_settings
def verify(settings: Settings, wait: float) -> None:
    """Compute everything again from the log, and compare it with what the live topics hold.

    Every position of the event topics has to be in exactly one of timeline, dead letters and repeats; every timeline
    record has to have the hash that its header says; aggregates and alerts have to be what the timeline gives. It
    writes nothing and may run beside the service. Exit 0 when all is equal, 1 when not, with what differs on stderr.

    \b
    Example: vigil verify
    {"alerts":593,"equal":true,"events":4734,"positions":{"dead_letters":0,"repeats":0,"timeline":4734},"scopes":1190}
    """
    verdict = _verdict(find_bootstrap(settings), topic_prefix=settings.topic_prefix, wait=wait)
    members = asdict(verdict)
    troubles = members.pop("troubles")
    write_object({"equal": not troubles, **members})
    for trouble in troubles[:_MOST_TOLD]:
        tell(trouble)
    if troubles:
        raise Failed(f"the log and the topics differ in {len(troubles)} places")


def _verdict(bootstrap: str, *, topic_prefix: str, wait: float) -> Verdict:
    from cli.archives.verification import verify as compare  # noqa: PLC0415 - its clients take time to load

    deadline = time.monotonic() + wait
    while True:
        before = _quiet(bootstrap, topic_prefix)
        if before is not None:
            verdict = asyncio.run(compare(bootstrap, topic_prefix=topic_prefix))
            if _quiet(bootstrap, topic_prefix) == before:
                return verdict
        if time.monotonic() >= deadline:
            raise Failed(
                "there was no moment without records left to read; see `vigil status`, or give a longer --wait"
            )
        time.sleep(_LOOK_SECONDS)


def _quiet(bootstrap: str, topic_prefix: str) -> dict[str, int] | None:
    """Return the ends of what the roles read, or None while something is left to read."""
    from cli.service.progress import read_ends, read_progress  # noqa: PLC0415

    ends = read_ends(bootstrap, topic_prefix=topic_prefix)
    progress = read_progress(bootstrap, topic_prefix=topic_prefix)
    return None if any(role.lag for role in progress.values()) else ends
