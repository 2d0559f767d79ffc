"""Messages say what was decided elsewhere: their ids are those of what people are told, whoever decides, and when."""

from __future__ import annotations

import json

import orjson
from hypothesis import given

from subscribers.webhooks.messages import message_id, messages_of
from tests.unit.timeline.people_parts import Json, end_silence, second, silence, telling, transition
from tests.unit.timeline.test_notification_properties import CHUNKS, RULES, listen, silences, told
from timeline.notices import notification_members
from timeline.notification import Pager, hear
from timeline.people import Taken


@given(CHUNKS, silences())
def test_there_is_a_message_of_every_notification_and_one_of_everything_held_back(
    chunks: list[list[Json]], commands: list[Taken]
) -> None:
    heard, _ = listen(told(chunks), commands)
    messages = list(messages_of(heard))
    assert len({each.id for each in messages}) == len(messages)
    said = {
        message_id(entry.transition): alert
        for notification in heard.notifications
        for entry, alert in zip(notification.entries, notification_members(notification)["alerts"], strict=True)
    }
    notified = [each for each in messages if each.decision == "notified"]
    assert {each.id for each in notified} == said.keys()
    for each in notified:
        assert {name: said[each.id][name] for name in ("first", "quiet", "acknowledged", "held")}.items() <= (
            each.notification.items()
        )
    held = [(each.transition, each.decision, each.notification["by"]) for each in messages if each not in notified]
    assert held == [(each.transition, each.reason, each.by) for each in heard.decisions if not each.notified]


@given(CHUNKS, silences())
def test_transitions_keep_their_order(chunks: list[list[Json]], commands: list[Taken]) -> None:
    tellings = told(chunks)
    pager = Pager()
    pager.learn(RULES)
    for taken in commands:
        pager.take(taken)
    for each in tellings:
        list(pager.advance(each.at))
        heard = pager.tell(each)
        first = [message.transition for message in messages_of(heard)][: len(each.transitions)]
        assert first == list(each.transitions)


@given(CHUNKS, silences(), silences())
def test_whoever_decides_again_knowing_more_loses_nothing_of_what_people_are_told(
    chunks: list[list[Json]], commands: list[Taken], more: list[Taken]
) -> None:
    """Put together by id with what was decided before, what the second decision tells is there."""
    tellings = told(chunks)
    outbox = {each.id: each for each in messages_of(listen(tellings, commands)[0])}
    again, _people = listen(tellings, commands + more)
    for each in messages_of(again):
        outbox.setdefault(each.id, each)
    notified = {
        each.transition["id"] + each.transition["told"] for each in outbox.values() if each.decision == "notified"
    }
    for notification in again.notifications:
        for entry in notification.entries:
            assert entry.transition["id"] + entry.transition["told"] in notified


def test_the_body_is_the_transition_as_it_is_followed_and_why_it_is_sent() -> None:
    first, other = transition("a", at=1), transition("b", at=1, first_day="2021-10-20", last_day="2021-10-26")
    heard, _ = hear([telling(1, first, other)], [], [RULES], now=second(10))
    [body, _other] = [each.body() for each in messages_of(heard)]
    said = orjson.loads(body)
    why = said["data"].pop("notification")
    assert said == {"type": "alert.raised", "timestamp": "2026-11-24T12:00:01Z", "data": first}
    assert why == {
        "decision": "notified", "held": None, "first": True, "quiet": False, "acknowledged": [],
        "text": notification_members(heard.notifications[0])["text"], "group": why["group"], "group_size": 2,
    }  # fmt: skip
    assert orjson.loads(_other)["data"]["notification"]["group"] == why["group"]


def test_what_a_silence_hid_has_a_message_when_it_was_told_and_another_when_the_silence_ends() -> None:
    commands = [silence(0, "s", until=50, scope="country:MLI"), end_silence(20, "s")]
    heard, _ = hear([telling(1, transition("a", at=1))], commands, [RULES], now=second(60))
    held, released = messages_of(heard)
    assert (held.decision, held.at, held.notification["decision"]) == ("silenced", second(1), "silenced")
    assert (released.decision, released.at) == ("notified", second(20))
    assert released.notification["held"] == {"reason": "silenced", "by": held.notification["by"]}
    assert held.transition == released.transition and held.id != released.id


def test_the_same_transition_at_another_time_or_of_another_log_has_another_id() -> None:
    said = transition("a", at=1)
    assert message_id(said) == message_id(json.loads(json.dumps(said)))
    assert len({message_id(said), message_id(said, held=True), message_id(transition("a", at=2))}) == 3
