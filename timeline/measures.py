"""Measures: what is counted of an event.

Rules kept here:
- Sums are over known values; an event whose best estimate is null is counted beside them, as unknown.

A vector of numbers is a sparse mapping of slots: one for each count, three (low, best, high) and one (unknown) for
each measure of people.
"""

from __future__ import annotations

from collections.abc import Iterable

from schemas.aggregate import COUNTS, PEOPLE, Measure
from timeline.identity import Document

Amounts = tuple[tuple[int, int], ...]
"""(slot, number) of what an event adds to each window that it lies in; no number is 0."""
Vector = dict[int, int]

_NOTHING: Document = {}
_ESTIMATES = ("low", "best", "high")
COUNT_SLOT: dict[str, int] = {name: slot for slot, name in enumerate(COUNTS)}
PEOPLE_SLOT: dict[str, int] = {name: len(COUNTS) + 4 * index for index, name in enumerate(PEOPLE)}
UNKNOWN = 3
_NOT_EVENTS = ("tally", "fatality")
_VIOLENT = ("attack", "protest")
_OF_VIOLENCE = (
    ("killed", "killed", "total"),
    ("injured", "injured", "total"),
    ("civilians_killed", "killed", "civilians"),
    ("peacekeepers_killed", "killed", "peacekeepers"),
    ("peacekeepers_injured", "injured", "peacekeepers"),
)
_OF_FATALITIES = (("other_deaths", "killed", "total"),)


def slot_of(measure: Measure, estimate: str) -> int:
    """Return the slot of a measure; `estimate` (low, best, high) matters for people only."""
    if measure in COUNT_SLOT:
        return COUNT_SLOT[measure]
    return PEOPLE_SLOT[measure] + _ESTIMATES.index(estimate)


def amounts_of(document: Document) -> tuple[Amounts, Amounts]:
    """Return what an asserted event adds to certain and possible windows, and to possible windows alone."""
    if document["coding"] == "machine":
        return ((COUNT_SLOT["machine_reports"], 1),), ()
    amounts = [(COUNT_SLOT[name], 1) for name in _counts_of(document)]
    unknown = []
    kind = document["type"]
    for measure, member, group in _OF_VIOLENCE if kind in _VIOLENT else _OF_FATALITIES if kind == "fatality" else ():
        slot = PEOPLE_SLOT[measure]
        estimate = document.get(member, _NOTHING).get(group, _NOTHING)
        for offset, name in enumerate(_ESTIMATES):
            number = estimate.get(name)
            if number:
                amounts.append((slot + offset, number))
        if "best" not in estimate:
            unknown.append((slot + UNKNOWN, 1))
    return tuple(amounts), tuple(unknown)


def _counts_of(document: Document) -> Iterable[str]:
    kind = document["type"]
    rejected = False
    if kind == "attack":
        yield "attacks"
    elif kind == "coup":
        outcome = document.get("coup", _NOTHING).get("outcome")
        if outcome == "realised":
            yield "coups"
        elif outcome == "attempted":
            yield "coup_attempts"
    elif kind == "resolution":
        outcome = document.get("resolution", _NOTHING).get("outcome")
        rejected = outcome == "rejected"
        if outcome == "adopted":
            yield "resolutions"
    if kind not in _NOT_EVENTS and not rejected:
        yield "events"
