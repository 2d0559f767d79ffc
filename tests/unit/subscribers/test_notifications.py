"""Tellings are parted where a transaction ended, and decisions are read in the order of their times."""

from __future__ import annotations

import json

import pytest

from eventlog.record import Record
from schemas.topics import ALERTS, COMMANDS
from subscribers.commands import command_record, decisions_of
from subscribers.notifications import Tellings
from tests.unit.timeline.people_parts import acknowledge, command_id, transition
from timeline.notification import Telling


def record(alert: str, offset: int, *, partition: int = 0, at_ms: int = 0) -> Record:
    return Record(ALERTS, partition, offset, at_ms, b"k", json.dumps(transition(alert)).encode(), ())


def ids(tellings: list[Telling]) -> list[list[str]]:
    return [[each["id"] for each in telling.transitions] for telling in tellings]


def test_a_gap_parts_two_tellings_and_batches_do_not() -> None:
    parts = Tellings()
    found = list(parts.add([record("a", 0), record("b", 1)]))
    assert ids(found) == []
    found += parts.add([record("c", 2), record("d", 4)])
    assert ids(found) == [["a", "b", "c"]]
    assert ids(list(parts.end({(ALERTS, 0): 5}))) == []
    assert ids(list(parts.end({(ALERTS, 0): 6}))) == [["d"]]
    assert ids(list(parts.end({(ALERTS, 0): 7}))) == []


def test_partitions_do_not_mix() -> None:
    parts = Tellings()
    assert list(parts.add([record("a", 0), record("b", 0, partition=1), record("c", 1)])) == []
    assert sorted(ids(list(parts.end({(ALERTS, 0): 3, (ALERTS, 1): 2})))) == [["a", "c"], ["b"]]


def test_a_telling_is_told_when_its_last_record_was_and_after_the_one_before() -> None:
    parts = Tellings()
    found = list(parts.add([record("a", 0, at_ms=5), record("b", 1, at_ms=7), record("c", 3, at_ms=6)]))
    found += parts.end({(ALERTS, 0): 5})
    assert [telling.at for telling in found] == [7000, 7000]


def test_decisions_come_in_the_order_of_their_times_and_what_is_none_is_told_of() -> None:
    def said(name: str, offset: int, at_ms: int, partition: int = 0) -> Record:
        key, value, headers = command_record(acknowledge(0, "t", name).command)
        return Record(COMMANDS, partition, offset, at_ms, key, value, headers)

    unreadable: list[str] = []
    replay = Record(COMMANDS, 0, 2, 0, b"k", b'{"command":"replay","dead_letter":"l","events":[]}', ())
    none = Record(COMMANDS, 0, 3, 0, b"k", b'{"command":"acknowledge"}', ())
    found = decisions_of([said("b", 0, 9), said("c", 1, 9), said("a", 0, 3, 1), replay, none], unreadable.append)
    assert [(taken.when, taken.command.id) for taken in found] == [
        (3000, command_id("a")), (9000, command_id("b")), (9000, command_id("c")),
    ]  # fmt: skip
    assert unreadable == [f"{COMMANDS}:0:3"]


@pytest.mark.parametrize("members", [{}, {"comment": "seen"}])
def test_a_command_is_read_as_it_was_written(members: dict[str, str]) -> None:
    taken = acknowledge(0, "3f0ff5b2-2", **members)
    key, value, headers = command_record(taken.command)
    assert (key, dict(headers)["content-type"]) == (b"3f0ff5b2-2", b"application/json")
    [read] = decisions_of([Record(COMMANDS, 0, 0, taken.when // 1000, key, value, headers)], print)
    assert read == taken
