"""The core with one rule of one kind of rules broken, in the words of the semantics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from schemas.rule import FirstSeenRule, SurgeRule, ThresholdRule
from tests.mutants import ARRIVAL, Mutant
from timeline import first_seen, surge_known, surge_law, surges, thresholds
from timeline.alerts import Episode
from timeline.deadlines import Deadlines
from timeline.entries import Entry
from timeline.facts import Fact
from timeline.identity import Assertion
from timeline.matching import Matches
from timeline.runs import Days
from timeline.sequences import Sequences
from timeline.series import Series, SeriesKey
from timeline.silences import Silences
from timeline.steps import Steps
from timeline.surge_law import Law


def _feeds_agree_on_any_days(patch: pytest.MonkeyPatch) -> None:
    def agrees(self: Matches, other: Fact, fact: Fact, scope: str) -> bool:
        return other.feed != fact.feed and self._matches(other, scope)

    patch.setattr(Matches, "_agrees", agrees)


def _one_feed_is_enough(patch: pytest.MonkeyPatch) -> None:
    for name in ("runs", "widened"):
        whole = getattr(thresholds, name)

        def of_the_largest(*arguments: Any, _whole: Any = whole, **named: Any) -> Any:
            return _whole(*arguments, **(named | {"rank": 1}))

        patch.setattr(thresholds, name, of_the_largest)


def _severity_looks_at_the_first_day(patch: pytest.MonkeyPatch) -> None:
    def severity(self: Episode) -> str:
        rule = self.rule
        return rule.severity_at(self.value) if isinstance(rule, ThresholdRule) else rule.severity

    patch.setattr(Episode, "severity", property(severity))


def _no_more_is_expected_than_was_seen(patch: pytest.MonkeyPatch) -> None:
    whole = surge_law.law_of

    def law_of(rule: SurgeRule, past: Sequence[int]) -> Law | None:
        law = whole(rule, past)
        return None if law is None else law._replace(expected=max(law.expected - 0.5 / len(past), 1e-9))

    patch.setattr(surge_law, "law_of", law_of)


def _a_surge_is_known_when_its_number_is(patch: pytest.MonkeyPatch) -> None:
    def known(rule: SurgeRule, series: Series, group: Any, week: int) -> int:
        past = surge_known._Past(rule, series, group, week)
        changes = sorted(past._changes(), key=lambda change: change.time)
        return next(time for time in past._follow(changes, ()) if past._has_enough())

    patch.setattr(surges, "surge_known", known)


def _the_past_begins_before_the_feed_did(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(surges, "first_week", lambda steps: -(10**6) if isinstance(steps, Steps) else None)


def _any_role_will_do(patch: pytest.MonkeyPatch) -> None:
    whole = first_seen.first_seen_key

    def key(rule: FirstSeenRule, predicate: int) -> SeriesKey:
        return whole(rule, predicate)._replace(role=None)

    patch.setattr("timeline.evaluators.first_seen_key", key)


def _the_day_before_is_not_asked_when_it_was_known(patch: pytest.MonkeyPatch) -> None:
    whole = first_seen._changes

    def changes(series: Series, group: Any, entry: Entry, day: int) -> list[tuple[int, str, int]]:
        asked.append(day)
        return whole(series, group, entry, day) if day == max(asked) else []

    asked: list[int] = []
    known = first_seen.FirstSeenReader._known

    def of_the_day(self: first_seen.FirstSeenReader, series: Series, group: Any, day: int) -> int:
        asked[:] = [day]
        return known(self, series, group, day)

    patch.setattr(first_seen, "_changes", changes)
    patch.setattr(first_seen.FirstSeenReader, "_known", of_the_day)


def _a_follower_counts_from_its_first_day(patch: pytest.MonkeyPatch) -> None:
    whole = Sequences._follower

    def follower(self: Sequences, first: Fact, other: Entry, then: Fact | None, scope: str) -> Any:
        found = whole(self, first, other, then, scope)
        return found if found is None or then is None else found._replace(day=max(first.first, then.first))

    patch.setattr(Sequences, "_follower", follower)


def _what_follows_later_is_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    def touch(self: Sequences, scope: str, days: Days) -> None:
        return None

    patch.setattr(Sequences, "touch", touch)


def _where_chooses_among_renewals(patch: pytest.MonkeyPatch) -> None:
    whole = Deadlines._term

    def term(self: Deadlines, entry: Entry, scope: str, facts: Mapping[Entry, Fact | None]) -> Any:
        chosen = {other: fact if fact and self._number in fact.satisfied else None for other, fact in facts.items()}
        return whole(self, entry, scope, chosen)

    patch.setattr(Deadlines, "_term", term)


def _a_renewal_takes_the_warning_back(patch: pytest.MonkeyPatch) -> None:
    whole = Deadlines._term

    def term(self: Deadlines, entry: Entry, scope: str, facts: Mapping[Entry, Fact | None]) -> Any:
        found = whole(self, entry, scope, facts)
        return found if found == whole(self, entry, scope, {entry: facts[entry]}) else None

    patch.setattr(Deadlines, "_term", term)


def _a_withdrawal_is_no_publication(patch: pytest.MonkeyPatch) -> None:
    whole = Silences.hear

    def hear(self: Silences, statement: Assertion) -> None:
        if not statement.stamp.withdrawn:
            whole(self, statement)

    patch.setattr(Silences, "hear", hear)


KIND_MUTANTS = tuple(
    Mutant(name, rule, apply, ARRIVAL, kind)
    for kind, name, rule, apply in (
        ("match", "feeds agree on any days", "on days that overlap its own", _feeds_agree_on_any_days),
        ("threshold", "one feed is enough", "so that at least k feeds say so", _one_feed_is_enough),
        (
            "threshold",
            "severity looks at the first day",
            "the gravest step whose `reaches` the peak has reached",
            _severity_looks_at_the_first_day,
        ),
        (
            "surge",
            "no more is expected than was seen",
            "half an event more than was seen",
            _no_more_is_expected_than_was_seen,
        ),
        (
            "surge",
            "a surge is known when its number is",
            "as of which the first week was improbable",
            _a_surge_is_known_when_its_number_is,
        ),
        (
            "surge",
            "the past begins before the feed did",
            "from the first week in which that feed's number was not 0",
            _the_past_begins_before_the_feed_did,
        ),
        ("first_seen", "any role will do", "with `role`, at those in that role", _any_role_will_do),
        (
            "first_seen",
            "the day before is not asked when it was known",
            "as of which it was first seen on that day",
            _the_day_before_is_not_asked_when_it_was_known,
        ),
        (
            "sequence",
            "a follower counts from its first day",
            "A certain follower adds its number from its own last day on",
            _a_follower_counts_from_its_first_day,
        ),
        (
            "sequence",
            "what follows later is not looked at",
            "an alert is a function of the timeline",
            _what_follows_later_is_not_looked_at,
        ),
        (
            "deadline",
            "where chooses among renewals",
            "`where` does not choose among renewals",
            _where_chooses_among_renewals,
        ),
        (
            "deadline",
            "a renewal takes the warning back",
            "the day before the first day of the earliest other renewal",
            _a_renewal_takes_the_warning_back,
        ),
        (
            "silence",
            "a withdrawal is no publication",
            "withdrawals and superseded assertions included",
            _a_withdrawal_is_no_publication,
        ),
    )
)
