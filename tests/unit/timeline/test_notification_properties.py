"""Over random histories: every transition is decided on once, silences change no alert, and none stays unheard."""

from __future__ import annotations

import copy
import json
from collections import Counter
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.simulation import Roller, Topics, rule_set, statement
from tests.unit.timeline.people_parts import acknowledge, command_id, end_silence, second, silence, telling
from tests.unit.timeline.test_threads import DAILY, attack, withdrawal
from timeline.notices import notification_members, suppressed_members
from timeline.notification import Heard, Notification, Pager, Telling, hear
from timeline.people import People, Taken
from timeline.transitions import standing_alert

Json = dict[str, Any]
RULES = rule_set([
    DAILY | {"inhibits": ["week"]},
    DAILY | {"id": "week", "window": "7d", "title": "Three attacks in a week", "reaches": 2, "ends_below": 1,
             "severity": "severe", "inhibits": ["any"]},
    {"id": "any", "kind": "match", "title": "An attack", "scope": "country", "severity": "minor", "hold": 3,
     "where": {"type": "attack"}, "inhibits": ["daily"]},
])  # fmt: skip
KEYS = st.sampled_from(["1", "2", "3", "4"])
SAID = st.one_of(
    st.builds(
        lambda key, first, length, published: attack(key, first, first + length, max(published, first)),
        KEYS, st.integers(1, 14), st.integers(0, 3), st.integers(1, 20),
    ),
    st.builds(withdrawal, KEYS, st.integers(1, 20)),
)  # fmt: skip
CHUNKS = st.lists(st.lists(SAID, min_size=1, max_size=3), min_size=1, max_size=8)
TIMES = st.integers(0, 90)
SCOPES = st.sampled_from([{"scope": "country:MLI"}, {"rule": "daily"}, {"rule": "week"}, {"rule": "any"}])


@st.composite
def silences(draw: st.DrawFn) -> list[Taken]:
    commands = []
    for number in range(draw(st.integers(0, 3))):
        at = draw(TIMES)
        commands.append(silence(at, f"s{number}", until=at + draw(st.integers(1, 60)), **draw(SCOPES)))
        if draw(st.booleans()):
            commands.append(end_silence(draw(TIMES), f"s{number}"))
    return commands


def told(chunks: list[list[Json]]) -> list[Telling]:
    """What a roller tells of these chunks, ten seconds apart."""
    topics = Topics()
    roller = Roller(topics, RULES)
    tellings = []
    for number, chunk in enumerate(chunks):
        roller.follow(map(statement, chunk))
        before = len(topics.alerts)
        roller.settle(everything=False)
        tellings.append(telling(10 * number, *topics.told_alerts()[before:]))
    return [each for each in tellings if each.transitions]


def key(transition: Json) -> tuple[str, str, str]:
    return transition["id"], transition["told"], transition["transition"]


def listen(tellings: list[Telling], commands: list[Taken]) -> tuple[Heard, People]:
    return hear(tellings, commands, [RULES], now=second(10_000))


@given(CHUNKS, silences())
def test_every_transition_is_notified_or_stands_in_one_list(chunks: list[list[Json]], commands: list[Taken]) -> None:
    tellings = told(chunks)
    heard, people = listen(tellings, commands)
    every = [key(transition) for each in tellings for transition in each.transitions]
    assert [key(decided.transition) for decided in heard.decisions] == every
    hidden = [decided for decided in heard.decisions if decided.reason in ("silenced", "inhibited")]
    lists = Counter(key(each) for line in suppressed_members(heard, people, hidden) for each in line["hid"])
    notified = Counter(
        (alert["id"], alert["told"], alert["transition"])
        for each in heard.notifications
        for alert in notification_members(each)["alerts"]
        if alert["held"] is None
    )
    unheard = Counter(key(each.transition) for each in heard.decisions if each.reason in ("history", "late"))
    assert lists + notified + unheard == Counter(every)
    assert all(not decided.transition["notify"] for decided in heard.decisions if decided.reason in ("history", "late"))


@given(CHUNKS, silences(), st.lists(st.tuples(TIMES, st.sampled_from("abc"))))
def test_what_people_decide_changes_no_alert(
    chunks: list[list[Json]], commands: list[Taken], acknowledged: list[tuple[int, str]]
) -> None:
    tellings = told(chunks)
    before = copy.deepcopy(tellings)
    threads = sorted({transition["thread"] for each in tellings for transition in each.transitions}) or ["a"]
    said = [acknowledge(at, threads[ord(which) % len(threads)], f"{at}{which}") for at, which in acknowledged]
    heard, _ = listen(tellings, commands + said)
    assert tellings == before
    last = {decided.transition["id"]: standing_alert(decided.transition) for decided in heard.decisions}
    silent, _ = listen(tellings, [])
    assert last == {decided.transition["id"]: standing_alert(decided.transition) for decided in silent.decisions}
    # An acknowledgement makes notifications quiet, and holds none back.
    unsaid, _ = listen(tellings, commands)
    assert [each.reason for each in heard.decisions] == [each.reason for each in unsaid.decisions]
    assert len(heard.notifications) == len(unsaid.notifications)


@given(CHUNKS, silences())
def test_once_every_silence_is_over_people_know_what_is_open(chunks: list[list[Json]], commands: list[Taken]) -> None:
    tellings = told(chunks)
    heard, _ = listen(tellings, commands)
    last = {decided.transition["id"]: decided for decided in heard.decisions}
    known = {
        entry.transition["thread"]: entry.transition for each in heard.notifications for entry in each.entries
        if entry.transition["survivor"] != entry.transition["thread"]
    }  # fmt: skip
    for decided in last.values():
        transition = decided.transition
        if standing_alert(transition) is None or transition["status"] != "open":
            continue
        latest = known.get(transition["thread"])
        if latest is None or latest["told"] < transition["told"]:
            inhibitors = [
                other.transition for other in last.values()
                if standing_alert(other.transition) is not None and other.transition["status"] == "open"
                and transition["rule"] in RULES.by_id[other.transition["rule"]].inhibits
                and other.transition["thread"] in known
            ]  # fmt: skip
            assert inhibitors, "an open alert is held back by nothing, and nobody was told"


@given(CHUNKS, silences())
def test_read_at_once_and_again_with_repeated_commands_it_is_the_same(
    chunks: list[list[Json]], commands: list[Taken]
) -> None:
    tellings = told(chunks)
    once, _ = listen(tellings, commands)
    again, _ = listen(tellings, commands + [each._replace(when=each.when + 1) for each in commands])
    assert [json.dumps(notification_members(each)) for each in once.notifications] == [
        json.dumps(notification_members(each)) for each in again.notifications
    ]
    assert once.decisions == again.decisions


@given(CHUNKS, silences(), st.lists(TIMES), st.randoms())
def test_whoever_follows_hears_the_same(
    chunks: list[list[Json]], commands: list[Taken], times: list[int], random: Random
) -> None:
    """A follower learns of commands in batches, some long before they count, and time passes between tellings."""
    tellings, now = told(chunks), second(10_000)
    pager = Pager()
    pager.learn(RULES)
    waiting = sorted(commands, key=lambda each: each.when)
    heard: list[Notification] = []
    for at, told_then in sorted([(each.at, each) for each in tellings] + [(second(time), None) for time in times],
                                key=lambda each: (each[0], each[1] is None)):  # fmt: skip
        while waiting and (waiting[0].when <= at or random.random() < 0.3):
            pager.take(waiting.pop(0))
        heard += pager.advance(at) if told_then is None else pager.tell(told_then).notifications
    for taken in waiting:
        pager.take(taken)
    heard += pager.advance(now)
    assert heard == list(listen(tellings, commands)[0].notifications)


def test_the_histories_hold_what_the_properties_are_about() -> None:
    tellings = told([[attack("1", 2, 2, 2)], [attack("2", 3, 3, 3)], [withdrawal("1", 4)], [attack("3", 1, 4, 4)]])
    heard, _ = listen(tellings, [silence(5, "s", until=15, rule="week")])
    assert {decided.reason for decided in heard.decisions} >= {"notified", "silenced", "inhibited"}
    assert any(entry.held is not None for each in heard.notifications for entry in each.entries)
    assert command_id("s") in {decided.by for decided in heard.decisions}
