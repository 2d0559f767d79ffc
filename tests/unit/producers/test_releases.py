"""Releases in any order, killed anywhere, and two at once: the same statements are in the log in the end."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import event as note
from hypothesis import given
from hypothesis import strategies as st

from cli.publishing.releasing import decode
from eventlog.memory import MemoryLog
from eventlog.record import Header, Record
from producers.holdings import Holdings
from producers.publish import publish
from producers.releases import contradictions
from producers.spool import Release, Spool, Widening
from schemas.errors import Failed
from schemas.topics import INCIDENTS, RELEASES
from tests.profiles import examples
from timeline.identity import Stamp, assertion, encode
from timeline.times import DAY, day_number

from .releasing import (
    Killed,
    MortalLog,
    Publication,
    event,
    naive_state,
    run,
    state,
    statements,
    steps_of,
    told_and_sent,
)

X, Y, Z = event("x"), event("y"), event("z")
BOTH = Publication((X, Y), "one", "2022-06-01")
ONE = Publication((Y,), "two", "2023-06-01")
DAYS = ("2022-06-01", "2023-06-01", "2024-06-01", "2025-06-01")

events = st.builds(
    event,
    st.sampled_from("vwxyz"),
    st.sampled_from(("2021-04-01", "2021-04-02", "2021-04-03")),
    days=st.integers(1, 2),
    country=st.sampled_from(("MLI", "MLI", "NER", None)),
    killed=st.integers(0, 1),
)
contents = st.lists(events, min_size=1, max_size=5, unique_by=lambda each: each.id).map(tuple)


@st.composite
def publications(draw: st.DrawFn) -> list[Publication]:
    releases = [
        Publication(draw(contents), f"release-{day}", day)
        for day in draw(st.lists(st.sampled_from(DAYS), unique=True, min_size=2))
    ]
    plain = [Publication(draw(contents)) for _ in range(draw(st.integers(0, 1)))]
    return draw(st.permutations(releases + plain))


def current(log: MemoryLog) -> set[str]:
    """The keys of the events that stand."""
    best: dict[str, Stamp] = {}
    for statement in statements(log):
        best[statement.id] = max(statement.stamp, best.get(statement.id, statement.stamp))
    return {key.removeprefix("vigil:") for key, stamp in best.items() if not stamp.withdrawn}


def after(*order: Publication) -> MemoryLog:
    log = MemoryLog()
    for each in order:
        run(each, log)
    return log


@pytest.mark.parametrize("order", [(BOTH, ONE), (ONE, BOTH)])
def test_what_a_newer_release_lacks_is_withdrawn_in_either_order(order: tuple[Publication, ...]) -> None:
    log = after(*order)
    assert current(log) == {"y"}
    (gone,) = [each for each in statements(log) if each.stamp.withdrawn]
    assert gone.document == {
        "id": "vigil:x",
        "source": "vigil",
        "type": "attack",
        "state": "withdrawn",
        "coding": "human",
        "sequence": "2023-06-01",
        "publish_time": "2023-06-01T00:00:00Z",
        "publish_time_basis": "stated",
        "reason": "the release two of 2023-06-01 no longer contains it",
    }
    assert state(log) == naive_state([BOTH, ONE])


@given(publications())
@examples(150)
def test_the_state_is_that_of_the_naive_statement_in_every_order(order: list[Publication]) -> None:
    log = after(*order)
    withdrawn = sum(each.stamp.withdrawn for each in statements(log))
    note(f"withdrawals: {min(withdrawn, 3)}")
    assert state(log) == naive_state(order)
    for each in order:
        assert run(each, log) == 0
    assert state(log) == naive_state(order)


def test_the_property_meets_withdrawals() -> None:
    """Most drawn histories must hold some, or the property above says little."""
    counts = []

    @given(publications())
    @examples(60)
    def draw(order: list[Publication]) -> None:
        counts.append(any(each.stamp.withdrawn for each in statements(after(*order))))

    draw()
    assert sum(counts) >= len(counts) / 4


def test_a_release_withdraws_only_wholly_inside_its_coverage() -> None:
    elsewhere = event("elsewhere", country="NER")
    placeless = event("placeless", country=None)
    across = event("across", "2021-04-02", days=5)
    inside = event("inside", "2021-04-02")
    earlier = Publication((X, elsewhere, placeless, across, inside), "one", "2022-06-01")
    cut = Publication((event("first"), event("last", "2021-04-03")), "two", "2023-06-01")
    log = after(earlier, cut)
    assert current(log) == {"first", "last", "elsewhere", "placeless", "across"}
    log = MemoryLog()
    run(earlier, log)
    wide = Widening(frozenset({"NER"}), end=(day_number("2021-04-06") + 1) * DAY)
    assert run(cut, log, widening=wide) == 4
    assert current(log) == {"first", "last", "placeless"}


def test_events_without_a_country_are_spoken_of_where_the_release_has_such_events() -> None:
    one = Publication((event("x", country=None), event("y", country=None)), "one", "2022-06-01")
    two = Publication((event("y", country=None),), "two", "2023-06-01")
    assert current(after(one, two)) == {"y"}


def test_an_empty_release_withdraws_only_what_it_is_told_to_speak_of() -> None:
    log = after(BOTH)
    nothing = Publication((), "none", "2023-06-01")
    assert run(nothing, log) == 0
    day = day_number("2021-04-01") * DAY
    assert run(nothing, log, widening=Widening(frozenset({"MLI"}), start=day, end=day + DAY)) == 2
    assert current(log) == set()


def test_a_newer_release_takes_an_event_back_in() -> None:
    again = Publication((X, Y), "three", "2024-06-01")
    for order in ((BOTH, ONE, again), (again, BOTH, ONE), (again, ONE, BOTH)):
        assert current(after(*order)) == {"x", "y"}


def test_releases_of_one_day_do_not_withdraw_each_other() -> None:
    one, other = Publication((X,), "one", "2022-06-01"), Publication((Y,), "one", "2022-06-01")
    assert current(after(one, other)) == current(after(other, one)) == {"x", "y"}


def test_a_plain_file_is_told_what_releases_in_the_log_say_of_it() -> None:
    plain = Publication((X, Y))
    assert current(after(ONE, plain)) == current(after(plain, ONE)) == {"y"}


def test_the_difference_is_told_before_and_is_nothing_the_second_time() -> None:
    log = MemoryLog()
    run(BOTH, log)
    changed = Publication((event("y", killed=5), Z), "two", "2023-06-01")
    told, withdrawn = told_and_sent(changed, log)
    assert [(each.id, each.change) for each in told] == [
        ("vigil:x", "withdrawn"),
        ("vigil:y", "changed"),
        ("vigil:z", "new"),
    ]
    assert withdrawn == 1
    before, manifests = state(log), len(list(log.read(RELEASES)))
    for again in (changed, BOTH, changed, BOTH):
        assert told_and_sent(again, log) == ([], 0)
    assert state(log) == before
    assert len(list(log.read(RELEASES))) == manifests


def test_a_release_that_dies_anywhere_is_completed_by_the_same_command() -> None:
    whole = state(after(BOTH, ONE))
    steps = steps_of(lambda log: run(ONE, log), lambda: after(BOTH))
    assert steps > 8
    for step in range(steps):
        for survive in (0.0, 0.5, 1.0, -0.5, -0.2):
            log = after(BOTH)
            with pytest.raises(Killed):
                run(ONE, MortalLog(log, steps=step, survive=survive))
            run(ONE, log)
            assert state(log) == whole


def test_a_release_that_dies_withdraws_nothing_before_all_that_it_contains_is_there() -> None:
    big = Publication((Y, event("first"), event("second"), event("third")), "two", "2023-06-01")
    for step in range(steps_of(lambda log: run(big, log), lambda: after(BOTH))):
        for survive in (0.0, 0.5, 1.0, -0.5, -0.2):
            log = after(BOTH)
            with pytest.raises(Killed):
                run(big, MortalLog(log, steps=step, survive=survive))
            run(Publication((event("unrelated", country="NER"),)), log)  # completes what can be completed
            if "x" not in current(log):
                assert {"first", "second", "third"} <= current(log)


def test_what_a_dead_publisher_owes_is_sent_with_the_next_publication_of_the_feed() -> None:
    steps = steps_of(lambda log: run(ONE, log), lambda: after(BOTH))
    log = after(BOTH)
    with pytest.raises(Killed):
        run(ONE, MortalLog(log, steps=steps - 2))  # its manifest is there, its withdrawals are not
    assert current(log) == {"x", "y"}
    assert run(Publication((event("unrelated", country="NER"),)), log) == 1
    assert current(log) == {"y", "unrelated"}


class Turns:
    """Logs of several publishers whose steps follow one after the other as a schedule says."""

    def __init__(self, log: MemoryLog, acts: Sequence[Callable[[TurnedLog], object]]) -> None:
        self.log = log
        self._turn: int | None = None
        self._waiting: set[int] = set()
        self._done: set[int] = set()
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._run, args=(number, act), daemon=True) for number, act in enumerate(acts)
        ]

    def play(self, schedule: Sequence[int]) -> None:
        for thread in self._threads:
            thread.start()
        everyone = set(range(len(self._threads)))
        for number in [*schedule, *list(everyone) * 200]:
            with self._changed:
                assert self._changed.wait_for(lambda: self._waiting | self._done == everyone, 10)
                if number in self._done:
                    continue
                self._turn = number
                self._waiting.discard(number)
                self._changed.notify_all()
                assert self._changed.wait_for(lambda: self._turn is None, 10)
        assert self._done == everyone

    def step(self, number: int) -> None:
        """Wait for this publisher's next turn; it ends at the publisher's next step."""
        with self._changed:
            if self._turn == number:
                self._turn = None
            self._waiting.add(number)
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._turn == number, 10)

    def _run(self, number: int, act: Callable[[TurnedLog], object]) -> None:
        act(TurnedLog(self, number))
        with self._changed:
            self._done.add(number)
            self._turn = None
            self._changed.notify_all()


class TurnedLog:
    """One publisher's view of the log; what it sends is there when it flushes."""

    def __init__(self, turns: Turns, number: int) -> None:
        self._turns = turns
        self._number = number
        self._sent: list[tuple[str, bytes | None, bytes | None, Sequence[Header]]] = []

    def send(self, topic: str, *, key: bytes | None, value: bytes | None, headers: Sequence[Header]) -> None:
        self._sent.append((topic, key, value, headers))

    def flush(self) -> None:
        self._turns.step(self._number)
        for topic, key, value, headers in self._sent:
            self._turns.log.send(topic, key=key, value=value, headers=headers)
        self._sent.clear()

    def read(self, topic: str) -> Iterator[Record]:
        self._turns.step(self._number)
        return self._turns.log.read(topic)


@given(
    st.lists(publications().map(lambda found: found[0]), min_size=2, max_size=3, unique_by=lambda each: each.day),
    st.lists(st.integers(0, 2), max_size=40),
)
@examples(60)
def test_publishers_at_once_leave_what_they_leave_one_after_the_other(
    found: list[Publication], schedule: list[int]
) -> None:
    log = MemoryLog()
    turns = Turns(log, [lambda turned, each=each: run(each, turned) for each in found])  # type: ignore[misc]
    turns.play([number for number in schedule if number < len(found)])
    assert state(log) == naive_state(found)


def test_what_others_asserted_counts_and_what_the_ledger_refuses_does_not() -> None:
    """Before any ledger has read it: in structured mode too; mis-keyed, broken and far too early ones never."""
    log = MemoryLog()
    envelope = {"specversion": "1.0", "data": json.loads(encode(assertion(X)))}
    structured = [("content-type", b"application/cloudevents+json")]
    log.send(INCIDENTS, key=b"vigil:x", value=json.dumps(envelope).encode(), headers=structured)
    log.send(INCIDENTS, key=b"vigil:z", value=encode(assertion(event("v"))))
    log.send(INCIDENTS, key=b"vigil:w", value=b"{")
    log.send(INCIDENTS, key=b"vigil:u", value=encode(assertion(event("u", "2999-01-01"))))
    log.send(INCIDENTS, key=None, value=b"{}")
    assert run(ONE, log) == 1
    assert current(log) == {"y"}


def test_records_that_are_no_manifests_are_passed_over() -> None:
    log = MemoryLog()
    log.send(RELEASES, key=b"vigil", value=b"nonsense")
    holdings = Holdings(log, feeds={"vigil"}, decode=decode)
    holdings.read()
    assert holdings.unreadable == 1
    run(BOTH, log)
    assert run(ONE, log) == 1


def test_two_releases_of_one_day_that_differ_are_found() -> None:
    log = after(BOTH)
    holdings = Holdings(log, feeds={"vigil"}, decode=decode)
    holdings.read()
    with Spool("vigil", Release("other", "2022-06-01")) as spool:
        publish(Publication((X, Z)).rows(), spool)
        ((ours, held),) = contradictions(spool.manifests(), holdings)
    assert (ours.release, held.release) == ("other", "one")


def test_a_log_that_refuses_a_record_fails_the_release() -> None:
    class Full(MemoryLog):
        def flush(self) -> None:
            raise Failed("full")

    with pytest.raises(Failed):
        run(BOTH, Full())
