"""How far the read model is, as its own table of positions says."""

from __future__ import annotations

import time
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError

from schemas.errors import VigilError
from subscribers.read_model.database import open_database, require_schema
from subscribers.read_model.lag import Place, read_positions


class Projected(NamedTuple):
    """By (topic, partition) the offset of the next record to apply, and when the log's end was last looked at."""

    next_offsets: dict[Place, int]
    age_seconds: float


def read_projected(database_url: str) -> Projected | None:
    """Return how far the read model is; None where there is none, or its database does not answer."""
    engine = open_database(database_url, read_only=True)
    try:
        require_schema(engine)
        with engine.connect() as connection:
            positions = read_positions(connection)
    except (VigilError, DBAPIError):
        return None
    finally:
        engine.dispose()
    if not positions:
        return None
    seen_at = min(position.seen_at for position in positions.values()) / 1_000_000
    next_offsets = {place: position.next_offset for place, position in positions.items()}
    return Projected(next_offsets, time.time() - seen_at)
