"""States: what is known of each event by itself.

Rules kept here:
- The revision is how many distinct assertions of the id are known; it depends on the set alone.
- `since` is the publish time from which the current content has been known without a break.
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from timeline.identity import Assertion, Document, Stamp
from timeline.times import time_text


class States:
    """Every event's assertions; a function of the set of what was applied."""

    def __init__(self) -> None:
        self._known: dict[str, dict[Stamp, Assertion]] = {}

    def apply(self, statement: Assertion) -> bool:
        """Take in an assertion; return False when it is known already."""
        known = self._known.setdefault(statement.id, {})
        if statement.stamp in known:
            return False
        known[statement.stamp] = statement
        return True

    def current(self) -> Iterator[Document]:
        """Yield the state of each id, withdrawn ones too, by id: the current assertion, revision, since, content."""
        for event_id in sorted(self._known):
            known = self._known[event_id]
            stamp = max(known)
            yield {
                **known[stamp].document,
                "revision": len(known),
                "since": time_text(since(list(known))),
                "content": stamp.content,
            }

    def history(self) -> Iterator[Assertion]:
        """Yield every assertion, by id and stamp."""
        for event_id in sorted(self._known):
            for stamp in sorted(self._known[event_id]):
                yield self._known[event_id][stamp]


def since(stamps: list[Stamp]) -> int:
    """Return the time from which the content of the greatest of these stamps was current without a break."""
    content = max(stamps).content
    greatest: Stamp | None = None
    start: int | None = None
    by_time = sorted(stamps, key=lambda stamp: stamp.publish_time)
    for index, stamp in enumerate(by_time):
        greatest = stamp if greatest is None else max(greatest, stamp)
        if index + 1 < len(by_time) and by_time[index + 1].publish_time == stamp.publish_time:
            continue
        if greatest.content != content:
            start = None
        elif start is None:
            start = stamp.publish_time
    if start is None:
        raise AssertionError("the greatest stamp is current in the end")
    return start


def state_json(state: Document) -> bytes:
    """Return a state as canonical JSON."""
    return orjson.dumps(state, option=orjson.OPT_SORT_KEYS)
