"""`vigil feeds`: how far each watched feed was read, and how old it is."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from cli.output import encode_line, write_lines
from cli.settings import Settings, find_bootstrap, with_settings

if TYPE_CHECKING:
    from producers.watching.positions import Position


@click.command()
@click.option("--table", is_flag=True, help="A table for people.")
@with_settings
def feeds(settings: Settings, *, table: bool) -> None:
    """Print one line for each feed and place that was ever watched.

    `newest` is the greatest publish_time of what was published from there, `age_seconds` how long ago that is;
    `checked_seconds` how long ago the position was written: at each look with news, and about hourly without. `parts`
    counts the files of a folder; `trouble` is why something was not read to its end.

    Example: vigil feeds --table
    """
    from producers.watching.positions import read_positions  # noqa: PLC0415 - its clients take time to load

    positions = asyncio.run(read_positions(find_bootstrap(settings), topic_prefix=settings.topic_prefix))
    lines = [encode_line(line) for line in ages(positions, now_seconds=time.time())]
    if table:
        from cli.tables import feeds_table  # noqa: PLC0415

        feeds_table(lines)
    else:
        write_lines(lines)


def ages(positions: list[Position], *, now_seconds: float) -> list[dict[str, Any]]:
    """Return a line for each feed and place; `positions` are sorted by them."""
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for position in positions:
        line = lines.setdefault(
            (position.feed, position.source),
            {
                "feed": position.feed,
                "from": position.source,
                "newest": None,
                "checked_ms": 0,
                "trouble": None,
                "parts": 0,
            },
        )
        line["parts"] += bool(position.part)
        line["newest"] = max(filter(None, (line["newest"], position.newest)), default=None)
        line["trouble"] = position.trouble or line["trouble"]
        line["checked_ms"] = max(line["checked_ms"], position.checked_ms)
    for line in lines.values():
        checked = line.pop("checked_ms") / 1000
        line["checked_seconds"] = round(now_seconds - checked)
        newest = line["newest"]
        line["age_seconds"] = newest and round(now_seconds - datetime.fromisoformat(newest).timestamp())
    return list(lines.values())
