"""Entries: all that is known of one event, and how it looked at any earlier time.

Rules kept here:
- What is known is the set of assertions; the greatest stamp is current.
- As of a time, only what was published by then counts. Superseded facts are kept: a correction does not make an old
  alert late.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator

from timeline.facts import Fact
from timeline.identity import Stamp

NEVER = 1 << 62
"""A time after all times."""
Version = tuple[Stamp, Fact | None]


class Entry:
    """The assertions of one id, by stamp; `counted` is the fact that the indexes hold at present.

    `fresh` is the earliest publish time of what was added since it was counted: what was known before is as it was.
    """

    __slots__ = ("counted", "fresh", "id", "versions")

    def __init__(self, event_id: str) -> None:
        self.id = event_id
        self.versions: list[Version] = []
        self.counted: Fact | None = None
        self.fresh = NEVER

    def add(self, stamp: Stamp, fact: Fact | None) -> bool:
        """Add an assertion; return False for one that is known."""
        versions = self.versions
        index = bisect_left(versions, stamp, key=_stamp_of) if versions else 0
        if index < len(versions) and versions[index][0] == stamp:
            return False
        versions.insert(index, (stamp, fact))
        self.fresh = min(self.fresh, stamp.publish_time)
        return True

    def count(self) -> None:
        """Note that the indexes hold the current fact."""
        self.counted, self.fresh = self.current, NEVER

    @property
    def current(self) -> Fact | None:
        """The fact of the greatest stamp, None if it is a withdrawal."""
        return self.versions[-1][1]

    def history(self) -> Iterator[tuple[int, Fact | None]]:
        """Yield (time, fact current as of then) for each time at which an assertion was published, in order."""
        if len(self.versions) == 1:
            (stamp, fact) = self.versions[0]
            yield stamp.publish_time, fact
            return
        by_time = sorted(self.versions, key=lambda version: version[0].publish_time)
        greatest = by_time[0]
        for index, version in enumerate(by_time):
            greatest = max(greatest, version, key=_stamp_of)
            time = version[0].publish_time
            if index + 1 == len(by_time) or by_time[index + 1][0].publish_time != time:
                yield time, greatest[1]

    def changes(self, number_of: Callable[[Fact], tuple[str, int]]) -> Iterator[tuple[int, str, int]]:
        """Yield (time, feed, change) of each change of a number that was ever known; `number_of` gives feed, number."""
        feed, number = "", 0
        for time, fact in self.history():
            if number:
                yield time, feed, -number
            feed, number = ("", 0) if fact is None else number_of(fact)
            if number:
                yield time, feed, number

    def as_of(self, time: int) -> Fact | None:
        """Return the fact that was current as of a time; None before the first assertion too."""
        known = [version for version in self.versions if version[0].publish_time <= time]
        return max(known, key=_stamp_of)[1] if known else None


def _stamp_of(version: Version) -> Stamp:
    return version[0]
