"""The feeds: what each has said, and how old its newest word is."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, select

from subscribers.read_model.tables import FEEDS

_F = FEEDS.c


class Feed(NamedTuple):
    """A feed; times are microseconds since 1970."""

    source: str
    events: int
    assertions: int
    newest_publish: int
    newest_ingest: int


def all_feeds(connection: Connection) -> list[Feed]:
    """Return every feed, by name."""
    asked = select(_F.source, _F.events, _F.assertions, _F.newest_publish, _F.newest_ingest).order_by(_F.source)
    return [Feed(*row) for row in connection.execute(asked)]
