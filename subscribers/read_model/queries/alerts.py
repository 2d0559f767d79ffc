"""Alerts: those that stand, and every transition, in pages.

Rules kept here:
- An alert is what its last transition says, and stands unless that one ended it.
- `told` on the ingest axis: as of a time only what the log had taken by then was told.
- Who walks through pages keeps to the records of the alerts topic that were there at the first one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, exists, false, or_, select, tuple_

from schemas.alert import ENDED
from subscribers.read_model.keys import key_text
from subscribers.read_model.tables import POSITIONS, TRANSITIONS
from timeline.filters import Filters

_T: Final = TRANSITIONS.alias("t")
_LATER: Final = TRANSITIONS.alias("later")
STANDING: Final = (_T.c.first_day, _T.c.rule, _T.c.scope, _T.c.alert)
"""The order of standing alerts."""
TOLD: Final = (_T.c.told, _T.c.log_partition, _T.c.log_offset)
"""The order of telling."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was told by a time (microseconds; None is now), of the records before these offsets by partition."""

    time: int | None = None
    ends: Mapping[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of alerts: `everything` is every transition instead of what stands."""

    filters: Filters = field(default_factory=Filters)
    status: str | None = None
    everything: bool = False


class Page(NamedTuple):
    """Transitions as JSON text, and the place of the last one if more come; None at the end."""

    documents: list[str]
    after: list[Any] | None


def ends_of(connection: Connection, topic: str) -> dict[int, int]:
    """Return the next offset of each partition of the alerts topic (its name with the prefix)."""
    asked = select(POSITIONS.c.partition, POSITIONS.c.next_offset).where(POSITIONS.c.topic == topic)
    return {row.partition: row.next_offset for row in connection.execute(asked)}


def alerts_page(
    connection: Connection, asked: Asked, told: Told, *, newest: bool, limit: int, after: Sequence[Any] | None
) -> Page:
    """Return what passes, at most `limit`, in the order of `STANDING` or `TOLD`; downwards with `newest`."""
    order = TOLD if asked.everything else STANDING
    chosen = select(_T.c.document, *order).where(*_passing(asked), *_by_then(_T, told))
    if not asked.everything:
        chosen = chosen.where(_T.c.transition.not_in(ENDED), _is_last(told))
    rows = list(connection.execute(_ordered(chosen, order, after, newest=newest).limit(limit + 1)))
    page = rows[:limit]
    return Page([row[0] for row in page], list(page[-1][1:]) if len(rows) > limit else None)


def families(
    connection: Connection, rules: Iterable[str], scopes: Iterable[str], told: Told | None = None
) -> list[str]:
    """Return every transition of these rules in these scopes, in the order of telling: no thread reaches beyond them.

    No rules: of all.
    """
    chosen = select(_T.c.document).where(_T.c.scope.in_([key_text(scope) for scope in scopes]))
    keys = [key_text(rule) for rule in rules]
    if keys:
        chosen = chosen.where(_T.c.rule.in_(keys))
    return [row[0] for row in connection.execute(chosen.where(*_by_then(_T, told or Told())).order_by(*TOLD))]


def named(connection: Connection, digits: str) -> list[tuple[str, str]]:
    """Return (rule, scope), as keys, of the alerts whose id begins with these hexadecimal digits, or of that thread."""
    # Not LIKE, which no index helps where text sorts by code point: all ids with these first digits lie together.
    begins = and_(_T.c.alert >= digits, _T.c.alert < digits + "g")
    chosen = select(_T.c.rule, _T.c.scope).where(or_(begins, _T.c.thread == digits)).distinct()
    return [(row[0], row[1]) for row in connection.execute(chosen)]


def _passing(asked: Asked) -> list[ColumnElement[bool]]:
    filters = asked.filters
    chosen = (
        (_T.c.scope, filters.scope),
        (_T.c.scope, tuple(f"country:{each}" for each in filters.country)),
        (_T.c.scope, tuple(f"actor:{each}" for each in filters.actor)),
        (_T.c.rule, filters.rule),
        (_T.c.feed, filters.feed),
        (_T.c.status, () if asked.status is None else (asked.status,)),
    )
    conditions: list[ColumnElement[bool]] = [
        column.in_([key_text(value) for value in values]) for column, values in chosen if values
    ]
    if filters.first is not None:
        conditions.append(_T.c.last_day >= filters.first)
    if filters.last is not None:
        conditions.append(_T.c.first_day <= filters.last)
    return conditions


def _by_then(table: FromClause, told: Told) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if told.time is not None:
        conditions.append(table.c.told <= told.time)
    if told.ends is not None:
        before = [and_(table.c.log_partition == part, table.c.log_offset < end) for part, end in told.ends.items()]
        conditions.append(or_(false(), *before))
    return conditions


def _is_last(told: Told) -> ColumnElement[bool]:
    # All that is told of an alert lies in one partition.
    later = and_(_LATER.c.alert == _T.c.alert, _LATER.c.log_offset > _T.c.log_offset)
    return ~exists(select(1).where(later, *_by_then(_LATER, told)))


def _ordered(
    chosen: Select[Any], order: Sequence[ColumnElement[Any]], after: Sequence[Any] | None, *, newest: bool
) -> Select[Any]:
    if after is not None:
        place = tuple_(*order)
        chosen = chosen.where(place < tuple_(*after) if newest else place > tuple_(*after))
    return chosen.order_by(*[column.desc() if newest else column for column in order])
