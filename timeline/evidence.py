"""Evidence: the events of a scope as one rule sees them, and what each adds to the rule's numbers.

Rules kept here:
- Only what stands counts: the current assertion of each event, if it is in the scope.
- What an event adds is asked of the same series and sequences that raise alerts, never computed anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from schemas.rule import FirstSeenRule, MatchRule, Rule, RuleSet, SequenceRule, SilenceRule, SurgeRule, ThresholdRule
from timeline.alerts import Episode, Episodes
from timeline.entries import Entry
from timeline.evaluators import Evaluators
from timeline.facts import Fact, fact_of
from timeline.first_seen import first_seen_key
from timeline.identity import Assertion, Stamp
from timeline.predicates import Predicates
from timeline.scopes import scopes_of
from timeline.series import Group, Series
from timeline.steps import Steps
from timeline.surges import surge_key
from timeline.thresholds import threshold_key

_PRESENT = Stamp("0", 0, False, "")
_ABSENT = Stamp("1", 0, True, "")


class Part(NamedTuple):
    """What an event adds to the number of its feed, on each day from first to last."""

    id: str
    feed: str
    first: int
    last: int
    number: int


class Evidence:
    """The current events of a scope by id: their assertions, and the facts that the rule asks for."""

    def __init__(self, statements: Iterable[Assertion], rule: Rule, scope: str) -> None:
        # It is looked at alone: whatever it inhibits is not in its rule set.
        self.rule: Rule = rule.model_copy(update={"inhibits": ()})
        self.scope = scope
        self.predicates = Predicates(self.rule.wheres)
        self.heard = list(statements) if isinstance(rule, SilenceRule) else []
        current: dict[str, Assertion] = {}
        for statement in self.heard or statements:
            known = current.get(statement.id)
            if known is None or statement.stamp > known.stamp:
                current[statement.id] = statement
        self.statements = {
            event_id: statement
            for event_id, statement in current.items()
            if not statement.stamp.withdrawn and scope in scopes_of(statement.document)
        }
        self._parts: dict[str | None, list[Part]] = {}
        self.facts: dict[str, Fact] = {
            event_id: fact
            for event_id, statement in self.statements.items()
            if (fact := fact_of(statement, self.predicates)) is not None
        }

    def parts(self, subject: str | None = None) -> list[Part]:
        """Return what counts, by first day and id; `subject` is that of the alert, for the kinds that have one.

        Of a match rule every matching event counts 1 on its days; of a deadline or a silence nothing is counted.
        """
        if subject not in self._parts:
            found = self._followers(subject) if isinstance(self.rule, SequenceRule) else self._counted(subject)
            feed = getattr(self.rule, "feed", None)
            self._parts[subject] = sorted(
                [part for part in found if feed in (None, part.feed)], key=lambda part: (part.first, part.id)
            )
        return self._parts[subject]

    def _counted(self, subject: str | None) -> Iterator[Part]:
        rule, group = self.rule, Group(self.scope, "")
        if isinstance(rule, MatchRule):
            number = self.predicates.number(rule.where)
            for event_id, fact in self.facts.items():
                if number in fact.satisfied:
                    yield Part(event_id, fact.feed, fact.first, fact.last, 1)
            return
        if isinstance(rule, ThresholdRule):
            series = Series(threshold_key(rule, self.predicates.number(rule.where)))
        elif isinstance(rule, SurgeRule):
            series = Series(surge_key(rule, self.predicates.number(rule.where)))
        elif isinstance(rule, FirstSeenRule):
            series = Series(first_seen_key(rule, self.predicates.number(rule.where)))
            group = Group(self.scope, subject or "")
        else:
            return
        for event_id, fact in self.facts.items():
            amount = series.amount(fact, group)
            first, last = series.days(fact)
            if amount and first <= last:
                yield Part(event_id, fact.feed, first, last, amount)

    def _followers(self, subject: str | None) -> Iterator[Part]:
        """Yield what follows the event: each follower alone is asked for, as a rule that is content with any."""
        rule, anchor = self.rule, self.facts.get(subject or "")
        if subject is None or anchor is None or not isinstance(rule, SequenceRule):
            return
        any_follower = rule.model_copy(update={"reaches": 1, "feeds": 1, "hold": 0})
        for event_id, fact in self.facts.items():
            if event_id == subject or fact.first > anchor.last + rule.within or fact.last < anchor.first:
                continue
            pair = Without(any_follower, self.predicates, {subject: anchor, event_id: fact})
            for episode in pair.episodes(self.scope):
                if episode.subject == subject:
                    yield Part(event_id, fact.feed, episode.first, episode.holds_until, episode.value)

    @cached_property
    def without(self) -> Without:
        """The rule's episodes in the scope, with all its events there at first."""
        return Without(self.rule, self.predicates, self.facts, self.heard)


class Without:
    """The episodes of one rule while some events are taken away, by the evaluators that raise alerts."""

    def __init__(
        self, rule: Rule, predicates: Predicates, facts: Mapping[str, Fact], heard: Iterable[Assertion] = ()
    ) -> None:
        self._rule = rule
        self._episodes = Episodes()
        self._evaluators = Evaluators(RuleSet(rules=(rule,)), predicates, self._episodes)
        self._entries: dict[str, Entry] = {}
        for event_id, fact in facts.items():
            entry = self._entries[event_id] = Entry(event_id)
            entry.add(_PRESENT, fact)
        for statement in heard:
            self._evaluators.hear(statement)
        self._update(self._entries)

    def episodes(self, scope: str) -> list[Episode]:
        """Return the episodes in a scope, pending ones too, by first day and id."""
        found = self._episodes.get((self._rule.id, scope), {}).values()
        return sorted(found, key=lambda episode: (episode.first, episode.id))

    def take_away(self, event_ids: Iterable[str]) -> None:
        """Go on as if these events, which are there, had never been."""
        gone = list(event_ids)
        for event_id in gone:
            self._entries[event_id].add(_ABSENT, None)
        self._update(gone)

    def put_back(self, event_ids: Iterable[str]) -> None:
        """Let these events, which were taken away, be there again."""
        back = list(event_ids)
        for event_id in back:
            entry = self._entries[event_id]
            fact = entry.versions[0][1]
            entry.versions.clear()
            entry.add(_PRESENT, fact)
        self._update(back)

    def _update(self, event_ids: Iterable[str]) -> None:
        for event_id in event_ids:
            entry = self._entries[event_id]
            self._evaluators.update(entry)
            entry.counted = entry.current
        for _ in self._evaluators.settle():
            pass


def numbers_of(parts: Iterable[Part]) -> dict[str, Steps]:
    """Return the number of each feed, day by day."""
    numbers: dict[str, Steps] = {}
    for part in parts:
        numbers.setdefault(part.feed, Steps()).add(part.first, part.last, part.number)
    return numbers
