"""History: what would have been told of a log, day by day, had it been followed as it became known.

Rules kept here:
- Day K holds what became known before 00:00Z of the next day, on the axis chosen; the clock stands at the end of K.
- What is told on K is the difference between what was told by the end of K - 1 and what stands as of K. So the order
  and the repetition of what is given change nothing, and nothing known after K changes what was told by K.
- Which days are asked for changes no line: earlier days are gone through and not yielded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import orjson

from schemas.rule import RuleSet
from timeline.as_of import Axis, end_of_day, moment_of
from timeline.identity import Assertion
from timeline.rollup import Rollup, Settled
from timeline.telling import Told
from timeline.times import DAY
from timeline.transitions import Record


def history(
    taken: Iterable[tuple[Assertion, int | None]],
    rules: RuleSet,
    *,
    axis: Axis,
    first: int | None,
    last: int | None,
) -> Iterator[tuple[int, list[Record]]]:
    """Yield (day K, the transitions told on it, in their order) from `first` to `last`; days without any are left out.

    `first` and `last` are days since 1970; without `last` it ends with the day on which the last assertion became
    known, and a later `last` goes on without news, so that what is open then is resolved.

    Raises:
        Failed: on the ingest axis, an assertion has no ingest time.
    """
    news = _by_day(taken, axis)
    if not news:
        return
    told, rollup = Told(), _AlertsAlone(rules)
    for day in range(min(news), (max(news) if last is None else last) + 1):
        # Taken out, so that what it says is held no longer than needed: of an event only the facts stay.
        for statement in news.pop(day, ()):
            rollup.apply(statement)
        rollup.clock = end_of_day(day)
        transitions = []
        for change in told.differences(rollup, everything=False):
            told.confirm(change)
            transitions += [orjson.loads(value) for _, value in change.alerts]
        if transitions and (first is None or day >= first):
            yield day, transitions


class _AlertsAlone(Rollup):
    """A rollup that has no windows to tell: writing those of every scope on every day would take most of the time."""

    def settle(self) -> Settled:
        """Bring the alerts up to date."""
        return Settled(set(), super().settle().alerts)

    def windows(self, scope: str) -> list[tuple[str, str]]:  # noqa: ARG002 - as the rollup has it
        """Return none."""
        return []


def _by_day(taken: Iterable[tuple[Assertion, int | None]], axis: Axis) -> dict[int, list[Assertion]]:
    news: dict[int, list[Assertion]] = {}
    for statement, ingest_time in taken:
        news.setdefault(moment_of(statement, ingest_time, axis) // DAY, []).append(statement)
    return news
