"""Corrections: which assertion made an alert fall."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from timeline.entries import Entry
from timeline.times import time_text


class Correction(NamedTuple):
    """The current assertion of an event; `publish_time` in microseconds, `withdrawn` if it takes the event back."""

    publish_time: int
    id: str
    content: str
    withdrawn: bool

    def members(self) -> dict[str, Any]:
        """Return it as the member of an alert record."""
        return {
            "id": self.id,
            "content": self.content[:12],
            "publish_time": time_text(self.publish_time),
            "state": "withdrawn" if self.withdrawn else "asserted",
        }


def correction_of(candidates: Iterable[tuple[Entry | None, str | None]]) -> Correction | None:
    """Return the newest current assertion whose content does not start with the one given; None if there is none."""
    found = []
    for entry, content in candidates:
        if entry is None:
            continue
        stamp, _ = entry.versions[-1]
        if content is None or not stamp.content.startswith(content):
            found.append(Correction(stamp.publish_time, entry.id, stamp.content, stamp.withdrawn))
    return max(found, default=None)
