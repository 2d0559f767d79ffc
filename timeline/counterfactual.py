"""Counterfactual: the fewest events without which no episode of a rule touches some days in a scope.

Rules kept here:
- An episode touches the days if its condition holds on one of them; `hold` does not count, it only keeps an alert up.
- An event is missing as if it had never been asserted. What is told is checked by the evaluators that raise alerts.
- It is called exact only where no smaller set exists by proof: a threshold asked of the largest feed or of one (feeds
  share no events, so the fewest of each add up), a match of single events, and where all smaller sets were tried.
- The rest is a set that does it, found step by step: while an episode touches the days, the cheapest way out of the
  earliest; at last, what turned out not to be needed is put back. All sets of so many events as the tries suffice for
  are tried, which tells how many it takes at least.
"""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import NamedTuple

from schemas.rule import DeadlineRule, MatchRule, SilenceRule, SurgeRule, ThresholdRule
from timeline.alerts import Episode
from timeline.cover import Item, fewest
from timeline.evidence import Evidence, Part
from timeline.facts import Fact
from timeline.runs import Days
from timeline.weeks import sunday, week_of

MOST_TRIES = 1000
"""How many sets are tried in search of a smaller one."""
MOST_NAMED = 60
"""How many single events that the alerts name are tried before."""
MOST_PUT_BACK = 200
"""How many events of a set are tried to be put back."""


class Counterfactual(NamedTuple):
    """Ids of events, sorted, without which no episode touches the days; no fewer than `at_least` would do."""

    events: tuple[str, ...]
    at_least: int

    @property
    def exact(self) -> bool:
        """Whether no smaller set exists."""
        return len(self.events) == self.at_least


def counterfactual(evidence: Evidence, days: Days) -> Counterfactual | None:
    """Return the fewest events, or the fewest that were found; None for a silence, which only a publication ends."""
    if isinstance(evidence.rule, SilenceRule):
        return None
    touching = touching_days(evidence, days)
    if not touching:
        return Counterfactual((), 0)
    rule = evidence.rule
    if isinstance(rule, MatchRule) and rule.feeds == 1:
        alone = sorted(episode.subject for episode in touching if episode.subject is not None)
        return Counterfactual(tuple(alone), len(alone))
    if isinstance(rule, ThresholdRule):
        covered, at_least = _covered(rule, evidence.parts(), days)
        gone = _step_by_step(evidence, days, covered)
    else:
        one = _one_is_enough(evidence, days, touching)
        gone, at_least = _step_by_step(evidence, days, []) if one is None else [one], 1
    if at_least < len(gone):
        gone, at_least = _by_trying(evidence, days, gone, at_least)
    return Counterfactual(tuple(sorted(gone)), at_least)


def touching_days(evidence: Evidence, days: Days) -> list[Episode]:
    """Return the episodes that hold on one of the days, by first day and id."""
    return [
        episode
        for episode in evidence.without.episodes(evidence.scope)
        if episode.first <= days[1] and episode.holds_until >= days[0]
    ]


def _step_by_step(evidence: Evidence, days: Days, begin: list[str]) -> list[str]:
    """Return events without which no episode touches the days: these, and what it takes beside them."""
    gone = list(begin)
    evidence.without.take_away(gone)
    while touching := touching_days(evidence, days):
        way_out = _way_out(evidence, touching[0], days, set(gone))
        evidence.without.take_away(way_out)
        gone += way_out
    if len(gone) > len(begin):
        gone = _needed(evidence, days, gone)
    evidence.without.put_back(gone)
    return gone


def _covered(rule: ThresholdRule, parts: list[Part], days: Days) -> tuple[list[str], int]:
    """Return events without which none of the days reaches the number, and how many it takes at least.

    No episode begins on the days then. One that began before them may still touch them.
    """
    items: dict[str, list[Item]] = {}
    for part in parts:
        first, last = max(part.first, days[0]), min(part.last, days[1])
        if first <= last:
            items.setdefault(part.feed, []).append(Item(part.id, first, last, part.number))
    covers = sorted([fewest(own, rule.reaches) for own in items.values()], key=lambda cover: len(cover.keys))
    # So many feeds may go on saying so without the others.
    cleared = covers[: max(len(covers) - rule.feeds + 1, 0)]
    gone = [event_id for cover in cleared for event_id in cover.keys]
    return gone, 1 if rule.feeds > 1 else max(sum(cover.at_least for cover in cleared), 1)


def _one_is_enough(evidence: Evidence, days: Days, touching: list[Episode]) -> str | None:
    """Return an event that every touching episode rests on, if there is one among those that they name."""
    named = {event_id for episode in touching for event_id in (episode.subject or "", *_ids(episode))}
    there = sorted(evidence.facts.keys() & named)[:MOST_NAMED]
    return next((event_id for event_id in there if _clears(evidence, days, (event_id,))), None)


def _by_trying(evidence: Evidence, days: Days, known: list[str], at_least: int) -> tuple[list[str], int]:
    """Return a smallest set, or the known one and how many it takes at least, if there are too many sets to try."""
    concerned = sorted(event_id for event_id, fact in evidence.facts.items() if _concerns(evidence, fact))
    tries = MOST_TRIES
    for size in range(at_least, len(known)):
        tries -= comb(len(concerned), size)
        if tries < 0:
            return known, size
        for gone in combinations(concerned, size):
            if _clears(evidence, days, gone):
                return list(gone), size
    return known, len(known)


def _concerns(evidence: Evidence, fact: Fact) -> bool:
    """Return whether the rule looks at the event at all."""
    if isinstance(evidence.rule, DeadlineRule):
        return fact.mandate is not None and fact.mandate.scope == evidence.scope
    return bool(fact.satisfied)


def _clears(evidence: Evidence, days: Days, gone: tuple[str, ...]) -> bool:
    evidence.without.take_away(gone)
    still = touching_days(evidence, days)
    evidence.without.put_back(gone)
    return not still


def _ids(episode: Episode) -> list[str]:
    return [cause[0] for cause in episode.causes]


def _way_out(evidence: Evidence, episode: Episode, days: Days, gone: set[str]) -> list[str]:
    """Return events that are there, without which the episode is weaker or gone: its anchor, else its causes.

    Of a surge the largest event of the earliest week that touches the days.
    """
    if isinstance(evidence.rule, SurgeRule):
        day = sunday(max(week_of(episode.first), week_of(days[0])))
        there = [part for part in evidence.parts() if part.first <= day <= part.last and part.id not in gone]
        return [max(there, key=lambda part: (part.feed == episode.feed, part.number, part.id)).id]
    if episode.subject is not None and episode.subject in evidence.facts:
        return [episode.subject]
    return _ids(episode)


def _needed(evidence: Evidence, days: Days, gone: list[str]) -> list[str]:
    """Return the events without those that may come back; in the end all of the result are away."""
    needed = list(gone)
    for event_id in gone[-MOST_PUT_BACK:]:
        evidence.without.put_back([event_id])
        if touching_days(evidence, days):
            evidence.without.take_away([event_id])
        else:
            needed.remove(event_id)
    return needed
