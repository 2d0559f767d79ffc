"""What is known of the timeline: by now, by a time, or by the beginning of a walk through pages.

Rules kept here:
- As of a time, state is the fold of the assertions known by then; of an id the greatest stamp among them is current.
- `seq` numbers assertions as they came. Who walks through pages keeps to those of the first page: what is written
  meanwhile neither shows twice nor hides what was there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, FromClause, and_, exists, func, select, tuple_

from subscribers.read_model.tables import ASSERTIONS
from timeline.as_of import Axis

ASSERTED: Final = ASSERTIONS.alias("a")
"""An assertion that is looked at."""
_OTHER: Final = ASSERTIONS.alias("other")
_STAMP: Final = ("sequence", "publish_time", "withdrawn", "content")


@dataclass(frozen=True, slots=True)
class Known:
    """What was known at `time` (microseconds; None is now) on an axis, of the assertions up to `seq` (None: of all)."""

    time: int | None = None
    axis: Axis = "ingest"
    seq: int | None = None


def by_then(table: FromClause, known: Known) -> list[ColumnElement[bool]]:
    """Return the conditions under which an assertion of this table was known."""
    conditions: list[ColumnElement[bool]] = []
    if known.seq is not None:
        conditions.append(table.c.seq <= known.seq)
    if known.time is not None:
        conditions.append(table.c[f"{known.axis}_time"] <= known.time)
    return conditions


def is_current(known: Known) -> ColumnElement[bool]:
    """Return the condition under which `ASSERTED` was known and is the greatest of its id among what was."""
    greater = tuple_(*_stamp(_OTHER)) > tuple_(*_stamp(ASSERTED))
    # By the unique index on id and stamp: one look for each assertion, however many an id has.
    beaten = exists(select(1).where(_OTHER.c.id == ASSERTED.c.id, greater, *by_then(_OTHER, known)))
    return and_(*by_then(ASSERTED, known), ~beaten)


def newest_seq(connection: Connection) -> int:
    """Return the number of the assertion that came last, 0 before the first."""
    return connection.execute(select(func.max(ASSERTIONS.c.seq))).scalar() or 0


def _stamp(table: FromClause) -> list[ColumnElement[Any]]:
    return [table.c[name] for name in _STAMP]
