"""`vigil alerts`: the alerts that stand, everything that was ever told, and what is told from now on."""

from __future__ import annotations

import asyncio

import click

from cli.alerting.formats import Format, format_options, write_formatted
from cli.alerting.notifications import follow_notifications, print_notifications, print_suppressed
from cli.alerting.people import acknowledge, acknowledged_by, comment
from cli.alerting.show import show
from cli.filters import filter_options
from cli.output import encode_line, tell, write_lines, write_object
from cli.settings import Settings, find_bootstrap, with_settings
from timeline.filters import Filters


@click.group(invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help="Every transition, in the order in which they were told.")
@click.option("--follow", is_flag=True, help="Transitions as they are told, until Ctrl-C; after --all, all before too.")
@click.option("--notifications", is_flag=True, help="What people were told, grouped; with --follow, as they are.")
@click.option("--suppressed", is_flag=True, help="Each silence and inhibition, with the transitions that it hid.")
@click.option("--table", is_flag=True, help="A table for people.")
@filter_options("scope", "country", "actor", "feed", "rule", "first", "last")
@with_settings
@format_options
def alerts(
    settings: Settings,
    *,
    everything: bool,
    follow: bool,
    notifications: bool,
    suppressed: bool,
    table: bool,
    chosen: Format | None,
    **given: object,
) -> None:
    """Print the alerts that stand, open and resolved, one line each, by first day.

    --from and --until are about the alert's days. Without options these are the bytes that
    `vigil replay --output alerts` prints of the same log.

    \b
    Examples:
      vigil alerts --country MLI --table
      vigil alerts --follow --rule coup
      vigil alerts --notifications --follow
      vigil alerts show 3f0ff5b2
      vigil alerts acknowledge 3f0ff5b2 --by Awa
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    _refuse(follow=follow, table=table, suppressed=suppressed, others=everything or follow or notifications)
    if chosen is not None and (table or suppressed or notifications):
        raise click.UsageError("--format is a form of alerts: without --table, --suppressed, --notifications")
    filters = Filters(**given)  # type: ignore[arg-type]
    if chosen is not None:
        write_formatted(chosen, settings, filters, everything=everything, follow=follow)
    elif suppressed:
        print_suppressed(settings, filters, table=table)
    elif notifications and follow:
        follow_notifications(settings, filters, replay=everything)
    elif notifications:
        print_notifications(settings, filters, table=table)
    elif follow:
        asyncio.run(_follow(find_bootstrap(settings), filters, topic_prefix=settings.topic_prefix, replay=everything))
    else:
        _print(settings, filters, everything=everything, table=table)


for command in (show, acknowledge, comment):
    alerts.add_command(command)


def _refuse(*, follow: bool, table: bool, suppressed: bool, others: bool) -> None:
    if follow and table:
        raise click.UsageError("--follow prints lines as they come, no --table")
    if suppressed and others:
        raise click.UsageError("--suppressed is a list of its own: without --all, --follow, --notifications")


def _print(settings: Settings, filters: Filters, *, everything: bool, table: bool) -> None:
    from subscribers.alerts import read_transitions, standing  # noqa: PLC0415 - its clients take time to load
    from timeline.replay import standing_lines  # noqa: PLC0415

    bootstrap = find_bootstrap(settings)
    told = asyncio.run(read_transitions(bootstrap, topic_prefix=settings.topic_prefix))
    chosen = filter(filters.alert, told if everything else standing(told))
    lines = map(encode_line, chosen) if everything else standing_lines(chosen)
    if table:
        from cli.tables import alerts_table  # noqa: PLC0415

        alerts_table(lines, acknowledged_by(bootstrap, told, topic_prefix=settings.topic_prefix))
    else:
        write_lines(lines)


async def _follow(bootstrap: str, filters: Filters, *, topic_prefix: str, replay: bool) -> None:
    from subscribers.alerts import follow_transitions  # noqa: PLC0415 - its clients take time to load

    transitions = follow_transitions(
        bootstrap, topic_prefix=topic_prefix, replay=replay, on_start=lambda: tell("following; Ctrl-C ends")
    )
    async for transition in transitions:
        if filters.alert(transition):
            write_object(transition)
