"""Ticks carry the clock through quiet times. A tick's value is empty (its append time counts) or {"time": ...}."""

from __future__ import annotations

from datetime import datetime

import orjson

from timeline.times import DAY, microseconds


def tick_time(value: bytes | None, appended_ms: int) -> int | None:
    """Return the time (microseconds) that a tick record tells.

    None when it tells none: what it says is no time with its offset, or lies more than a day after the append.
    """
    appended = appended_ms * 1000
    if not value:
        return appended
    try:
        text = orjson.loads(value)["time"]
        if datetime.fromisoformat(text).tzinfo is None:
            return None
        time = microseconds(text)
    except (ValueError, TypeError, KeyError):
        return None
    return time if time <= appended + DAY else None
