"""Rehearsal: an old log told once more, step by step, as the service would have told it at that time.

Rules kept here:
- Steps follow from the log and from how long one is, never from when they are taken: told again, they are the same.
- The clock stands at a step's last moment. Each day begins with a step, also one without news, since alerts begin and
  end with days.
- What was known before the first day is one step, told as a load of history is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from schemas.rule import RuleSet
from timeline.as_of import Axis, Taken, end_of_day, moment_of
from timeline.rollup import Rollup
from timeline.telling import ScopeChange, Told
from timeline.times import DAY


class Step(NamedTuple):
    """A step's last moment (microseconds), the assertions that became known in it, and what has to be told."""

    time: int
    news: list[Taken]
    changes: list[ScopeChange]


def rehearse(
    taken: Iterable[Taken], rules: RuleSet, *, axis: Axis, first: int | None, last: int | None, width: int = DAY
) -> Iterator[Step]:
    """Yield the steps, each of `width` microseconds or what is left of the day, from the days `first` to `last`.

    Without `first` and `last` they are the days on which the first and the last assertion became known.

    Raises:
        Failed: on the ingest axis, an assertion has no ingest time.
    """
    steps = _steps(taken, axis, first, last, width)
    told, rollup = Told(), Rollup(rules)
    for time in sorted(steps):
        news = [each for each in steps.pop(time) if rollup.apply(each.statement)]
        rollup.clock = time
        changes = list(told.differences(rollup, everything=False))
        for change in changes:
            told.confirm(change)
        yield Step(time, news, changes)


def _steps(
    taken: Iterable[Taken], axis: Axis, first: int | None, last: int | None, width: int
) -> dict[int, list[Taken]]:
    """Return what became known in each step, by the step's last moment."""
    known = sorted(
        ((moment_of(*each, axis), each) for each in taken),
        key=lambda found: (found[0], found[1].statement.id, found[1].statement.stamp),
    )
    if not known:
        return {}
    begin = known[0][0] // DAY if first is None else first
    end = known[-1][0] // DAY if last is None else last
    steps: dict[int, list[Taken]] = {_end(day * DAY, width): [] for day in range(begin, end + 1)}
    for moment, each in known:
        if moment <= end_of_day(end):
            steps.setdefault(max(_end(moment, width), end_of_day(begin - 1)), []).append(each)
    return steps


def _end(moment: int, width: int) -> int:
    """Return the last moment of the step that holds this one."""
    day, within = divmod(moment, DAY)
    return min(day * DAY + (within // width + 1) * width - 1, end_of_day(day))
