"""Times as ACLED writes them: a day in one of three spellings, how well it is known, and when a row was uploaded."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final

from producers.reading.values import MONTHS, midnight, required, shown, whole
from schemas.errors import BadInput

_DAY: Final = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:[ T]00:00:00(?:\.0+)?)?|(\d\d?)[ -]([A-Za-z]{3,9})[ -](\d{4})|(\d\d?)-(\d\d?)-(\d{4})",
    re.ASCII,
)


@lru_cache(maxsize=16_384)
def interval_of(text: str, precision: str) -> tuple[str, str, str]:
    """Return start, end and precision of a day that is known as well as `time_precision` says."""
    day = _day(text)
    level = required(precision, "event_time.precision")
    if level == 1:
        return midnight(day), midnight(day, days_later=1), "day"
    if level == 2:
        # Only the week is known, and the day given is its middle.
        return midnight(day, days_later=-3), midnight(day, days_later=4), "week"
    if level == 3:
        last = day.replace(day=monthrange(day.year, day.month)[1])
        return midnight(day.replace(day=1)), midnight(last, days_later=1), "month"
    raise BadInput(f"expected time_precision 1 to 3, found {level}", "event_time.precision")


def _day(text: str) -> date:
    """Return the day of `2021-10-02`, `02 October 2021` or `02-10-2021`, which is never the American order."""
    match = _DAY.fullmatch(text) if len(text) < 40 else None
    if match is None:
        raise BadInput(f"expected a date as 2021-10-02, found {shown(text)}", "event_time.start")
    year, month, day, day_of_name, name, year_of_name, day_first, month_second, year_last = match.groups()
    try:
        if name:
            return date(int(year_of_name), MONTHS.get(name[:3].lower(), 0), int(day_of_name))
        if year:
            return date(int(year), int(month), int(day))
        return date(int(year_last), int(month_second), int(day_first))
    except ValueError as error:
        raise BadInput(f"{shown(text)} is no day of the calendar", "event_time.start") from error


@lru_cache(maxsize=16_384)
def published_at(text: str) -> str | None:
    """Return the time of upload, which is written as seconds since 1970; None where the export lacks it."""
    seconds = whole(text, "publish_time")
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError) as error:
        raise BadInput(f"{shown(text)} is no time in seconds", "publish_time") from error
