"""`vigil projection`: how far the read model is behind the log, and making it anew."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from cli.output import write_object
from cli.settings import Settings, database_url, find_bootstrap, with_settings

if TYPE_CHECKING:
    from subscribers.read_model.lag import Place, Position


@click.group()
def projection() -> None:
    """Look at the read model, the database that HTTP answers from, or make it anew.

    `vigil worker projection` keeps it at the log's end.

    Example: vigil projection status
    """


@projection.command()
@with_settings
def status(settings: Settings) -> None:
    """Say how many rows the read model has, and how far each topic is behind the log.

    It needs no broker: what it tells of the log's end is as old as `looked_seconds_ago`.

    Example: vigil projection status --database-url postgresql+psycopg://vigil@db/vigil
    """
    from subscribers.read_model.database import open_database, require_schema, schema_revision, shown  # noqa: PLC0415
    from subscribers.read_model.lag import read_holdings  # noqa: PLC0415 - its libraries take time to load

    engine = open_database(database_url(settings), read_only=True)
    require_schema(engine)
    rows, positions = read_holdings(engine)
    now = time.time_ns() // 1000
    write_object(
        {
            "database": shown(engine),
            "schema": schema_revision(engine),
            "rows": rows,
            "lag": _lag(positions, now),
            "topics": _by_topic(positions, now),
            "looked_seconds_ago": _looked(positions, now),
        }
    )


@projection.command()
@with_settings
def rebuild(settings: Settings) -> None:
    """Empty the read model and make it anew from the log, up to where the log ends now.

    A projection that runs does it; without one this command does. Whoever reads meanwhile finds less than there is,
    and is told so by the lag.

    Example: vigil projection rebuild
    """
    from subscribers.read_model.database import open_database  # noqa: PLC0415
    from subscribers.read_model.rebuilding import rebuild as do_rebuild  # noqa: PLC0415 - its clients take time to load

    engine = open_database(database_url(settings))
    started = time.monotonic()
    with _Progress() as progress:
        done = asyncio.run(
            do_rebuild(
                engine,
                bootstrap=find_bootstrap(settings),
                topic_prefix=settings.topic_prefix,
                on_progress=progress.show,
            )
        )
    seconds = round(time.monotonic() - started, 1)
    write_object({"rebuilt_by": done.by, "applied": done.applied, "seconds": seconds})


def _by_topic(positions: dict[Place, Position], now: int) -> dict[str, Any]:
    by_topic: dict[str, dict[Place, Position]] = {}
    for place, position in positions.items():
        by_topic.setdefault(place[0], {})[place] = position
    return {topic: _lag(some, now) | _offsets(some) for topic, some in by_topic.items()}


def _lag(positions: dict[Place, Position], now: int) -> dict[str, Any]:
    from subscribers.read_model.lag import lag_of  # noqa: PLC0415

    lag = lag_of(positions, now)
    return {"records": lag.records, "seconds": None if lag.seconds is None else round(lag.seconds, 1)}


def _offsets(positions: dict[Place, Position]) -> dict[str, Any]:
    return {"positions": {str(place[1]): positions[place].next_offset for place in sorted(positions)}}


def _looked(positions: dict[Place, Position], now: int) -> float | None:
    if not positions:
        return None
    return round((now - min(position.seen_at for position in positions.values())) / 1_000_000, 1)


class _Progress:
    """A bar on stderr, where that is a terminal; the total grows known with the first call."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._done = 0

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.render_finish()

    def show(self, done: int, total: int) -> None:
        """Show so many of the total."""
        if not sys.stderr.isatty():
            return
        if self._bar is None:
            self._bar = click.progressbar(length=total, label="applying the log", file=sys.stderr, show_pos=True)
        self._bar.update(done - self._done)
        self._done = done
