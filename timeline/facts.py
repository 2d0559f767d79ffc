"""Facts: what windows and rules need of an assertion; its text is not kept."""

from __future__ import annotations

from functools import lru_cache
from sys import intern
from typing import NamedTuple

from timeline.identity import Assertion, Document
from timeline.measures import Amounts, amounts_of
from timeline.predicates import Predicates
from timeline.scopes import mission_scope, scopes_of
from timeline.times import DAY, day_number, microseconds

_NOTHING: Document = {}

Roles = tuple[tuple[str, str | None], ...]
"""(actor id, role) of each actor."""


class Mandate(NamedTuple):
    """What an adopted resolution sets: until which day, included, the mission of this scope may stay."""

    scope: str
    end: int


class Fact(NamedTuple):
    """An asserted event as it is counted. Days are inclusive; `satisfied` holds the numbers of the predicates.

    `amounts` go to the windows and series that hold the event for certain, `possible_amounts` to those that may.
    `moment` is (start, end) in microseconds of an event that does not consist of whole days.
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
    actors: Roles
    method: str | None
    mandate: Mandate | None
    moment: tuple[int, int] | None

    @property
    def interval(self) -> tuple[int, int]:
        """Start and end in microseconds, half-open."""
        return self.moment or (self.first * DAY, (self.last + 1) * DAY)


def fact_of(statement: Assertion, predicates: Predicates) -> Fact | None:
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
        intern(document["source"]),
        scopes_of(document),
        _shared(amounts),
        _shared(amounts + unknown),
        predicates.satisfied(document),
        statement.stamp.content,
        document.get("title"),
        _roles(tuple([(actor["id"], actor.get("role")) for actor in document.get("actors", ())])),
        document.get("method"),
        _mandate(document) if document["type"] == "resolution" else None,
        None if not start % DAY and not end % DAY and end > start else (start, end),
    )


@lru_cache(maxsize=65_536)
def _roles(actors: Roles) -> Roles:
    """Each list of actors once: a million facts share a few."""
    return actors


@lru_cache(maxsize=65_536)
def _shared(amounts: Amounts) -> Amounts:
    """Each tuple of numbers once, for the same reason."""
    return amounts


def _mandate(document: Document) -> Mandate | None:
    resolution = document.get("resolution", _NOTHING)
    mission = resolution.get("mission") or document.get("mission")
    end = resolution.get("mandate_end")
    if resolution.get("outcome") != "adopted" or not mission or not end:
        return None
    return Mandate(mission_scope(mission), day_number(end))
