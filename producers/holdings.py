"""What the log holds of some feeds: their statements on the events topics, and the manifests of their releases.

The events topics, not the timeline: an assertion that was acknowledged there counts, however far the ledger is behind.
A record that the ledger will refuse does not, so `decode` is to refuse what the ledger refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Final, Protocol

from eventlog.record import Record
from schemas.topics import INCIDENTS, POLITICAL, RELEASES
from timeline.identity import Assertion, Stamp
from timeline.manifests import Manifests
from timeline.releases import Key, Manifest, Mention, mention

Decode = Callable[[Record], Assertion | None]
"""From a record of an events topic to what it asserts, or None where it can never become an event."""
_EVENTS: Final = (INCIDENTS, POLITICAL)


class ReadableLog(Protocol):
    """The part of an event log that is read from."""

    def read(self, topic: str) -> Iterator[Record]:
        """Return every record of the topic up to its present end."""


class Holdings:
    """The statements and manifests of these feeds, as far as the log was read."""

    def __init__(self, log: ReadableLog, *, feeds: Collection[str], decode: Decode, topic_prefix: str = "") -> None:
        self.mentions: set[Mention] = set()
        self.current: dict[str, Stamp] = {}
        """The greatest stamp of each id."""
        self.withdrawals: set[Key] = set()
        self._log = log
        self._feeds = frozenset(feeds)
        self._keys = tuple(f"{feed}:".encode() for feed in feeds)
        self._decode = decode
        self._prefix = topic_prefix
        self._manifests = Manifests()
        self._next: dict[tuple[str, int], int] = {}

    @property
    def manifests(self) -> list[Manifest]:
        """The whole manifests of these feeds."""
        return [each for each in self._manifests.whole() if each.feed in self._feeds]

    @property
    def unreadable(self) -> int:
        """How many records of the releases topic are no pieces of a manifest."""
        return self._manifests.unreadable

    def read(self) -> None:
        """Read on to the present end of the events topics and of the manifests."""
        for topic in _EVENTS:
            for record in self._new(topic):
                # Of a key that is not the event's id the ledger makes a dead letter.
                if record.key is not None and record.key.startswith(self._keys):
                    self._take(self._decode(record))
        self.read_manifests()

    def read_manifests(self) -> None:
        """Read on to the present end of the manifests alone."""
        for record in self._new(RELEASES):
            self._manifests.take(record.value)

    def _take(self, statement: Assertion | None) -> None:
        if statement is None:
            return
        stamp = statement.stamp
        self.current[statement.id] = max(stamp, self.current.get(statement.id, stamp))
        said = mention(statement)
        if said is None:
            self.withdrawals.add((statement.id, stamp))
        else:
            self.mentions.add(said)

    def _new(self, topic: str) -> Iterator[Record]:
        """Yield the records that were not there, or not yet read, the last time."""
        for record in self._log.read(self._prefix + topic):
            place = (topic, record.partition)
            if record.offset >= self._next.get(place, 0):
                self._next[place] = record.offset + 1
                yield record
