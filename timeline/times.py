"""Times and days as whole numbers: microseconds and days since 1970-01-01 in UTC; negative before.

The grid of all windows is the UTC day. Canonical text has no trailing zeros: `2021-04-01T00:00:00.5Z`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

DAY = 86_400_000_000
"""Microseconds of a day."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_MICROSECOND = timedelta(microseconds=1)


@lru_cache(maxsize=65_536)
def microseconds(text: str) -> int:
    """Return the time that `text` (RFC 3339 in UTC) tells."""
    return (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND


def time_text(time: int) -> str:
    """Return the canonical text of a time."""
    text = (_EPOCH + timedelta(microseconds=time)).isoformat()
    whole, _, fraction = text.removesuffix("+00:00").partition(".")
    return f"{whole}.{fraction.rstrip('0')}Z" if fraction else f"{whole}Z"


@lru_cache(maxsize=65_536)
def day_text(day: int) -> str:
    """Return a day as `2021-10-02`."""
    return date.fromordinal(day + _EPOCH_ORDINAL).isoformat()


def day_number(text: str) -> int:
    """Return the day that `2021-10-02` names; raises ValueError if it names none."""
    return date.fromisoformat(text).toordinal() - _EPOCH_ORDINAL
