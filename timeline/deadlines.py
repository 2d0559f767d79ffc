"""Deadline rules: the mandate of a mission ends and was not renewed.

Rules kept here:
- The anchor is the resolution that set the end. A renewal is another adopted resolution for the mission with a later
  end that was not adopted before it; the warning ends on the day before, and stays true.
- A mission has few resolutions: all of them are looked at again when one changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from schemas.rule import DeadlineRule
from timeline.alerts import Anchor, Episode, Episodes, Found, alert_id
from timeline.entries import Entry
from timeline.facts import Fact


class _Term(NamedTuple):
    """First and last day of a warning, and the id of the resolution that ends it before its time."""

    first: int
    last: int
    renewal: str | None


class Deadlines:
    """The resolutions that set the end of a mission's mandate, mission by mission."""

    def __init__(self, rule: DeadlineRule, number: int, episodes: Episodes) -> None:
        self.rule = rule
        self._number = number
        self._episodes = episodes
        self._missions: dict[str, set[Entry]] = {}
        self._touched: set[str] = set()

    def update(self, entry: Entry) -> None:
        """Take in that the entry's current fact or its history changed."""
        for _, fact in entry.versions:
            if fact is not None and fact.mandate is not None:
                self._missions.setdefault(fact.mandate.scope, set()).add(entry)
                self._touched.add(fact.mandate.scope)

    def settle(self) -> Iterator[Found]:
        """Look again at the missions that a resolution changed."""
        touched, self._touched = self._touched, set()
        for scope in touched:
            wanted: dict[Anchor, Episode | None] = {}
            now = {entry: entry.current for entry in self._missions[scope]}
            for entry, fact in now.items():
                term = None if fact is None else self._term(entry, scope, now)
                if fact is None or term is None:
                    wanted[entry.id] = None
                else:
                    wanted[entry.id] = self._episode(entry, fact, scope, term)
            yield self._episodes.put(self.rule, scope, wanted)

    def _term(self, entry: Entry, scope: str, facts: Mapping[Entry, Fact | None]) -> _Term | None:
        """Return the days on which the resolution's end is near or over without a renewal, by these facts."""
        fact = facts[entry]
        if fact is None or not _sets(fact, scope) or self._number not in fact.satisfied:
            return None
        end = _end(fact)
        renewals = [
            (other.first, candidate.id)
            for candidate, other in facts.items()
            if other is not None and renews(other, fact)
        ]
        first = max(end - self.rule.days, fact.first)
        if renewals:
            adopted, renewal = min(renewals)
            term = _Term(first, adopted - 1, renewal)
        else:
            term = _Term(first, end + self.rule.days, None)
        return term if term.first <= term.last else None

    def _episode(self, entry: Entry, fact: Fact, scope: str, term: _Term) -> Episode:
        first, last, renewal = term
        return Episode(
            id=alert_id(self.rule, scope, entry.id),
            rule=self.rule,
            scope=scope,
            first=first,
            last=last + self.rule.hold,
            holds_until=last,
            value=1,
            peak=1,
            threshold=None,
            feed=fact.feed,
            known=self._known(entry, scope, first),
            causes=((entry.id, fact.content, fact.title, fact.feed),),
            causes_total=1,
            subject=entry.id,
            deadline=_end(fact),
            renewal=renewal,
        )

    def _known(self, entry: Entry, scope: str, day: int) -> int:
        """Return the first time as of which the day was one of the resolution's days."""
        entries = self._missions[scope]
        for time in sorted({stamp.publish_time for other in entries for stamp, _ in other.versions}):
            if entry.as_of(time) is None:
                continue
            term = self._term(entry, scope, {other: other.as_of(time) for other in entries})
            if term is not None and term.first <= day <= term.last:
                return time
        raise AssertionError(f"{self.rule.id} holds in {scope} for {entry.id} and was never known to")


def renews(other: Fact, fact: Fact) -> bool:
    """Return whether a resolution renews the mandate that another one set the end of."""
    if other.mandate is None or fact.mandate is None or other.mandate.scope != fact.mandate.scope:
        return False
    return other.mandate.end > fact.mandate.end and other.interval[0] >= fact.interval[0]


def _sets(fact: Fact, scope: str) -> bool:
    return fact.mandate is not None and fact.mandate.scope == scope


def _end(fact: Fact) -> int:
    if fact.mandate is None:
        raise AssertionError("only a resolution that sets an end is asked for it")
    return fact.mandate.end
