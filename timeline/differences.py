"""Differences: what changes for people when statements come on top of others.

Only what is current counts: an older statement under a newer one, or the same content once more, is no change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from timeline.identity import NOT_CONTENT, Document, Stamp

Kind = Literal["new", "changed", "withdrawn"]


class Change(NamedTuple):
    """What becomes of one event."""

    id: str
    change: Kind


def changes(before: Mapping[str, Stamp], added: Iterable[tuple[str, Stamp]]) -> Iterator[Change]:
    """Yield by id what changes when statements are added to those whose greatest stamps by id are `before`."""
    after: dict[str, Stamp] = {}
    for event_id, stamp in added:
        after[event_id] = max(stamp, after.get(event_id, stamp))
    for event_id in sorted(after):
        old = before.get(event_id)
        kind = change(old, after[event_id] if old is None else max(old, after[event_id]))
        if kind is not None:
            yield Change(event_id, kind)


def change(old: Stamp | None, new: Stamp | None) -> Kind | None:
    """Return what becomes of an event when its current statement was `old` and is `new`; None: nothing that counts."""
    was = old is not None and not old.withdrawn
    stands = new is not None and not new.withdrawn
    if was != stands:
        return "new" if stands else "withdrawn"
    return "changed" if old is not None and new is not None and was and old.content != new.content else None


def differing_fields(old: Document, new: Document) -> list[str]:
    """Return the dotted paths of the members whose content differs, sorted; a list is one member."""
    before, after = dict(_leaves(old)), dict(_leaves(new))
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def _leaves(members: Mapping[str, Any], stem: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in members.items():
        if not stem and name in NOT_CONTENT:
            continue
        if isinstance(value, dict):
            yield from _leaves(value, f"{stem}{name}.")
        else:
            yield stem + name, value
