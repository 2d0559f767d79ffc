"""People's decisions by thread: each counted once, and going along when a thread ends in another."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.timeline.people_parts import (
    acknowledge,
    command_id,
    comment,
    end_silence,
    second,
    silence,
    superseded,
    taken,
    transition,
)
from timeline.people import People, Taken, fold_people, said_members


def by(people: People, thread: str) -> list[str]:
    return [taken.command.id for taken in people.acknowledgements(thread)]


def texts(people: People, thread: str) -> list[str | None]:
    return [said_members(taken)["text"] for taken in people.said(thread)]


def test_a_thread_has_its_acknowledgements_and_comments_first_to_last() -> None:
    said = [comment(3, "t", "two"), acknowledge(2, "t", comment="one"), comment(4, "other", "elsewhere")]
    people = fold_people(said, [transition("t", at=1)])
    assert by(people, "t") == [command_id("a")]
    assert texts(people, "t") == ["one", "two"]
    assert said_members(people.said("t")[0]) == {
        "said": "acknowledge", "by": "Awa", "when": "2026-11-24T12:00:02Z", "text": "one",
    }  # fmt: skip
    assert people.acknowledgements("other") == []


def test_what_was_said_goes_along_to_the_survivor_and_on() -> None:
    told = [transition("a", at=1), transition("b", at=1), superseded("a", "b", at=3), superseded("b", "c", at=4)]
    people = fold_people([acknowledge(2, "a"), comment(2.5, "b", "own")], told)
    for thread in ("b", "c"):
        assert by(people, thread) == [command_id("a")]
        assert texts(people, thread) == [None, "own"]
    assert texts(people, "a") == [None]
    assert people.goes_on_as("a") == "c"


def test_what_is_said_of_a_thread_that_has_ended_in_another_is_said_of_that() -> None:
    people = fold_people([acknowledge(5, "a")], [transition("a", at=1), superseded("a", "b", at=3)])
    assert by(people, "b") == [command_id("a")]
    assert by(people, "a") == []


def test_what_is_said_at_the_time_of_an_end_was_said_before_it() -> None:
    people = fold_people([acknowledge(3, "a")], [transition("a", at=1), superseded("a", "b", at=3)])
    assert by(people, "a") == by(people, "b") == [command_id("a")]


def test_a_thread_that_comes_back_is_itself_again() -> None:
    told = [superseded("a", "b", at=1), transition("a", at=2), superseded("b", "a", at=2)]
    people = fold_people([acknowledge(3, "a"), acknowledge(3, "b", "b")], told)
    assert people.goes_on_as("b") == "a"
    assert sorted(by(people, "a")) == sorted([command_id("a"), command_id("b")])


def test_an_heir_under_the_same_thread_keeps_what_was_said() -> None:
    told = [transition("a", at=1), transition("h", thread="a", at=3), superseded("a", "a", at=3)]
    people = fold_people([acknowledge(2, "a")], told)
    assert (by(people, "a"), people.goes_on_as("a")) == ([command_id("a")], "a")


def test_what_is_raised_again_after_it_was_cancelled_wants_another_acknowledgement() -> None:
    told = [transition("a", at=1), transition("a", "cancelled", at=3), transition("a", at=5)]
    assert by(fold_people([acknowledge(2, "a")], told[:2]), "a") == [command_id("a")]
    people = fold_people([acknowledge(2, "a", comment="mine")], told)
    assert by(people, "a") == []
    assert texts(people, "a") == ["mine"]
    assert by(fold_people([acknowledge(2, "a"), acknowledge(6, "a", "again")], told), "a") == [command_id("again")]


def test_a_silence_is_in_force_until_its_time_or_its_end() -> None:
    people = fold_people([silence(1, "s", until=10, scope="country:MLI"), silence(2, "r", until=10, rule="coup")], [])
    first, other = people.silences()
    assert [first.in_force(second(at)) for at in (0.9, 1, 9.9, 10)] == [False, True, True, False]
    assert first.covers(transition("a")) and not first.covers(transition("a", scope="country:TCD"))
    assert not other.covers(transition("a")) and other.covers(transition("a", rule="coup"))
    ended = fold_people([silence(1, "s", until=10, scope="country:MLI"), end_silence(4, "s")], []).silences()[0]
    assert [ended.in_force(second(at)) for at in (3.9, 4)] == [True, False]
    assert ended.members()["ended"] == {"by": "Awa", "when": "2026-11-24T12:00:04Z"}


def test_a_silence_ends_once_and_not_after_its_time() -> None:
    begun = silence(1, "s", until=10, scope="country:MLI")
    twice = [begun, end_silence(4, "s"), taken(6, "end_silence", "second end", silence=command_id("s"))]
    assert fold_people(twice, []).silences()[0].over == second(4)
    said = [silence(1, "s", until=10, scope="country:MLI"), end_silence(20, "s")]
    [late] = fold_people(said, []).silences()
    assert late.over == second(10)


NAMES = ("a", "b", "c")
TIMES = st.integers(0, 9)
ONE = st.sampled_from(NAMES)
COMMANDS = st.one_of(
    st.builds(lambda at, thread: acknowledge(at, thread, f"ack {thread} {at}"), TIMES, ONE),
    st.builds(lambda at, thread: comment(at, thread, f"{thread} {at}"), TIMES, ONE),
    st.builds(lambda at, rule: silence(at, f"s {rule}", until=at + 5, rule=rule), TIMES, ONE),
    st.builds(lambda at, rule: end_silence(at, f"s {rule}"), TIMES, ONE),
)
TOLD = [transition("a", at=1), superseded("a", "b", at=3), transition("b", "cancelled", at=5), transition("b", at=7)]


def state(people: People) -> object:
    threads = [(people.acknowledgements(name), people.said(name), people.goes_on_as(name)) for name in NAMES]
    return threads, [each.members() for each in people.silences()]


@given(st.lists(COMMANDS, unique_by=lambda each: each.command.id), st.data())
def test_commands_repeated_later_in_the_log_give_the_same_state(commands: list[Taken], data: st.DataObject) -> None:
    again: Sequence[Taken] = data.draw(st.lists(st.sampled_from(commands))) if commands else []
    repeated = [each._replace(when=each.when + second(data.draw(st.integers(0, 9))) - second(0)) for each in again]
    assert state(fold_people([*commands, *repeated], TOLD)) == state(fold_people(commands, TOLD))


@given(st.lists(COMMANDS, unique_by=lambda each: (each.when, each.command.id)), st.randoms())
def test_the_partitions_of_the_log_may_be_read_in_any_order(commands: list[Taken], random: object) -> None:
    unique = {each.when: each for each in commands}.values()
    shuffled = list(unique)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert state(fold_people(shuffled, TOLD)) == state(fold_people(list(unique), TOLD))
