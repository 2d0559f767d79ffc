"""Match rules: one event satisfies a predicate, and that is an alert in each scope of the rule's kind that it has.

One event, one alert, even when intervals overlap: its days are the event's, and the rule's `hold` after.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas.rule import MatchRule
from timeline.alerts import Episode, alert_id
from timeline.entries import Entry
from timeline.facts import Fact
from timeline.scopes import scope_kind


def match_scopes(rule: MatchRule, number: int, fact: Fact | None) -> tuple[str, ...]:
    """Return the scopes in which the event is an alert of the rule; `number` is that of the rule's predicate."""
    if fact is None or number not in fact.satisfied:
        return ()
    return tuple([scope for scope in fact.scopes if scope_kind(scope) == rule.scope])


def match_episodes(rule: MatchRule, number: int, entry: Entry) -> Iterator[Episode]:
    """Yield the episodes of the event as it stands."""
    fact = entry.current
    if fact is None:
        return
    for scope in match_scopes(rule, number, fact):
        yield Episode(
            id=alert_id(rule, scope, entry.id),
            rule=rule,
            scope=scope,
            first=fact.first,
            last=fact.last + rule.hold,
            holds_until=fact.last,
            value=1,
            peak=1,
            threshold=None,
            feed=fact.feed,
            known=_known(rule, number, entry, scope, fact.first),
            causes=((entry.id, fact.content, fact.title, fact.feed),),
            causes_total=1,
        )


def _known(rule: MatchRule, number: int, entry: Entry, scope: str, day: int) -> int:
    """Return the first time as of which the event matched in the scope, with `day` among the alert's days."""
    return next(
        time
        for time, fact in entry.history()
        if fact is not None and fact.first <= day <= fact.last + rule.hold and scope in match_scopes(rule, number, fact)
    )
