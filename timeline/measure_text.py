"""Measures as text: how the numbers of a window are written, for one feed and for the largest of several.

Rules kept here:
- Feeds overlap and are never summed: of each measure the feed with the greatest certain number stands, then the
  greatest possible, then the first name; it is named.
- A measure whose numbers are all 0 is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from timeline.measures import COUNT_SLOT, PEOPLE_SLOT, UNKNOWN, Vector


class Written(NamedTuple):
    """A measure of one feed: what it is compared by, and its JSON before and after the place of the feed's name."""

    name: str
    size: tuple[int, int]
    before: str
    after: str


_MEASURE_OF_SLOT = {slot: (name, slot, False) for name, slot in COUNT_SLOT.items()} | {
    slot + offset: (name, slot, True) for name, slot in PEOPLE_SLOT.items() for offset in range(UNKNOWN + 1)
}


def write_measures(certain: Vector, possible: Vector) -> list[Written]:
    """Return the measures of one feed's window that are not 0, by name."""
    # What is certain is possible too, so no other slot can hold a number.
    present = sorted({_MEASURE_OF_SLOT[slot] for slot, number in possible.items() if number})
    return [
        _people(name, slot, certain, possible) if people else _count(name, slot, certain, possible)
        for name, slot, people in present
    ]


def own_json(measures: list[Written]) -> str:
    """Return the measures of a feed's own scope as canonical JSON."""
    return "{" + ",".join([written.before + written.after for written in measures]) + "}"


def largest_json(feeds: Mapping[str, list[Written]]) -> str:
    """Return the measures of a scope as canonical JSON, each of its largest feed; `feeds` are in order of name."""
    largest: dict[str, tuple[Written, str]] = {}
    for feed, measures in feeds.items():
        for written in measures:
            if written.name not in largest or written.size > largest[written.name][0].size:
                largest[written.name] = (written, feed)
    said = [f'{written.before}"feed":"{feed}",{written.after}' for _, (written, feed) in sorted(largest.items())]
    return "{" + ",".join(said) + "}"


def _count(name: str, slot: int, certain: Vector, possible: Vector) -> Written:
    size = (certain.get(slot, 0), possible[slot])
    return Written(name, size, f'"{name}":{{"certain":{size[0]},', f'"possible":{size[1]}}}')


def _people(name: str, slot: int, certain: Vector, possible: Vector) -> Written:
    unknown = possible.get(slot + UNKNOWN, 0)
    behind = f',"unknown":{unknown}}}' if unknown else "}"
    size = (certain.get(slot + 1, 0), possible.get(slot + 1, 0))
    return Written(
        name, size, f'"{name}":{{"certain":{_sums(slot, certain)},', f'"possible":{_sums(slot, possible)}{behind}'
    )


def _sums(slot: int, vector: Vector) -> str:
    return f'{{"best":{vector.get(slot + 1, 0)},"high":{vector.get(slot + 2, 0)},"low":{vector.get(slot, 0)}}}'
