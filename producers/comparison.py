"""Two files of a feed compared as releases: what the newer one changes, without a log.

Rules kept here:
- As a release does, the newer file withdraws only what lies wholly in what it speaks of; what else it lacks is left.
- Sequence and publish_time are no content, so two layouts of one release do not differ by them.
- Of each file the ids and the canonical bytes of its statements are kept, of an id that stands twice the greatest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from producers.rows import DeadLetter
from producers.spool import Contents, Widening
from timeline.differences import Kind, change, differing_fields
from timeline.identity import Assertion, Stamp, decode, encode
from timeline.releases import mention


class Difference(NamedTuple):
    """What becomes of one event; `fields` are the dotted paths of what is not as it was."""

    change: Kind
    id: str
    fields: list[str]

    def members(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return self._asdict()


class Collected:
    """An outlet that keeps the statements of a file by id, and counts its bad rows."""

    def __init__(self) -> None:
        self.dead_letters = 0
        self._kept: dict[str, tuple[Stamp, bytes]] = {}
        self._contents: defaultdict[str, Contents] = defaultdict(Contents)

    def event(self, statement: Assertion) -> None:
        """Keep a statement, unless a greater one of the same id is there."""
        self._contents[statement.document["source"]].add(statement.id, mention(statement))
        kept = self._kept.get(statement.id)
        if kept is None or kept[0] < statement.stamp:
            self._kept[statement.id] = (statement.stamp, encode(statement))

    def dead_letter(self, letter: DeadLetter) -> None:  # noqa: ARG002
        """Count a bad row."""
        self.dead_letters += 1

    def flush(self) -> None:
        """Do nothing."""

    def ids(self) -> set[str]:
        """Return the ids of all statements."""
        return set(self._kept)

    def stamp(self, event_id: str) -> Stamp | None:
        """Return the greatest stamp of an event, None when there is none."""
        kept = self._kept.get(event_id)
        return None if kept is None else kept[0]

    def statement(self, event_id: str) -> Assertion:
        """Return the greatest statement of an event."""
        stamp, encoded = self._kept[event_id]
        return decode(encoded, stamp.content)

    def speaks_of(self, statement: Assertion, widening: Widening) -> bool:
        """Return whether the file, as a release, speaks of another file's statement."""
        feed = statement.document["source"]
        said = mention(statement)
        coverage = self._contents[feed].coverage(feed, widening)
        return said is not None and coverage is not None and coverage.holds(said)


class Comparison:
    """The differences between two files of a feed."""

    def __init__(self, old: Collected, new: Collected, widening: Widening) -> None:
        self.left = 0
        """How many events only the old file has that the new one does not speak of; counted by `differences`."""
        self._old = old
        self._new = new
        self._widening = widening

    def differences(self) -> Iterator[Difference]:
        """Yield what is different, by id."""
        old, new = self._old, self._new
        for event_id in sorted(old.ids() | new.ids()):
            kind = change(old.stamp(event_id), new.stamp(event_id))
            if kind == "changed":
                before, after = old.statement(event_id), new.statement(event_id)
                yield Difference(kind, event_id, differing_fields(before.document, after.document))
            elif kind == "withdrawn" and new.stamp(event_id) is None and not self._covered(event_id):
                self.left += 1
            elif kind is not None:
                yield Difference(kind, event_id, [])

    def _covered(self, event_id: str) -> bool:
        return self._new.speaks_of(self._old.statement(event_id), self._widening)
