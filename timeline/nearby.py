"""Nearby: which events may matter for some days of a group, without looking at all of them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from timeline.entries import Entry
from timeline.runs import Days

_CHUNK_DAYS = 32
_FEW = 4
Group = TypeVar("Group", bound=Hashable)


class Nearby(Generic[Group]):
    """The entries of each group by stretches of days. An entry once noted stays: its history decides what was known."""

    def __init__(self) -> None:
        # A list where there are few, which is mostly: a set of one takes 200 bytes more.
        self._chunks: dict[Group, dict[int, list[Entry] | set[Entry]]] = {}

    def note(self, group: Group, entry: Entry, days: Days) -> None:
        """Note that the entry matters, or mattered, for these days of the group."""
        chunks = self._chunks.get(group)
        if chunks is None:
            chunks = self._chunks[group] = {}
        for chunk in range(days[0] // _CHUNK_DAYS, days[1] // _CHUNK_DAYS + 1):
            entries = chunks.get(chunk)
            if entries is None:
                chunks[chunk] = [entry]
            elif isinstance(entries, set):
                entries.add(entry)
            elif entry not in entries:
                entries.append(entry)
                if len(entries) > _FEW:
                    chunks[chunk] = set(entries)

    def near(self, group: Group, days: Days) -> set[Entry]:
        """Return all entries that were noted for some of these days of the group, and some for days close to them."""
        chunks = self._chunks.get(group, {})
        first, last = days[0] // _CHUNK_DAYS, days[1] // _CHUNK_DAYS
        found: set[Entry] = set()
        for chunk in range(first, last + 1) if last - first < len(chunks) else chunks:
            if first <= chunk <= last and chunk in chunks:
                found.update(chunks[chunk])
        return found

    def before(self, group: Group, day: int) -> list[Entry]:
        """Return the entries noted for some day before this one, and some for days close to it; oldest first."""
        chunks = self._chunks.get(group, {})
        return [entry for chunk in sorted(chunks) if chunk <= day // _CHUNK_DAYS for entry in chunks[chunk]]
