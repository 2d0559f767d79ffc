"""CAP messages over a whole history: what refers to what, and what is in force."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Failed
from subscribers.formats.cap import Message, Profile, Status, cap_messages, standing_messages
from subscribers.formats.cap_document import cap_document
from tests.cap import Json, parsed, texts, told
from tests.kinds import KINDS, draw_case_of
from tests.profiles import examples
from tests.simulation import Roller, Topics, rule_set, statement
from tests.strategies import choice, chunks, draw_delivery
from timeline.identity import Assertion

SENDER = "desk@ops.example"


def _history(kind: str, data: st.DataObject) -> Topics:
    """What a roller tells of random assertions, corrections and withdrawals that arrive in a random order."""
    choose = choice(data)
    case = draw_case_of(kind, choose)
    delivery = draw_delivery(choose, case)
    items: list[Assertion | str] = [*map(statement, case.assertions), *case.ticks]
    topics = Topics()
    roller = Roller(topics, rule_set(case.rules))
    for chunk in chunks([items[index] for index in delivery.order], delivery.sizes):
        roller.follow(chunk)
        roller.settle(everything=False)
    return topics


def _told(topics: Topics) -> list[Json]:
    """As a reader of the topic gets it, a record a second."""
    return [
        {**record, "told": f"2030-01-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.500Z"}
        for second, record in enumerate(topics.told_alerts())
    ]


def _in_force(messages: list[Message]) -> list[Message]:
    replaced = {reference for message in messages for reference in message.references}
    return [each for each in messages if each.reference not in replaced and each.kind != "Cancel"]


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@examples(40)
def test_references_are_chains_with_one_message_in_force_for_each_alert_that_stands(
    kind: str, data: st.DataObject
) -> None:
    topics = _history(kind, data)
    profile = Profile(SENDER)
    messages = list(cap_messages(_told(topics), profile))
    sent: dict[str, Message] = {}
    replaced: set[str] = set()
    for message in messages:
        assert (message.kind == "Alert") == (not message.references)
        for reference in message.references:
            # It was sent, is in force until now, and is of the thread or of one that ends in it.
            assert reference not in replaced
            assert sent[reference].sent <= message.sent
            replaced.add(reference)
        assert message.reference not in sent
        sent[message.reference] = message
        root = parsed(cap_document(message, profile, {}))
        assert "".join(texts(root, "references")).split() == list(message.references)
    in_force = _in_force(messages)
    threads = [each.shown["thread"] for each in in_force]
    assert len(set(threads)) == len(threads)
    # People see what stands, and each alert as it was told last.
    shown = [{name: value for name, value in each.shown.items() if name != "told"} for each in in_force]
    assert sorted(each["id"] for each in shown) == sorted(json.loads(line)["id"] for line in topics.standing())
    last = {record["id"]: record for record in topics.told_alerts()}
    assert all(each == last[each["id"]] for each in shown)
    assert {each.identifier for each in standing_messages(messages)} == {each.identifier for each in in_force}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@examples(20)
def test_actual_messages_are_those_that_page_and_never_refer_to_exercises(kind: str, data: st.DataObject) -> None:
    transitions = _told(_history(kind, data))
    messages = list(cap_messages(transitions, Profile(SENDER, "Actual")))
    sent = {message.reference: message for message in messages}
    assert [each.status == "Actual" for each in messages] == [each["notify"] for each in transitions]
    for message in messages:
        assert all(sent[reference].status == message.status for reference in message.references)
        assert message.status == "Exercise" or message.sent == message.transition["told"][:19] + "-00:00"
    actual = [each.shown for each in _in_force(messages) if each.status == "Actual"]
    standing = {alert["id"]: alert for alert in (each.shown for each in standing_messages(messages))}
    assert sorted(alert["id"] for alert in actual) == sorted(i for i, alert in standing.items() if alert["notify"])


@given(data=st.data())
@examples(20)
def test_the_same_transitions_are_the_same_bytes_and_more_of_them_change_none(data: st.DataObject) -> None:
    transitions = _told(_history("threshold", data))
    until = data.draw(st.integers(0, len(transitions)))
    profile = Profile(SENDER, "Test")
    documents = [cap_document(each, profile, {}) for each in cap_messages(transitions, profile)]
    first = [cap_document(each, profile, {}) for each in cap_messages(transitions[:until], profile)]
    assert first == documents[:until]


def _messages(*transitions: Json, status: Status = "Actual") -> list[Message]:
    return list(cap_messages(transitions, Profile(SENDER, status)))


def _kinds(messages: list[Message]) -> list[tuple[str, list[int]]]:
    """Type of each message and the numbers of those that it refers to."""
    numbers = {each.reference: number for number, each in enumerate(messages)}
    return [(each.kind, [numbers[reference] for reference in each.references]) for each in messages]


def test_an_alert_that_is_raised_again_after_it_was_cancelled_begins_anew() -> None:
    messages = _messages(told(), told(transition="cancelled"), told())
    assert _kinds(messages) == [("Alert", []), ("Cancel", [0]), ("Alert", [])]
    assert messages[0].identifier != messages[2].identifier


def test_an_heir_that_takes_the_thread_and_what_it_supersedes_are_updates_of_one_alert() -> None:
    messages = _messages(
        told(id="a", thread="a"),
        told(id="b", thread="a", replaces=["a"]),
        told(transition="superseded", id="a", thread="a", heir="b", survivor="a"),
        told(transition="cancelled", id="b", thread="a"),
    )
    assert _kinds(messages) == [("Alert", []), ("Update", [0]), ("Update", [1]), ("Cancel", [2])]
    assert [each.shown["id"] for each in messages] == ["a", "b", "b", "b"]


def test_threads_that_end_in_another_leave_its_message_alone_in_force() -> None:
    merged = [
        told(id="a", thread="a"),
        told(id="b", thread="b"),
        told(id="c", thread="c"),
        told(transition="updated", id="b", thread="b", replaces=["a", "c"]),
        told(transition="superseded", id="a", thread="a", heir="b", survivor="b"),
        told(transition="superseded", id="c", thread="c", heir="b", survivor="b"),
    ]
    kinds: list[tuple[str, list[int]]] = [("Alert", [])] * 3 + [("Update", [0, 1, 2]), ("Update", [3]), ("Update", [4])]
    assert _kinds(_messages(*merged)) == kinds
    # The thread that ended may begin again, beside the one that it went into.
    after = [told(id="a", thread="a"), told(transition="updated", id="b", thread="b")]
    assert _kinds(_messages(*merged, *after)) == [*kinds, ("Alert", []), ("Update", [5])]
    assert [each.shown["id"] for each in standing_messages(_messages(*merged, *after))] == ["b", "a"]


def test_a_thread_of_history_that_becomes_actual_begins_anew() -> None:
    past = told(status="resolved", notify=False)
    messages = _messages(past, told(transition="updated"), told(transition="resolved"))
    assert [each.status for each in messages] == ["Exercise", "Actual", "Actual"]
    assert _kinds(messages) == [("Alert", []), ("Alert", []), ("Update", [1])]
    assert _kinds(_messages(past, told(transition="updated"), status="Exercise")) == [("Alert", []), ("Update", [0])]


def test_a_superseded_exercise_does_not_hide_the_actual_message_of_its_heir() -> None:
    messages = _messages(
        told(id="a", thread="a", notify=False),
        told(id="b", thread="b"),
        told(transition="updated", id="b", thread="b", replaces=["a"]),
        told(transition="superseded", id="a", thread="a", heir="b", survivor="b", notify=False),
    )
    assert _kinds(messages) == [("Alert", []), ("Alert", []), ("Update", [1]), ("Update", [0])]
    assert standing_messages(messages) == [messages[2]]


def test_what_an_heir_left_behind_as_an_exercise_ends_with_the_exercise_that_goes_into_it() -> None:
    messages = _messages(
        told(id="b", thread="b", status="resolved", notify=False),
        told(transition="updated", id="b", thread="b"),
        told(id="a", thread="a", status="resolved", notify=False),
        told(transition="updated", id="b", thread="b", replaces=["a"]),
        told(transition="superseded", id="a", thread="a", heir="b", survivor="b", notify=False),
    )
    assert [each.status for each in messages] == ["Exercise", "Actual", "Exercise", "Actual", "Exercise"]
    assert _kinds(messages) == [("Alert", []), ("Alert", []), ("Alert", []), ("Update", [1]), ("Update", [2, 0])]


@pytest.mark.parametrize(
    "transitions",
    [
        [told(transition="cancelled")],
        [told(transition="superseded")],
        [told(replaces=["77aa"])],
        [told(), told(transition="superseded", heir="unheard-of")],
    ],
    ids=lambda transitions: transitions[-1]["transition"],
)
def test_a_history_without_its_beginning_is_refused(transitions: list[Any]) -> None:
    with pytest.raises(Failed, match="not all"):
        _messages(*transitions)
