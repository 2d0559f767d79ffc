"""ISO weeks as whole numbers: week 0 is the one that holds 1970-01-01, a Thursday."""

from __future__ import annotations

from datetime import date

from timeline.times import day_text


def week_of(day: int) -> int:
    """Return the week that holds a day."""
    return (day + 3) // 7


def monday(week: int) -> int:
    """Return the first day of a week."""
    return 7 * week - 3


def sunday(week: int) -> int:
    """Return the last day of a week."""
    return 7 * week + 3


def weeks_ending(first: int, last: int) -> range:
    """Return the weeks whose last day lies between two days, both included."""
    return range(week_of(first), (last - 3) // 7 + 1)


def week_text(week: int) -> str:
    """Return a week as `2021-W39`."""
    year, number, _ = date.fromisoformat(day_text(monday(week))).isocalendar()
    return f"{year}-W{number:02}"
