"""Measures: what is counted of an event, and how the counts of a scope are written.

Rules kept here:
- Sums are over known values; an event whose best estimate is null is counted beside them, as unknown.
- Feeds overlap and are never summed: where several speak, the largest one's number stands and names it.
- A measure whose numbers are all 0 is left out.

A vector of numbers is a sparse mapping of slots: one for each count, three (low, best, high) and one (unknown) for
each measure of people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from schemas.aggregate import COUNTS, PEOPLE, Measure
from timeline.identity import Document

Amounts = tuple[tuple[int, int], ...]
"""(slot, number) of what an event adds to each window that it lies in; no number is 0."""
Vector = dict[int, int]
Writer = Callable[[Vector, Vector, str], str]

_NOTHING: Document = {}
_ESTIMATES = ("low", "best", "high")
_COUNT_SLOT: dict[str, int] = {name: slot for slot, name in enumerate(COUNTS)}
_PEOPLE_SLOT: dict[str, int] = {name: len(COUNTS) + 4 * index for index, name in enumerate(PEOPLE)}
_UNKNOWN = 3
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
    if measure in _COUNT_SLOT:
        return _COUNT_SLOT[measure]
    return _PEOPLE_SLOT[measure] + _ESTIMATES.index(estimate)


def amounts_of(document: Document) -> tuple[Amounts, Amounts]:
    """Return what an asserted event adds to certain and possible windows, and to possible windows alone."""
    if document["coding"] == "machine":
        return ((_COUNT_SLOT["machine_reports"], 1),), ()
    amounts = [(_COUNT_SLOT[name], 1) for name in _counts_of(document)]
    unknown = []
    kind = document["type"]
    for measure, member, group in _OF_VIOLENCE if kind in _VIOLENT else _OF_FATALITIES if kind == "fatality" else ():
        slot = _PEOPLE_SLOT[measure]
        estimate = document.get(member, _NOTHING).get(group, _NOTHING)
        for offset, name in enumerate(_ESTIMATES):
            number = estimate.get(name)
            if number:
                amounts.append((slot + offset, number))
        if "best" not in estimate:
            unknown.append((slot + _UNKNOWN, 1))
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


def measures_json(certain: Vector, possible: Vector) -> str:
    """Return the measures of one feed's window as canonical JSON."""
    written = [write(certain, possible, "") for _, write in _WRITERS]
    return "{" + ",".join([text for text in written if text]) + "}"


def largest_json(feeds: Mapping[str, tuple[Vector, Vector]]) -> str:
    """Return the measures of a window of several feeds (certain, possible) as canonical JSON, each the largest's."""
    names = sorted(feeds)
    written = []
    for slot, write in _WRITERS:
        largest, text = (-1, -1), ""
        for feed in names:
            certain, possible = feeds[feed]
            size = (certain.get(slot, 0), possible.get(slot, 0))
            if size > largest:
                said = write(certain, possible, f'"feed":"{feed}",')
                if said:
                    largest, text = size, said
        if text:
            written.append(text)
    return "{" + ",".join(written) + "}"


def _count_writer(name: str, slot: int) -> Writer:
    def write(certain: Vector, possible: Vector, feed: str) -> str:
        number = possible.get(slot)
        if not number:
            return ""
        return f'"{name}":{{"certain":{certain.get(slot, 0)},{feed}"possible":{number}}}'

    return write


def _people_writer(name: str, slot: int) -> Writer:
    def write(certain: Vector, possible: Vector, feed: str) -> str:
        low, best, high = possible.get(slot, 0), possible.get(slot + 1, 0), possible.get(slot + 2, 0)
        unknown = possible.get(slot + _UNKNOWN, 0)
        if not (high or best or low or unknown):
            return ""
        sure = f'{{"best":{certain.get(slot + 1, 0)},"high":{certain.get(slot + 2, 0)},"low":{certain.get(slot, 0)}}}'
        behind = f',"unknown":{unknown}' if unknown else ""
        return f'"{name}":{{"certain":{sure},{feed}"possible":{{"best":{best},"high":{high},"low":{low}}}{behind}}}'

    return write


_WRITERS: list[tuple[int, Writer]] = [
    (slot, writer)
    for _, slot, writer in sorted(
        [(name, slot, _count_writer(name, slot)) for name, slot in _COUNT_SLOT.items()]
        + [(name, slot + 1, _people_writer(name, slot)) for name, slot in _PEOPLE_SLOT.items()],
        key=lambda entry: entry[0],
    )
]
"""For each measure, by name: the slot by which feeds are compared, and what writes it."""
