"""Aggregates: what a scope's windows hold, as the aggregates topic and `vigil replay --output windows` give it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.event import Moment, Strict

Count = Literal["events", "attacks", "coups", "coup_attempts", "resolutions", "machine_reports"]
PeopleMeasure = Literal[
    "killed", "injured", "civilians_killed", "peacekeepers_killed", "peacekeepers_injured", "other_deaths"
]
Measure = Count | PeopleMeasure
Window = Literal["1d", "7d", "30d", "90d", "365d"]

COUNTS: tuple[Count, ...] = ("events", "attacks", "coups", "coup_attempts", "resolutions", "machine_reports")
PEOPLE: tuple[PeopleMeasure, ...] = (
    "killed",
    "injured",
    "civilians_killed",
    "peacekeepers_killed",
    "peacekeepers_injured",
    "other_deaths",
)
MEASURES: tuple[Measure, ...] = COUNTS + PEOPLE
WINDOWS: dict[Window, int] = {"1d": 1, "7d": 7, "30d": 30, "90d": 90, "365d": 365}
"""Days of each window; the window at a day ends with that day."""


class Number(Strict):
    """Events whose whole interval lies in the window, and those whose interval overlaps it (the certain included)."""

    certain: int
    possible: int
    feed: str | None = None


class Sums(Strict):
    """Sums over the known values."""

    low: int
    best: int
    high: int


class Persons(Strict):
    """Numbers of people; `unknown` counts the possible events whose best estimate is null."""

    certain: Sums
    possible: Sums
    unknown: int = 0
    feed: str | None = None


Measures = dict[Measure, Annotated[Number | Persons, Field(union_mode="left_to_right")]]
"""Measures that are not 0. `feed` names the feed whose number it is; absent in a scope of one feed (`@`)."""


class Aggregate(Strict):
    """All windows of a scope at the clock that it names; it stays valid until the scope's next one."""

    scope: str
    clock: Moment
    windows: dict[Window, Measures]
