"""The outbox keeps every message once, in one order, and how far each endpoint is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Failed
from subscribers.webhooks.messages import FILTERED, Message
from subscribers.webhooks.outbox import FILE, Outbox
from subscribers.webhooks.retries import Progress
from tests.unit.subscribers.webhooks.parts import message


@given(st.lists(st.lists(st.integers(0, 12), max_size=8), max_size=8))
def test_a_message_is_put_in_once_and_keeps_its_place(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[int]]
) -> None:
    outbox = Outbox.open(tmp_path_factory.mktemp("outbox"))
    order: list[int] = []
    for batch in batches:
        fresh = list(dict.fromkeys(number for number in batch if number not in order))
        assert outbox.append(message(number) for number in batch) == len(fresh)
        order += fresh
    heads = outbox.heads(0, limit=1000)
    assert [outbox.message(head.position) for head in heads] == [
        (message(number).id, message(number).body()) for number in order
    ]
    assert [head.position for head in heads] == sorted(head.position for head in heads)
    outbox.close()


def test_it_is_read_page_by_page_with_what_filters_ask_for(tmp_path: Path) -> None:
    outbox = Outbox.open(tmp_path)
    outbox.append(message(number, decision="late", at=number, scope=f"country:{number}") for number in range(10))
    first = outbox.heads(0, limit=4)
    rest = outbox.heads(first[-1].position, limit=100)
    assert [head.alert["scope"] for head in (*first, *rest)] == [f"country:{number}" for number in range(10)]
    expected = message(0, decision="late", at=0, scope="country:0")
    assert first[0].alert == {name: expected.transition[name] for name in FILTERED}
    assert (first[0].decision, first[0].at) == ("late", expected.at)


def test_a_batch_that_fails_leaves_nothing(tmp_path: Path) -> None:
    outbox = Outbox.open(tmp_path)

    def some() -> list[Message]:
        return [message(1), message(2)._replace(transition={})]

    with pytest.raises(KeyError):
        outbox.append(some())
    assert outbox.heads(0, limit=10) == []
    assert outbox.append([message(2)]) == 1


def test_what_is_kept_survives_and_is_read_by_others_while_it_is_written(tmp_path: Path) -> None:
    assert Outbox.look(tmp_path) is None
    outbox = Outbox.open(tmp_path)
    progress = Progress(position=3, delivered=2, attempts=1, failing_since=5, last_error="no", revision=4)
    outbox.save("a", progress)
    outbox.save("b", Progress(position=1))
    looked = Outbox.look(tmp_path)
    assert looked is not None
    assert (looked.progress("a"), looked.progress("c")) == (progress, Progress())
    with pytest.raises(sqlite3.OperationalError):
        looked.save("a", Progress())
    looked.close()
    outbox.forget(but=["a"])
    outbox.close()
    again = Outbox.open(tmp_path)
    assert (again.progress("a"), again.progress("b")) == (progress, Progress())
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_none_is_told_of_in_one_line(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"something else entirely" * 100)
    with pytest.raises(Failed, match="is no outbox"):
        Outbox.open(tmp_path)
