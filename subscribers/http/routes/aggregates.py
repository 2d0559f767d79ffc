"""`GET /aggregates/{scope}`: the rolling counts of a scope, at the clock, at a day, or day by day."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any, Final, NamedTuple, get_args

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy import Connection

from schemas.aggregate import Window
from subscribers.exporting.columns import MEASURE_COLUMNS
from subscribers.exporting.measures import rows_of_changes
from subscribers.http.authorisation import requires
from subscribers.http.cursors import decode, question_of
from subscribers.http.described import described
from subscribers.http.documents import ScopeWindows, Series
from subscribers.http.etag import answer
from subscribers.http.negotiation import MEDIA_TYPES, Form, negotiated, not_acceptable
from subscribers.http.pages import json_page, link_header, next_cursor
from subscribers.http.parameters import Cursor, Day, From, KnownBy, Limit, ScopeName, Until
from subscribers.http.parts import parts_of
from subscribers.http.problems import invalid, not_found
from subscribers.http.reading import reading
from subscribers.http.tables_csv import table_csv
from subscribers.read_model.lag import Lag
from subscribers.read_model.queries.aggregates import clock_of, newest_windows, series, windows_on
from subscribers.read_model.queries.known import Known
from timeline.daily import Daily
from timeline.times import DAY, day_number, day_text, time_text

router = APIRouter(tags=["aggregates"], dependencies=[Depends(requires("read"))])
_WINDOWS: Final[tuple[Window, ...]] = get_args(Window)


class _Asked(NamedTuple):
    """A series; days are numbers since 1970."""

    scope: str
    known: Known
    window: Window | None
    first: int | None
    last: int


@router.get(
    "/aggregates/{scope:path}",
    summary="The rolling counts of a scope, as known now or at a time",
    description="All windows at the clock (of `as_of`: at that time), or at the day `at`. With `from` or `until`: the "
    "days between on which a measure differs from the day before, up to the clock; the value of any day is that of "
    "the last line at or before it. In CSV such a series has a row for every measure.",
    response_class=Response,
    responses=described("Windows, or a page of days.", {"json": (ScopeWindows, Series), "csv": None}, 400, 404),
)
def aggregates(
    *,
    request: Request,
    scope: Annotated[ScopeName, Path(description="Such as country:MLI, of one feed alone country:MLI@ucdp-ged.")],
    known: KnownBy,
    form: Annotated[Form, Depends(negotiated("json", "csv"))],
    at: Annotated[Day | None, Query(description="All windows at this day, not at the clock.")] = None,
    window: Annotated[Window | None, Query(description="Only this window.")] = None,
    first: From = None,
    until: Until = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Answer `GET /aggregates/{scope}`."""
    by_day = first is not None or until is not None
    if by_day and at is not None:
        raise invalid("at", "it is one day, from and until are many; give one or the other")
    with reading(parts_of(request)) as (connection, lag):
        clock = clock_of(connection) if known.time is None else known.time
        if by_day:
            place = None if cursor is None else decode(cursor, question_of(request))
            # Before there is a clock nothing is known.
            asked = None if clock is None else _Asked(scope, known, window, *_days(first, until, clock))
            found = [] if asked is None else list(islice(_series(connection, asked, place), limit + 1))
            return _page(request, found, limit=limit, form=form, lag=lag)
        if cursor is not None:
            raise invalid("cursor", "one object has no pages; give from or until")
        if form != "json":
            raise not_acceptable({"json": MEDIA_TYPES["json"]}, "text/csv, which is for series: give from or until")
        said = None if clock is None else _windows(connection, scope, known, at, clock)
    if said is None:
        raise not_found(f"the scope {scope[:500]!r} has no current events{_when(known)}; see /scopes")
    if window is not None:
        said["windows"] = {window: said["windows"][window]}
    return answer(request, orjson.dumps(said, option=orjson.OPT_SORT_KEYS), MEDIA_TYPES["json"], lag=lag)


def _windows(connection: Connection, scope: str, known: Known, at: str | None, clock: int) -> dict[str, Any] | None:
    if at is None and known.time is None:
        windows = newest_windows(connection, scope)
    else:
        windows = windows_on(connection, scope, clock // DAY if at is None else day_number(at), known)
    if windows is None:
        return None
    return {**({} if at is None else {"at": at}), "scope": scope, "clock": time_text(clock), "windows": windows}


def _days(first: str | None, until: str | None, clock: int) -> tuple[int | None, int]:
    """Return the days that are asked for, up to the clock."""
    last = clock // DAY if until is None else min(clock // DAY, day_number(until))
    return None if first is None else day_number(first), last


def _series(connection: Connection, asked: _Asked, place: list[Any] | None) -> Iterator[Daily]:
    """Yield the days behind a place (the name of a window, a day), by window and day."""
    windows = _WINDOWS if asked.window is None else (asked.window,)
    if place is not None:
        windows = windows[windows.index(place[0]) :]
    for window in windows:
        first = asked.first if place is None or window != place[0] else place[1] + 1
        yield from series(connection, asked.scope, asked.known, window=window, first=first, last=asked.last)


def _page(request: Request, found: list[Daily], *, limit: int, form: Form, lag: Lag) -> Response:
    page = found[:limit]
    following = next_cursor(request, [page[-1].window, page[-1].day] if len(found) > limit else None)
    lines = [_line(change) for change in page]
    if form == "csv":
        body = table_csv(MEASURE_COLUMNS, rows_of_changes(map(orjson.loads, lines)))
    else:
        body = json_page(lines, following)
    return answer(request, body, MEDIA_TYPES[form], lag=lag, headers=link_header(request, following))


def _line(change: Daily) -> bytes:
    at, name = day_text(change.day).encode(), change.window.encode()
    scope = orjson.dumps(change.scope)
    return b'{"at":"%s","measures":%s,"scope":%s,"window":"%s"}' % (at, change.measures.encode(), scope, name)


def _when(known: Known) -> str:
    return "" if known.time is None else f" as of {time_text(known.time)}"
