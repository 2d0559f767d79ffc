"""Evaluators: what keeps the episodes of a rule set up to date, and which of them an event concerns.

Rules kept here:
- Rules of the same predicate, measure, window and count share a series.
- A rule that cannot concern an event is not looked at for it: an event is led to its evaluators by the predicates that
  its facts satisfy and by the measures that they add to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from schemas.rule import (
    DeadlineRule,
    FirstSeenRule,
    MatchRule,
    RuleSet,
    SequenceRule,
    SilenceRule,
    SurgeRule,
    ThresholdRule,
)
from timeline.alerts import Episodes, Found
from timeline.deadlines import Deadlines
from timeline.entries import Entry
from timeline.facts import Fact
from timeline.first_seen import FirstSeenReader, first_seen_key
from timeline.identity import Assertion
from timeline.matching import Matches
from timeline.measures import slot_of
from timeline.predicates import Predicates
from timeline.sequences import Followers, Sequences
from timeline.series import EVERY_EVENT, Reader, Series, SeriesKey
from timeline.silences import Silences
from timeline.surges import SurgeReader, surge_key
from timeline.thresholds import ThresholdReader, threshold_key


class Evaluator(Protocol):
    """Keeps episodes of one or several rules."""

    def update(self, entry: Entry) -> None:
        """Take in that the entry's current fact or its history changed."""

    def settle(self) -> Iterable[Found]:
        """Bring the episodes up to date; yield which may have changed."""


class Evaluators:
    """The evaluators of a rule set. They keep their episodes in `episodes`."""

    def __init__(self, rules: RuleSet, predicates: Predicates, episodes: Episodes) -> None:
        self._predicates, self._episodes = predicates, episodes
        self._series: dict[SeriesKey, Series] = {}
        self._by_predicate: dict[int, list[Evaluator]] = {}
        self._followers: dict[tuple[int, int, str], Followers] = {}
        self._by_amount: dict[tuple[int, int], list[Evaluator]] = {}
        self._deadlines: list[Evaluator] = []
        self._concerned: dict[tuple[frozenset[int], tuple[int, ...]], tuple[Evaluator, ...]] = {}
        self._dirty: dict[Evaluator, None] = {}
        silent = [rule for rule in rules.rules if isinstance(rule, SilenceRule)]
        self._silences = Silences(silent, episodes) if silent else None
        for rule in rules.rules:
            if isinstance(rule, SequenceRule):
                first = predicates.number(rule.first)
                self._ask(Sequences(rule, first, self._followers_of(rule), episodes), first)
            elif not isinstance(rule, SilenceRule):
                self._add(rule, predicates.number(rule.where))

    def _add(self, rule: MatchRule | ThresholdRule | SurgeRule | FirstSeenRule | DeadlineRule, predicate: int) -> None:
        if isinstance(rule, MatchRule):
            self._ask(Matches(rule, predicate, self._episodes), predicate)
        elif isinstance(rule, ThresholdRule):
            self._read(threshold_key(rule, predicate), ThresholdReader(rule, self._episodes))
        elif isinstance(rule, SurgeRule):
            self._read(surge_key(rule, predicate), SurgeReader(rule, self._episodes))
        elif isinstance(rule, FirstSeenRule):
            self._read(first_seen_key(rule, predicate), FirstSeenReader(rule, self._episodes))
        else:
            self._deadlines.append(Deadlines(rule, predicate, self._episodes))

    def _ask(self, evaluator: Evaluator, predicate: int) -> None:
        self._by_predicate.setdefault(predicate, []).append(evaluator)

    def _followers_of(self, rule: SequenceRule) -> Followers:
        key = self._predicates.number(rule.then), slot_of(rule.measure, rule.estimate), rule.scope
        if key not in self._followers:
            followers = self._followers[key] = Followers(*key)
            self._by_amount.setdefault(key[:2], []).append(followers)
        return self._followers[key]

    def _read(self, key: SeriesKey, reader: Reader) -> None:
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = Series(key)
            self._by_amount.setdefault((key.predicate, key.slot), []).append(series)
        series.read_by(reader)

    def hear(self, statement: Assertion) -> None:
        """Take in that a feed asserted something."""
        if self._silences is not None:
            self._silences.hear(statement)

    def update(self, entry: Entry) -> None:
        """Lead the entry to all that its current fact or one of its earlier ones concerns."""
        versions = entry.versions
        if len(versions) == 1:
            fact = versions[0][1]
            concerned: Iterable[Evaluator] = () if fact is None else self._concerned_by(fact)
        else:
            concerned = dict.fromkeys(
                evaluator for _, fact in versions if fact is not None for evaluator in self._concerned_by(fact)
            )
        for evaluator in concerned:
            evaluator.update(entry)
            self._dirty[evaluator] = None

    def settle(self) -> Iterator[Found]:
        """Bring the episodes up to date; yield which may have changed."""
        dirty, self._dirty = self._dirty, {}
        for evaluator in dirty:
            yield from evaluator.settle()
        if self._silences is not None:
            yield from self._silences.settle()

    def _concerned_by(self, fact: Fact) -> tuple[Evaluator, ...]:
        # Many facts, few combinations.
        key = fact.satisfied, tuple([slot for slot, _ in fact.amounts])
        found = self._concerned.get(key)
        if found is None:
            found = self._concerned[key] = tuple(dict.fromkeys(self._find(*key)))
        return found if fact.mandate is None else (*found, *self._deadlines)

    def _find(self, satisfied: frozenset[int], slots: tuple[int, ...]) -> Iterator[Evaluator]:
        for predicate in sorted(satisfied):
            yield from self._by_predicate.get(predicate, ())
            for slot in (EVERY_EVENT, *slots):
                yield from self._by_amount.get((predicate, slot), ())
