"""`vigil alerts show`: one alert, explained by the log."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any, Literal

import click

from cli.alerting.people import said_of
from cli.output import write_object
from cli.settings import Settings, find_bootstrap, with_settings
from subscribers.alert_ids import find_alert

if TYPE_CHECKING:
    pass

Members = dict[str, Any]


@click.command()
@click.argument("alert_id", metavar="ID")
@click.option(
    "--format", "chosen", type=click.Choice(("json", "text")), help="[default: text on a terminal, else json]"
)
@click.option("--table", is_flag=True, help="For people: the same as --format text.")
@with_settings
def show(settings: Settings, *, alert_id: str, chosen: Literal["json", "text"] | None, table: bool) -> None:
    """Explain one alert: the numbers, the events that made it, those without which it were none, how it was told.

    The first digits of ID do. One that has ended is explained by what stands on its days now, with the version of the
    rule that it names.

    \b
    Examples:
      vigil alerts show 3f0ff5b2
      vigil alerts show 3f0ff5b2 --format json
    """
    if table and chosen == "json":
        raise click.UsageError("--table is --format text")
    explained = asyncio.run(_read(find_bootstrap(settings), alert_id, topic_prefix=settings.topic_prefix))
    if table or chosen == "text" or (chosen is None and sys.stdout.isatty()):
        from cli.alerting.text import print_alert  # noqa: PLC0415

        print_alert(explained)
    else:
        write_object(explained)


async def _read(bootstrap: str, digits: str, *, topic_prefix: str) -> Members:
    from subscribers.alert_explained import explanation_of, named_events  # noqa: PLC0415 - these take time to load
    from subscribers.alerts import read_transitions  # noqa: PLC0415
    from subscribers.rules import read_rule_sets  # noqa: PLC0415
    from subscribers.scope_timeline import read_scope  # noqa: PLC0415

    told = await read_transitions(bootstrap, topic_prefix=topic_prefix)
    alert = find_alert(told, digits)
    sets, statements, said = await asyncio.gather(
        read_rule_sets(bootstrap, topic_prefix=topic_prefix),
        read_scope(bootstrap, alert["scope"], also=named_events(alert, told), topic_prefix=topic_prefix),
        said_of(bootstrap, alert["thread"], told, topic_prefix=topic_prefix),
    )
    return {**explanation_of(digits, told, sets, statements), **said}
