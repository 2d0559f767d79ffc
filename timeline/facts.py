"""Facts: what windows and rules need of an assertion; its text is not kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from timeline.identity import Assertion
from timeline.measures import Amounts, amounts_of
from timeline.predicates import Predicate
from timeline.scopes import scopes_of
from timeline.times import DAY, microseconds


class Fact(NamedTuple):
    """An asserted event as it is counted. Days are inclusive; `satisfied` holds the numbers of the predicates.

    `amounts` go to the windows and series that hold the event for certain, `possible_amounts` to those that may.
    """

    first: int
    last: int
    feed: str
    scopes: tuple[str, ...]
    amounts: Amounts
    possible_amounts: Amounts
    satisfied: frozenset[int]
    content: str
    title: str | None


def fact_of(statement: Assertion, predicates: Sequence[Predicate]) -> Fact | None:
    """Return the fact that an assertion states, None for a withdrawal."""
    if statement.stamp.withdrawn:
        return None
    document = statement.document
    interval = document["event_time"]
    start, end = microseconds(interval["start"]), microseconds(interval["end"])
    amounts, unknown = amounts_of(document)
    return Fact(
        start // DAY,
        (end - 1 if end > start else start) // DAY,
        document["source"],
        scopes_of(document),
        amounts,
        amounts + unknown,
        _SETS[tuple([number for number, holds in enumerate(predicates) if holds(document)])],
        statement.stamp.content,
        document.get("title"),
    )


class _Sets(dict[tuple[int, ...], frozenset[int]]):
    """Each set of numbers once: a million facts share a few."""

    def __missing__(self, numbers: tuple[int, ...]) -> frozenset[int]:
        self[numbers] = frozenset(numbers)
        return self[numbers]


_SETS = _Sets()
