"""The aggregates of one scope: at the clock, at a day, or day by day, as known now or at a time.

The database finds the events that can matter, and the core counts them: the very functions that replay calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Connection, select

from schemas.aggregate import WINDOWS, Window
from subscribers.read_model.keys import key_text
from subscribers.read_model.queries.known import ASSERTED, Known, is_current
from subscribers.read_model.tables import AGGREGATES, ASSERTION_SCOPES
from timeline.daily import Daily, daily, windows_at
from timeline.facts import Fact, fact_of
from timeline.identity import decode
from timeline.predicates import Predicates
from timeline.times import day_text

Windows = dict[str, Any]
_LONGEST: Final = WINDOWS["365d"]
_NO_RULES: Final = Predicates(())
_A: Final = ASSERTED.c


def clock_of(connection: Connection) -> int | None:
    """Return the newest clock that was told, in microseconds; None before the first."""
    clock: int | None = connection.execute(select(AGGREGATES.c.clock).where(AGGREGATES.c.scope == "world")).scalar()
    return clock


def newest_windows(connection: Connection, scope: str) -> Windows | None:
    """Return the windows at the newest clock; None of a scope without current events."""
    said = connection.execute(select(AGGREGATES.c.windows).where(AGGREGATES.c.scope == key_text(scope))).scalar()
    return None if said is None else orjson.loads(said)


def windows_on(connection: Connection, scope: str, day: int, known: Known) -> Windows | None:
    """Return the windows at a day (number since 1970); None of a scope without current events."""
    within = (_A.first_day <= day_text(day), _A.last_day > _days_before(day, _LONGEST))
    facts = _facts(connection, scope, known, *within)
    for name, text in windows_at(facts, day):
        if name == scope:
            windows: Windows = orjson.loads(text)
            return windows
    # None of its events touches a window of the day: then all are empty, if it has any.
    return {name: {} for name in WINDOWS} if _has_events(connection, scope, known) else None


def series(
    connection: Connection, scope: str, known: Known, *, window: Window | None, first: int | None, last: int
) -> Iterator[Daily]:
    """Yield the days from `first` to `last` on which measures differ from the day before, by window and day."""
    within: list[ColumnElement[bool]] = [_A.first_day <= day_text(last)]
    if first is not None:
        # The day before has to be right too: what it is compared with.
        within.append(_A.last_day > _days_before(first, _LONGEST + 1))
    for change in daily(_facts(connection, scope, known, *within), last, scope, window):
        if first is None or change.day >= first:
            yield change


def _facts(connection: Connection, scope: str, known: Known, *within: ColumnElement[bool]) -> list[Fact]:
    """Return the current facts of a scope of which these conditions hold."""
    asked = _current(scope, known, _A.document, _A.content).where(*within)
    facts = (fact_of(decode(document.encode(), content), _NO_RULES) for document, content in connection.execute(asked))
    return [fact for fact in facts if fact is not None]


def _has_events(connection: Connection, scope: str, known: Known) -> bool:
    return connection.execute(_current(scope, known, _A.seq).limit(1)).first() is not None


def _current(scope: str, known: Known, *columns: ColumnElement[Any]) -> Any:
    base, _, feed = scope.partition("@")
    asked = select(*columns).join(ASSERTION_SCOPES, ASSERTION_SCOPES.c.seq == _A.seq)
    asked = asked.where(ASSERTION_SCOPES.c.scope == key_text(base), _A.withdrawn.is_(False), is_current(known))
    return asked.where(_A.source == key_text(feed)) if feed else asked


def _days_before(day: int, days: int) -> str:
    return day_text(max(day - days, _FIRST))


_FIRST: Final = -719_162
"""0001-01-01, the first day that has a text."""
