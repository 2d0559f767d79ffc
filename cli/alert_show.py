"""`vigil alerts show`: one alert, and how it was told."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from cli.output import write_object
from cli.settings import Settings, find_bootstrap, with_settings
from schemas.errors import Failed, Misuse

SHORTEST_ID = 4


@click.command()
@click.argument("alert_id", metavar="ID")
@with_settings
def show(settings: Settings, alert_id: str) -> None:
    """Print one alert as it was told last, with `transitions`: how it was told before. The first digits of ID do.

    Example: vigil alerts show 3f0ff5b2
    """
    if len(alert_id) < SHORTEST_ID:
        raise Misuse(f"{alert_id!r} is too short; give at least {SHORTEST_ID} digits of the id")
    told = [each for each in _read(find_bootstrap(settings), settings) if each["id"].startswith(alert_id)]
    ids = sorted({each["id"] for each in told})
    if not ids:
        raise Failed(f"no alert {alert_id} was ever told; see `vigil alerts --all`")
    if len(ids) > 1:
        raise Failed(f"{alert_id} are the first digits of {len(ids)} alerts: {', '.join(ids[:5])}")
    write_object({**told[-1], "transitions": [_telling(each) for each in told]})


def _telling(transition: dict[str, Any]) -> dict[str, Any]:
    names = ("told", "transition", "reason", "status", "value", "peak", "last_day", "causes_total")
    return {name: transition[name] for name in names}


def _read(bootstrap: str, settings: Settings) -> list[dict[str, Any]]:
    from subscribers.alerts import read_transitions  # noqa: PLC0415 - its clients take time to load

    return asyncio.run(read_transitions(bootstrap, topic_prefix=settings.topic_prefix))
