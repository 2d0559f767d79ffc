"""The timeline in pages: the state of each event as it was known, by first day and id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, or_, select, true, tuple_

from subscribers.read_model.keys import key_text
from subscribers.read_model.queries.known import ASSERTED, Known, by_then, is_current
from subscribers.read_model.tables import ASSERTION_SCOPES, ASSERTIONS
from timeline.filters import Filters
from timeline.identity import Document, Stamp
from timeline.states import since
from timeline.times import time_text

_A = ASSERTED.c
_COLUMNS = (_A.first_day, _A.id, _A.document, _A.content)


class After(NamedTuple):
    """The last row of the page before: events without a day come behind all others."""

    first_day: str | None
    id: str


class Page(NamedTuple):
    """States as JSON types, and what the next page comes after; None at the end."""

    states: list[Document]
    after: After | None


def timeline_page(
    connection: Connection, filters: Filters, known: Known, *, newest: bool, limit: int, after: After | None
) -> Page:
    """Return the states that pass, at most `limit`: by first day and id, both downwards with `newest`."""
    asked = select(*_COLUMNS).where(is_current(known), *_passing(filters))
    rows: list[Row[Any]] = []
    if after is None or after.first_day is not None:
        rows += connection.execute(_with_a_day(asked, after, newest=newest).limit(limit + 1))
        after = None
    # What has no day overlaps none.
    if len(rows) <= limit and filters.first is None and filters.last is None:
        rows += connection.execute(_without_a_day(asked, after, newest=newest).limit(limit + 1 - len(rows)))
    page = rows[:limit]
    last = After(page[-1].first_day, page[-1].id) if len(rows) > limit else None
    return Page(states_of(connection, [(row.id, row.document, row.content) for row in page], known), last)


def states_of(connection: Connection, rows: Sequence[Sequence[Any]], known: Known) -> list[Document]:
    """Return the states of current assertions: of each its document with revision, since and content.

    A row is (id, document, content).
    """
    stamps = _stamps(connection, [row[0] for row in rows], known)
    return [
        {
            **orjson.loads(document),
            "revision": len(stamps[event_id]),
            "since": time_text(since(stamps[event_id])),
            "content": content,
        }
        for event_id, document, content in rows
    ]


def in_scopes(scopes: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition under which `ASSERTED` belongs to one of these scopes, of a feed if that is named."""
    parts = [scope.partition("@") for scope in scopes]
    plain = [key_text(base) for base, _, feed in parts if not feed]
    of_feeds = [and_(_A.source == key_text(feed), _in(key_text(base))) for base, _, feed in parts if feed]
    return or_(*([_in(*plain)] if plain else []), *of_feeds)


def _in(*scopes: str) -> ColumnElement[bool]:
    # Everything belongs to the world.
    if "world" in scopes:
        return true()
    return _A.seq.in_(select(ASSERTION_SCOPES.c.seq).where(ASSERTION_SCOPES.c.scope.in_(scopes)))


def _passing(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        column.in_([key_text(value) for value in chosen])
        for column, chosen in ((_A.country, filters.country), (_A.type, filters.type), (_A.source, filters.feed))
        if chosen
    ]
    if filters.actor:
        conditions.append(_in(*[key_text(f"actor:{actor}".replace("@", "_")) for actor in filters.actor]))
    if filters.scope:
        conditions.append(in_scopes(filters.scope))
    if filters.first is not None:
        conditions.append(_A.last_day >= filters.first)
    if filters.last is not None:
        conditions.append(_A.first_day <= filters.last)
    return conditions


def _with_a_day(asked: Select[Any], after: After | None, *, newest: bool) -> Select[Any]:
    place = tuple_(_A.first_day, _A.id)
    asked = asked.where(_A.first_day.is_not(None))
    if after is not None:
        asked = asked.where(place < tuple_(*after) if newest else place > tuple_(*after))
    return asked.order_by(*[column.desc() if newest else column for column in (_A.first_day, _A.id)])


def _without_a_day(asked: Select[Any], after: After | None, *, newest: bool) -> Select[Any]:
    asked = asked.where(_A.first_day.is_(None))
    if after is not None:
        asked = asked.where(_A.id < after.id if newest else _A.id > after.id)
    return asked.order_by(_A.id.desc() if newest else _A.id)


def _stamps(connection: Connection, ids: Sequence[str], known: Known) -> dict[str, list[Stamp]]:
    table = ASSERTIONS.c
    asked = select(table.id, table.sequence, table.publish_time, table.withdrawn, table.content)
    found: dict[str, list[Stamp]] = {}
    for event_id, *stamp in connection.execute(asked.where(table.id.in_(ids), *by_then(ASSERTIONS, known))):
        found.setdefault(event_id, []).append(Stamp(*stamp))
    return found
