"""Lag: how far the tables are behind the log, as their positions tell, whether or not a projection runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

from subscribers.read_model.database import unreachable
from subscribers.read_model.tables import METADATA, POSITIONS

Place = tuple[str, int]
"""Topic (with its prefix) and partition."""


class Position(NamedTuple):
    """A row of `positions`; times are microseconds since 1970."""

    topic_id: str
    next_offset: int
    seen_end: int
    seen_at: int
    complete_at: int | None

    @property
    def left(self) -> int:
        """How many offsets the log went on when it was last looked at; some of them may be no records."""
        return max(0, self.seen_end - self.next_offset)


class Lag(NamedTuple):
    """Records left to apply when the log was last looked at, and for how many seconds the tables may lack something.

    The seconds go on while nobody looks; None before the tables ever held all that the log did. The records are None
    before anybody looked, as just after the tables were emptied.
    """

    records: int | None
    seconds: float | None


def read_positions(connection: Connection) -> dict[Place, Position]:
    """Return the position of every partition that is followed; none before a projection first ran."""
    rows = connection.execute(
        select(
            POSITIONS.c.topic,
            POSITIONS.c.partition,
            POSITIONS.c.topic_id,
            POSITIONS.c.next_offset,
            POSITIONS.c.seen_end,
            POSITIONS.c.seen_at,
            POSITIONS.c.complete_at,
        )
    )
    return {(row[0], row[1]): Position(*row[2:]) for row in rows}


def read_holdings(engine: Engine) -> tuple[dict[str, int], dict[Place, Position]]:
    """Return how many rows each table has, and the positions of that very moment.

    Raises:
        Transient: the database does not answer.
    """
    try:
        with engine.connect() as connection:
            counts = {
                str(table.name): connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in METADATA.sorted_tables
                if table is not POSITIONS
            }
            return counts, read_positions(connection)
    except DBAPIError as error:
        raise unreachable(engine, error) from error


def lag_of(positions: Mapping[Place, Position], now: int) -> Lag:
    """Return the lag at a time (microseconds): the sum of the records, the greatest of the seconds."""
    if not positions:
        return Lag(None, None)
    records = sum(position.left for position in positions.values())
    complete = [position.complete_at for position in positions.values()]
    known = [at for at in complete if at is not None]
    if len(known) < len(complete):
        return Lag(records, None)
    return Lag(records, max(0, now - min(known)) / 1_000_000)
