"""As of: what was known at an earlier time, and what follows from it.

Rules kept here:
- State as of K is the fold of the assertions made known (publish axis) or taken in (ingest axis) at or before K. What
  came later changes nothing, whatever it says.
- The clock stands at K: windows and alerts are those of K's day, even if an assertion taken in by then bears a
  publish time of the day after.
- An assertion that the log took more than once was known from the first time on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from schemas.errors import Failed
from schemas.rule import RuleSet
from timeline.identity import Assertion
from timeline.rollup import Rollup
from timeline.states import States
from timeline.times import DAY

Axis = Literal["publish", "ingest"]


class Taken(NamedTuple):
    """An assertion, and when the log took it: microseconds since 1970, None where it was never in a log."""

    statement: Assertion
    ingest_time: int | None


def known_by(taken: Iterable[Taken], time: int | None, axis: Axis) -> Iterator[Assertion]:
    """Yield the assertions that were known at `time` (microseconds), those of that very moment included; None is now.

    Raises:
        Failed: on the ingest axis, an assertion has no ingest time.
    """
    for statement, ingest_time in taken:
        if time is None or moment_of(statement, ingest_time, axis) <= time:
            yield statement


def moment_of(statement: Assertion, ingest_time: int | None, axis: Axis) -> int:
    """Return from which time on (microseconds) an assertion was known.

    Raises:
        Failed: on the ingest axis, it has no ingest time.
    """
    moment = statement.stamp.publish_time if axis == "publish" else ingest_time
    if moment is None:
        raise Failed(f"when {statement.id} was taken in is not known: lines carry no ingest time, an archive does")
    return moment


def states_as_of(taken: Iterable[Taken], time: int | None, axis: Axis) -> States:
    """Return the states of all events as they were known at `time`; None is now."""
    states = States()
    for statement in known_by(taken, time, axis):
        states.apply(statement)
    return states


def rollup_as_of(
    taken: Iterable[Taken], time: int | None, axis: Axis, rules: RuleSet | None = None, *, clock: int | None = None
) -> Rollup:
    """Return the settled rollup of what was known at `time`, its clock at that time.

    None is now: then the clock is the log's, or `clock` where ticks have moved it on.
    """
    rollup = Rollup(RuleSet() if rules is None else rules)
    for statement in known_by(taken, time, axis):
        rollup.apply(statement)
    if time is not None:
        # Not a tick, which never moves back: what was taken in by then may name a publish time up to a day later.
        rollup.clock = time
    elif clock is not None:
        rollup.tick(clock)
    rollup.settle()
    return rollup


def end_of_day(day: int) -> int:
    """Return the last moment of a day (number of days since 1970): day K holds what is before 00:00Z of the next."""
    return (day + 1) * DAY - 1
