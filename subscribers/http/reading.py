"""Reading: one moment of the database for all that an answer needs, and how far that is behind the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import Connection

from subscribers.http.parts import Parts
from subscribers.read_model.lag import Lag, lag_of, read_positions


class Reading(NamedTuple):
    """A connection within one transaction, and the lag of what it shows."""

    connection: Connection
    lag: Lag


@contextmanager
def reading(parts: Parts) -> Iterator[Reading]:
    """Give what the database holds at this moment; nothing that is written meanwhile shows."""
    with parts.engine.connect() as connection:
        yield Reading(connection, lag_of(read_positions(connection), parts.now()))
