"""`vigil timeline`: the current state of every event, or everything that was ever asserted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

import click

from cli.answers import select, timeline_answer
from cli.filters import filter_options
from cli.output import encode_line, write_lines
from cli.settings import Settings, find_bootstrap, with_settings
from timeline.filters import Filters
from timeline.identity import Assertion


@click.command()
@click.option("--history", is_flag=True, help="Every accepted assertion, by id and in their order, not the states.")
@click.option("--table", is_flag=True, help="A table for people.")
@filter_options("scope", "country", "type", "actor", "feed", "first", "last")
@with_settings
def timeline(settings: Settings, *, history: bool, table: bool, **given: object) -> None:
    """Print the current state of every event, withdrawn ones too, one line each, by id.

    --from and --until are about when it happened. Without filters these are the bytes that
    `vigil replay --output timeline` prints of the same log.

    \b
    Examples:
      vigil timeline --country MLI --type attack --from 2021-01-01 --table
      vigil timeline --history --feed ucdp-ged
    """
    from subscribers.timeline import read_assertions  # noqa: PLC0415 - its clients take time to load

    filters = Filters(**given)  # type: ignore[arg-type]
    assertions = asyncio.run(read_assertions(find_bootstrap(settings), topic_prefix=settings.topic_prefix))
    lines = _history(assertions, filters) if history else timeline_answer(assertions, filters)
    if table:
        from cli.tables import events_table  # noqa: PLC0415

        events_table(lines)
    else:
        write_lines(lines)


def _history(assertions: Iterable[Assertion], filters: Filters) -> Iterator[bytes]:
    from timeline.states import States  # noqa: PLC0415

    states = States()
    for statement in assertions:
        states.apply(statement)
    lines = (encode_line({**each.document, "content": each.stamp.content}) for each in states.history())
    return select(lines, filters.event, everything=filters == Filters())
