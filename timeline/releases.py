"""Releases of a feed: what each of them withdraws, as a function of statements and manifests.

Rules kept here:
- A release withdraws an event that it does not contain, if any earlier statement of the feed (one with a smaller
  sequence) placed it wholly inside the release's coverage. It does not matter when either came to the log.
- So the withdrawals are the sum over all pairs of a statement and a manifest: one more of either only adds to them,
  and in whichever order releases come, in the end the same withdrawals are known. Therefore "any earlier statement",
  not "the greatest earlier one": a withdrawal that was sent cannot be taken back when a statement in between turns up.
- The withdrawal is dated by the release: its day is the sequence and the publish_time. Where a newer release asserts
  the event again, that wins, as the order of stamps has it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from sys import intern
from typing import NamedTuple

from schemas.event import check_event
from timeline.identity import Assertion, Stamp, assertion
from timeline.times import microseconds

Key = tuple[str, Stamp]
"""What makes an assertion itself: its id and its stamp."""


class Mention(NamedTuple):
    """What releases ask of a statement that asserts an event; `start` and `end` in microseconds since 1970."""

    id: str
    feed: str
    type: str
    sequence: str
    country: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a release speaks of: countries (None: all; None among them: events without one) and [start, end)."""

    countries: frozenset[str | None] | None
    start: int
    end: int

    def holds(self, mention: Mention) -> bool:
        """Return whether the event lies wholly inside."""
        return (
            self.start <= mention.start
            and mention.end <= self.end
            and (self.countries is None or mention.country in self.countries)
        )

    def overlaps(self, other: Coverage) -> bool:
        """Return whether both speak of some country at some time."""
        common = self.countries is None or other.countries is None or bool(self.countries & other.countries)
        return common and self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one release speaks of and contains. `sequence` is its day; without a coverage it withdraws nothing."""

    feed: str
    release: str
    sequence: str
    coverage: Coverage | None
    ids: frozenset[str]

    def withdraws(self, mention: Mention) -> bool:
        """Return whether the release says that the event of this earlier statement is none."""
        return (
            mention.feed == self.feed
            and mention.sequence < self.sequence
            and mention.id not in self.ids
            and self.coverage is not None
            and self.coverage.holds(mention)
        )

    def contradicts(self, other: Manifest) -> bool:
        """Return whether both are of one feed and day and differ about what they both speak of."""
        return (
            (self.feed, self.sequence) == (other.feed, other.sequence)
            and self.ids != other.ids
            and self.coverage is not None
            and other.coverage is not None
            and self.coverage.overlaps(other.coverage)
        )


def mention(statement: Assertion) -> Mention | None:
    """Return what releases ask of a statement; None for a withdrawal."""
    if statement.stamp.withdrawn:
        return None
    document = statement.document
    when = document["event_time"]
    country = document.get("place", {}).get("country")
    # A mention of each event of a feed is kept, and most of them say the same few words.
    return Mention(
        id=statement.id,
        feed=intern(document["source"]),
        type=intern(document["type"]),
        sequence=intern(statement.stamp.sequence),
        country=None if country is None else intern(country),
        start=microseconds(when["start"]),
        end=microseconds(when["end"]),
    )


def in_release(statement: Assertion, sequence: str) -> Assertion:
    """Return the statement as the release of this day makes it."""
    return Assertion(
        statement.id,
        statement.stamp._replace(sequence=sequence),
        {**statement.document, "sequence": sequence},
    )


def implied(mentions: Iterable[Mention], manifests: Iterable[Manifest]) -> dict[Key, Assertion]:
    """Return every withdrawal that these statements and manifests imply together, by id and stamp."""
    by_feed: defaultdict[str, list[Manifest]] = defaultdict(list)
    for manifest in manifests:
        by_feed[manifest.feed].append(manifest)
    return {
        (statement.id, statement.stamp): statement
        for each in mentions
        for manifest in by_feed.get(each.feed, ())
        if manifest.withdraws(each)
        for statement in (_withdrawal(each, manifest),)
    }


def _withdrawal(mention: Mention, manifest: Manifest) -> Assertion:
    return assertion(
        check_event(
            {
                "id": mention.id,
                "source": mention.feed,
                "type": mention.type,
                "state": "withdrawn",
                "sequence": manifest.sequence,
                "publish_time": f"{manifest.sequence}T00:00:00Z",
                "reason": f"the release {manifest.release} of {manifest.sequence} no longer contains it",
            }
        )
    )
