"""How far the read model is, as its own table of positions says."""

from __future__ import annotations

import time
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from schemas.errors import VigilError
from subscribers.read_model.database import open_database, require_schema
from subscribers.read_model.tables import POSITIONS


class Projected(NamedTuple):
    """By (topic, partition) the offset of the next record to apply, and when the log's end was last looked at."""

    next_offsets: dict[tuple[str, int], int]
    age_seconds: float


def read_projected(database_url: str) -> Projected | None:
    """Return how far the read model is; None where there is none, or its database does not answer."""
    engine = open_database(database_url, read_only=True)
    try:
        require_schema(engine)
        with engine.connect() as connection:
            rows = connection.execute(select(POSITIONS)).all()
    except (VigilError, DBAPIError):
        return None
    finally:
        engine.dispose()
    if not rows:
        return None
    seen_at = min(row.seen_at for row in rows) / 1_000_000
    return Projected({(row.topic, row.partition): row.next_offset for row in rows}, time.time() - seen_at)
