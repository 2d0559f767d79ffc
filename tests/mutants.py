"""The core with one rule broken at a time: what the design marks as left out once, and failing for it.

Each mutant patches the core as little as the mistake would; the properties must notice each (test_mutants).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from timeline import telling
from timeline.entries import Entry
from timeline.facts import Fact
from timeline.identity import Assertion, Document, Stamp
from timeline.nearby import Nearby
from timeline.ordering import Known
from timeline.rollup import Rollup
from timeline.states import States
from timeline.telling import Told
from timeline.transitions import Record


class Mutant(NamedTuple):
    """A broken rule, the design's words for it, the change, and the property that has to notice.

    With a kind, on what is drawn for rules of that kind.
    """

    name: str
    rule: str
    apply: Callable[[pytest.MonkeyPatch], None]
    property: str
    kind: str | None = None


def _arrival_decides(patch: pytest.MonkeyPatch) -> None:
    def add(self: Entry, stamp: Stamp, fact: Fact | None) -> bool:
        if any(known == stamp for known, _ in self.versions):
            return False
        self.versions.append((stamp, fact))
        return True

    def history(self: Entry) -> Iterator[tuple[int, Fact | None]]:
        for time in sorted({stamp.publish_time for stamp, _ in self.versions}):
            yield time, [fact for stamp, fact in self.versions if stamp.publish_time <= time][-1]

    patch.setattr(Entry, "add", add)
    patch.setattr(Entry, "history", history)


def _arrival_decides_between_equal_times(patch: pytest.MonkeyPatch) -> None:
    def add(self: Entry, stamp: Stamp, fact: Fact | None) -> bool:
        if any(known == stamp for known, _ in self.versions):
            return False
        self.versions.append((stamp, fact))
        self.versions.sort(key=lambda version: version[0][:2])
        return True

    patch.setattr(Entry, "add", add)


def _reaffirmation_is_a_repeat(patch: pytest.MonkeyPatch) -> None:
    def decide(self: Known, statement: Assertion) -> bool:
        stamps = [stamp for event_id, stamp in self._stamps if event_id == statement.id]
        if statement.stamp in stamps:
            return False
        return not stamps or max(stamps).content != statement.stamp.content

    patch.setattr(Known, "decide", decide)


def _state_is_the_last_record(patch: pytest.MonkeyPatch) -> None:
    def add(self: Known, statement: Assertion) -> None:
        self._stamps = {one for one in self._stamps if one[0] != statement.id} | {(statement.id, statement.stamp)}

    patch.setattr(Known, "add", add)


def _revision_counts_what_became_current(patch: pytest.MonkeyPatch) -> None:
    whole, revisions = States.apply, dict[tuple[int, str], int]()
    states = States.current

    def apply(self: States, statement: Assertion) -> bool:
        known = self._known.get(statement.id, {})
        if not known or statement.stamp > max(known):
            key = (id(self), statement.id)
            revisions[key] = revisions.get(key, 0) + 1 if known else 1
        return whole(self, statement)

    def current(self: States) -> Iterator[Document]:
        for state in states(self):
            yield {**state, "revision": revisions[id(self), state["id"]]}

    patch.setattr(States, "apply", apply)
    patch.setattr(States, "current", current)


def _revision_counts_contents(patch: pytest.MonkeyPatch) -> None:
    states = States.current

    def current(self: States) -> Iterator[Document]:
        for state in states(self):
            yield {**state, "revision": len({stamp.content for stamp in self._known[state["id"]]})}

    patch.setattr(States, "current", current)


def _own_memory_is_what_was_told(patch: pytest.MonkeyPatch) -> None:
    recall, confirm = Told.recall_alert, Told.confirm
    confirming: list[bool] = []

    def recall_alert(self: Told, value: bytes) -> None:
        if confirming:
            recall(self, value)

    def confirm_by_memory(self: Told, change: telling.ScopeChange) -> None:
        confirming.append(True)
        confirm(self, change)
        confirming.clear()

    patch.setattr(Told, "recall_alert", recall_alert)
    patch.setattr(Told, "confirm", confirm_by_memory)


def _start_compares_touched_scopes_only(patch: pytest.MonkeyPatch) -> None:
    differences = Told.differences

    def touched(self: Told, rollup: Rollup, everything: bool) -> Iterator[telling.ScopeChange]:
        return differences(self, rollup, everything=False)

    patch.setattr(Told, "differences", touched)


def _superseded_comes_first(patch: pytest.MonkeyPatch) -> None:
    in_order = Told._transitions

    def ended_first(self: Told, *arguments: Any) -> Iterator[Record]:
        records = list(in_order(self, *arguments))
        yield from sorted(records, key=lambda record: record["transition"] != "superseded")

    patch.setattr(Told, "_transitions", ended_first)


def _heir_starts_a_thread(patch: pytest.MonkeyPatch) -> None:
    take = telling._Threads.take

    def own(self: telling._Threads, alert_id: str, _wanted: list[str]) -> str:
        return take(self, alert_id, [])

    patch.setattr(telling._Threads, "take", own)


def _superseded_facts_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    def history(self: Entry) -> Iterator[tuple[int, Fact | None]]:
        yield self.versions[-1][0].publish_time, self.versions[-1][1]

    patch.setattr(Entry, "history", history)


def _only_current_facts_change_when_it_was_known(patch: pytest.MonkeyPatch) -> None:
    note = Nearby.note

    def note_current(self: Nearby[Any], group: Any, entry: Entry, days: tuple[int, int]) -> None:
        now = entry.current
        if now is not None and (now.first, now.last) == days:
            note(self, group, entry, days)

    patch.setattr(Nearby, "note", note_current)


def _clock_goes_back(patch: pytest.MonkeyPatch) -> None:
    def tick(self: Rollup, time: int) -> None:
        self.clock = time

    patch.setattr(Rollup, "tick", tick)


ARRIVAL = "any_arrival_gives_what_the_oracle_says"
LEDGER = "crashes_of_the_ledger_change_nothing"
ROLLER = "takeovers_of_the_roller_lose_nothing"

MUTANTS = (
    Mutant("arrival decides", "Log position is never compared", _arrival_decides, ARRIVAL),
    Mutant(
        "arrival decides between equal times",
        "Log position is never compared",
        _arrival_decides_between_equal_times,
        ARRIVAL,
    ),
    Mutant(
        "a reaffirmation is a repeat",
        "Same content under a later stamp is accepted too",
        _reaffirmation_is_a_repeat,
        LEDGER,
    ),
    Mutant(
        "revision counts what became current",
        "`revision` of an event = how many distinct assertions of it are known",
        _revision_counts_what_became_current,
        ARRIVAL,
    ),
    Mutant(
        "revision counts contents",
        "`revision` of an event = how many distinct assertions of it are known",
        _revision_counts_contents,
        ARRIVAL,
    ),
    Mutant(
        "own memory is what was told",
        "the difference between what was told (the alerts topic) and what stands",
        _own_memory_is_what_was_told,
        ROLLER,
    ),
    Mutant(
        "a start compares touched scopes only",
        "compared over all scopes at start",
        _start_compares_touched_scopes_only,
        ROLLER,
    ),
    Mutant(
        "state is the last record",
        "State is the union of the stamps of all records, never the last record",
        _state_is_the_last_record,
        LEDGER,
    ),
    # Not marked in the design, but promised as plainly.
    Mutant("superseded comes first", "the heir's record comes first", _superseded_comes_first, ARRIVAL),
    Mutant("an heir starts a thread", "it takes that of its earliest-told predecessor", _heir_starts_a_thread, ARRIVAL),
    Mutant(
        "superseded facts are forgotten",
        "keep each event's earlier facts too",
        _superseded_facts_are_forgotten,
        ARRIVAL,
    ),
    Mutant(
        "only current facts change when it was known",
        "keep each event's earlier facts too",
        _only_current_facts_change_when_it_was_known,
        ARRIVAL,
    ),
    Mutant("the clock goes back", "the largest publish_time", _clock_goes_back, ARRIVAL),
)
