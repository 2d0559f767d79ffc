"""A log in memory on which the core is driven as ledger and roller drive it, and may be stopped at every step.

Only what is committed stands in `Topics`: a transaction is there whole or not at all, as for a reader that is
`read_committed`, and a fenced writer leaves nothing. The timeline of a partition knows no transactions: a worker that
was cut off may append late.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from schemas.event import check_event
from schemas.rule import RuleSet
from schemas.rule_text import parse_rules
from tests.oracle.oracle import line
from timeline.identity import Assertion, assertion, decode, encode
from timeline.ordering import Known
from timeline.rollup import Rollup
from timeline.telling import ScopeChange, Told
from timeline.times import microseconds

Json = dict[str, Any]
TELLING = ("transition", "thread", "replaces", "reason", "heir", "survivor", "notify", "correction")
ENDED = ("cancelled", "superseded")


def statement(said: Json) -> Assertion:
    return assertion(check_event(said))


def rule_set(rules: Iterable[Json]) -> RuleSet:
    return parse_rules(json.dumps({"rules": list(rules)}))


@dataclass
class Topics:
    """What the roller's topics hold, committed."""

    alerts: list[tuple[str, bytes]] = field(default_factory=list)
    aggregates: list[tuple[str, bytes | None]] = field(default_factory=list)

    def commit(self, changes: Iterable[ScopeChange]) -> None:
        for change in changes:
            self.aggregates += [(change.scope, value) for value in change.aggregate or ()]
            self.alerts += change.alerts

    def compact(self) -> None:
        """Keep the last record of each key, in place, and drop tombstones, as the broker does in its own time."""
        last = {scope: position for position, (scope, _) in enumerate(self.aggregates)}
        self.aggregates = [
            (scope, value)
            for position, (scope, value) in enumerate(self.aggregates)
            if last[scope] == position and value is not None
        ]

    def told_alerts(self) -> list[Json]:
        return [json.loads(value) for _, value in self.alerts]

    def standing(self) -> list[bytes]:
        """The alerts that a reader holds: the last record of each id that did not end, without how it was told."""
        last = {record["id"]: record for record in self.told_alerts()}
        alerts = [
            {name: member for name, member in record.items() if name not in TELLING}
            for record in last.values()
            if record["transition"] not in ENDED
        ]
        return [
            line(each)
            for each in sorted(alerts, key=lambda e: [e[key] for key in ("first_day", "rule", "scope", "id")])
        ]

    def windows(self) -> list[bytes]:
        """The windows that a reader holds: a scope's record is valid until its next, the world's names the clock."""
        last = {scope: json.loads(value) for scope, value in dict(self.aggregates).items() if value is not None}
        return [line(value | {"clock": last["world"]["clock"]}) for _, value in sorted(last.items())]


class Roller:
    """The active roller, from its takeover on: it recalls what was told, then follows the timeline."""

    def __init__(self, topics: Topics, rules: RuleSet) -> None:
        self.topics = topics
        self.told = Told()
        for _, value in topics.alerts:
            self.told.recall_alert(value)
        for scope, aggregate in topics.aggregates:
            self.told.recall_aggregate(scope, aggregate)
        self.rollup = Rollup(rules)

    def follow(self, items: Iterable[Assertion | str]) -> None:
        """Take assertions, and ticks as text."""
        for item in items:
            if isinstance(item, str):
                self.rollup.tick(microseconds(item))
            else:
                self.rollup.apply(item)

    def settle(self, *, everything: bool, size: int = 5000, stop_after: int | None = None) -> list[ScopeChange]:
        """Tell what differs, at most `size` records a transaction, no scope split; stop after so many transactions."""
        changes = list(self.told.differences(self.rollup, everything))
        for number, transaction in enumerate(_transactions(changes, size)):
            if number == stop_after:
                break
            self.topics.commit(transaction)
            for change in transaction:
                self.told.confirm(change)
        return changes


def _transactions(changes: list[ScopeChange], size: int) -> list[list[ScopeChange]]:
    packed: list[list[ScopeChange]] = []
    records = size
    for change in changes:
        own = len(change.alerts) + len(change.aggregate or ())
        if records + own > size:
            packed.append([])
            records = 0
        packed[-1].append(change)
        records += own
    return packed


class LedgerPartition:
    """One partition of the events and its twin of the timeline, with the worker that holds it."""

    def __init__(self) -> None:
        self.events: list[Assertion] = []
        self.timeline: list[tuple[bytes, str]] = []
        self.committed = 0
        self.late: list[list[Assertion]] = []
        self.known = Known()

    def take_over(self) -> None:
        """A new worker reads its state from the timeline: the union of the stamps of all records."""
        self.known = Known()
        for value, content in self.timeline:
            self.known.add(decode(value, content))

    def batch(self, size: int, outcome: str, sent: int) -> None:
        """Take so many events. The outcome says how far the worker gets: `done`, `lost` (it dies after `sent` records
        and before it commits), `uncommitted` (it dies after all records), `stalled` (it is cut off after `sent`
        records, and appends the others late)."""
        events = self.events[self.committed : self.committed + size]
        accepted = [one for one in events if self.known.decide(one)]
        whole = outcome in ("done", "uncommitted")
        self.append(accepted if whole else accepted[:sent])
        if outcome == "stalled":
            self.late.append(accepted[sent:])
        if outcome == "done":
            for one in accepted:
                self.known.add(one)
            self.committed += len(events)
        else:
            self.take_over()

    def append(self, accepted: Iterable[Assertion]) -> None:
        self.timeline += [(encode(one), one.stamp.content) for one in accepted]

    def append_late(self) -> None:
        if self.late:
            self.append(self.late.pop())
