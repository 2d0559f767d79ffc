"""`vigil alerts`: the alerts that stand, everything that was ever told, and what is told from now on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import click

from cli.alert_formats import Format, format_options, write_formatted
from cli.alert_show import show
from cli.filters import Filters, filter_options
from cli.output import encode_line, tell, write_lines, write_object
from cli.settings import Settings, find_bootstrap, with_settings


@click.group(invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help="Every transition, in the order in which they were told.")
@click.option("--follow", is_flag=True, help="Transitions as they are told, until Ctrl-C; after --all, all before too.")
@click.option("--table", is_flag=True, help="A table for people.")
@filter_options("scope", "country", "actor", "feed", "rule", "first", "last")
@with_settings
@format_options
def alerts(
    settings: Settings, *, everything: bool, follow: bool, table: bool, chosen: Format | None, **given: object
) -> None:
    """Print the alerts that stand, open and resolved, one line each, by first day.

    --from and --until are about the alert's days. Without options these are the bytes that
    `vigil replay --output alerts` prints of the same log.

    \b
    Examples:
      vigil alerts --country MLI --table
      vigil alerts --follow --rule coup
      vigil alerts show 3f0ff5b2
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    if follow and table:
        raise click.UsageError("--follow prints lines as they come, no --table")
    if table and chosen is not None:
        raise click.UsageError("--format or --table, not both")
    filters = Filters(**given)  # type: ignore[arg-type]
    if chosen is not None:
        write_formatted(chosen, settings, filters, everything=everything, follow=follow)
        return
    bootstrap = find_bootstrap(settings)
    if follow:
        asyncio.run(_follow(bootstrap, filters, topic_prefix=settings.topic_prefix, replay=everything))
        return
    lines = _transitions(bootstrap, settings, filters) if everything else _standing(bootstrap, settings, filters)
    if table:
        from cli.tables import alerts_table  # noqa: PLC0415

        alerts_table(lines)
    else:
        write_lines(lines)


alerts.add_command(show)


def _read(bootstrap: str, settings: Settings) -> list[dict[str, Any]]:
    from subscribers.alerts import read_transitions  # noqa: PLC0415 - its clients take time to load

    return asyncio.run(read_transitions(bootstrap, topic_prefix=settings.topic_prefix))


def _standing(bootstrap: str, settings: Settings, filters: Filters) -> Iterator[bytes]:
    from subscribers.alerts import standing  # noqa: PLC0415 - its clients take time to load
    from timeline.replay import standing_lines  # noqa: PLC0415

    return standing_lines(alert for alert in standing(_read(bootstrap, settings)) if filters.alert(alert))


def _transitions(bootstrap: str, settings: Settings, filters: Filters) -> Iterator[bytes]:
    return (encode_line(each) for each in _read(bootstrap, settings) if filters.alert(each))


async def _follow(bootstrap: str, filters: Filters, *, topic_prefix: str, replay: bool) -> None:
    from subscribers.alerts import follow_transitions  # noqa: PLC0415 - its clients take time to load

    transitions = follow_transitions(
        bootstrap, topic_prefix=topic_prefix, replay=replay, on_start=lambda: tell("following; Ctrl-C ends")
    )
    async for transition in transitions:
        if filters.alert(transition):
            write_object(transition)
