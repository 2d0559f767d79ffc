"""Accounting: every position of the event topics is in exactly one of timeline, dead letters and repeats.

Rules kept here:
- A valid assertion stands in the timeline under its own position, or another position holds the same stamp of its id
  and it is a repeat.
- What can never become an event stands in the dead letters under its position, with its reason.
- A timeline record may stand twice (a worker that was cut off may append late); it may not come from nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from timeline.identity import Stamp

Key = tuple[str, Stamp]
"""An assertion's id and stamp."""
Reading = tuple[str, Key | None]
"""A position of an event topic, and what it asserts; None where it can never become an event."""


@dataclass(frozen=True, slots=True)
class Account:
    """How many positions went where."""

    timeline: int
    dead_letters: int
    repeats: int


def account(
    readings: Iterable[Reading], timeline: Mapping[str, Key], dead_letters: AbstractSet[str]
) -> tuple[Account, list[str]]:
    """Return the account, and what does not add up, in sentences.

    `timeline` is what each position wrote there, `dead_letters` are the positions that were refused.
    """
    written = set(timeline.values())
    counts = {"timeline": 0, "dead_letters": 0, "repeats": 0}
    troubles = []
    positions = set()
    for position, key in readings:
        positions.add(position)
        place, trouble = _place(position, key, timeline, written, dead_letters)
        if trouble is not None:
            troubles.append(f"{position}: {trouble}")
        else:
            counts[place] += 1
    from_nowhere = sorted((timeline.keys() | dead_letters) - positions)
    troubles += [f"{position}: it was written on from there, but no record stands there" for position in from_nowhere]
    return Account(**counts), troubles


def _place(
    position: str, key: Key | None, timeline: Mapping[str, Key], written: AbstractSet[Key], dead: AbstractSet[str]
) -> tuple[str, str | None]:
    if key is None:
        if position in timeline:
            return "", "no event, but it stands in the timeline"
        return "dead_letters", None if position in dead else "no event, but it is not in the dead letters"
    if position in dead:
        return "", f"an assertion of {key[0]}, but it is in the dead letters"
    if position in timeline:
        same = timeline[position] == key
        return "timeline", None if same else f"the timeline holds another assertion than this one of {key[0]}"
    return "repeats", None if key in written else f"an assertion of {key[0]} that is nowhere in the timeline"
