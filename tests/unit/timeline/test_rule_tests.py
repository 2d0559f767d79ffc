"""Tests of rules: the comparison, and the short form of events."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from schemas.errors import BadInput
from schemas.event import check_event
from timeline.identity import assertion
from timeline.rule_test_events import events_of
from timeline.rule_tests import difference, holds

Json = dict[str, Any]


def _one(said: Json) -> Json:
    """What the one event of a short form says, in canonical form."""
    [event] = events_of(said, 1)
    return assertion(check_event(event)).document


def test_what_was_expected_and_stands_makes_no_difference_in_any_order() -> None:
    alerts = [{"rule": "a", "scope": "world", "value": number} for number in range(3)]
    for expected in permutations(alerts):
        assert difference(expected, alerts) == ((), ())


def test_an_expectation_that_says_less_leaves_an_alert_for_the_one_that_says_more() -> None:
    vague, exact = {"rule": "a"}, {"rule": "a", "value": 1}
    alerts = [{"rule": "a", "value": 1}, {"rule": "a", "value": 2}]
    assert difference([vague, exact], alerts) == ((), ())
    assert difference([exact, vague], alerts) == ((), ())


def test_as_many_expectations_as_possible_take_an_alert() -> None:
    vague, exact = {"rule": "a"}, {"rule": "a", "value": 1}
    assert difference([vague, exact, exact], [{"rule": "a", "value": 1}, {"rule": "a", "value": 2}]) == ((2,), ())


def test_what_is_missing_and_what_was_not_expected_is_told_by_its_place() -> None:
    assert difference([{"rule": "a"}, {"rule": "b"}], [{"rule": "c"}, {"rule": "a"}]) == ((1,), (0,))
    assert difference([], [{"rule": "c"}]) == ((), (0,))


@pytest.mark.parametrize(
    ("said", "found", "holding"),
    [
        ({"value": 1}, {"value": 1, "peak": 2}, True),
        ({"value": 1}, {"value": True}, False),
        ({"late": False}, {"late": 0}, False),
        ({"deadline": None}, {}, False),
        ({"causes": [{"id": "a"}]}, {"causes": [{"id": "a", "source": "test"}]}, True),
        ({"causes": [{"id": "a"}]}, {"causes": [{"id": "a"}, {"id": "b"}]}, False),
    ],
)
def test_of_an_object_some_members_are_compared_and_of_a_list_all(said: Json, found: Json, holding: bool) -> None:
    assert holds(said, found) is holding


def test_what_a_test_does_not_care_about_has_a_default() -> None:
    assert _one({"day": "2021-10-02"}) == {
        "id": "test:1",
        "source": "test",
        "type": "attack",
        "state": "asserted",
        "coding": "human",
        "event_time": {"start": "2021-10-02T00:00:00Z", "end": "2021-10-03T00:00:00Z", "precision": "day"},
        "publish_time": "2021-10-03T00:00:00Z",
        "publish_time_basis": "assumed",
    }


@pytest.mark.parametrize(
    ("said", "start", "end"),
    [
        ({"month": "2021-12"}, "2021-12-01", "2022-01-01"),
        ({"month": "2020-02"}, "2020-02-01", "2020-03-01"),
        ({"year": 2021}, "2021-01-01", "2022-01-01"),
        ({"from": "2021-10-02", "until": "2021-10-04"}, "2021-10-02", "2021-10-05"),
    ],
)
def test_a_time_of_any_length_is_whole_days(said: Json, start: str, end: str) -> None:
    interval = _one(said)["event_time"]
    assert (interval["start"][:10], interval["end"][:10]) == (start, end)


def test_the_short_form_says_place_people_actors_and_blocks() -> None:
    event = _one(
        {
            **{"day": "2021-10-02", "feed": "acled", "id": "MLI1", "country": "MLI", "admin1": "ML-8"},
            **{"killed": 5, "peacekeepers_killed": 2, "injured": 3, "actors": ["jnim", {"id": "un", "role": "target"}]},
        }
    )
    assert (event["id"], event["source"]) == ("acled:MLI1", "acled")
    assert event["place"] == {"country": "MLI", "admin1_code": "ML-8"}
    assert event["killed"]["total"] == {"low": 5, "best": 5, "high": 5}
    assert event["killed"]["peacekeepers"]["best"] == 2
    assert event["injured"] == {"total": {"low": 3, "best": 3, "high": 3}}
    assert event["actors"] == [{"id": "jnim"}, {"id": "un", "role": "target"}]
    assert _one({"day": "2021-10-02", "country": "MLI", "admin1": "Kidal"})["place"]["admin1"] == "Kidal"
    assert _one({"day": "2021-10-02", "coup": "attempted"})["coup"] == {"outcome": "attempted"}
    mandate = _one({"day": "2021-06-29", "mission": "MINUSMA", "mandate_end": "2022-06-30"})
    assert (mandate["type"], mandate["resolution"]) == (
        "resolution",
        {"outcome": "adopted", "mandate_end": "2022-06-30"},
    )


def test_the_full_form_is_taken_as_it_is() -> None:
    full = {
        "id": "vigil:x",
        "source": "vigil",
        "type": "coup",
        "state": "asserted",
        "coding": "machine",
        "event_time": {"start": "2021-10-02T06:00:00Z", "end": "2021-10-02T06:00:00Z", "precision": "instant"},
        "publish_time": "2021-10-02T08:00:00Z",
        "publish_time_basis": "stated",
        "place": {"country": "SDN"},
        "coup": {"outcome": "realised"},
        "killed": {"total": {"best": 1}},
    }
    assert _one(full) == full


def test_a_withdrawal_needs_no_more_than_whose_it_is_and_when() -> None:
    event = _one({"id": "a", "state": "withdrawn", "publish_time": "2021-11-01"})
    assert (event["id"], event["publish_time"]) == ("test:a", "2021-11-01T00:00:00Z")
    assert "event_time" not in event


def test_an_entry_may_stand_for_many_events() -> None:
    events = [
        assertion(check_event(each)).document for each in events_of({"day": "2021-10-02", "times": 3, "every": 7}, 4)
    ]
    assert [event["id"] for event in events] == ["test:4-1", "test:4-2", "test:4-3"]
    assert [event["event_time"]["start"][:10] for event in events] == ["2021-10-02", "2021-10-09", "2021-10-16"]
    assert [event["publish_time"][:10] for event in events] == ["2021-10-03", "2021-10-10", "2021-10-17"]
    same = list(events_of({"day": "2021-10-02", "times": 2, "every": 0}, 1))
    assert same[0]["event_time"] == same[1]["event_time"]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"day": "2021-10-02", "contry": "MLI"}, "contry"),
        ({"day": "2021-10-02", "place": {"contry": "MLI"}}, "place.contry"),
        ({"day": "2021-10-02", "actors": ["a", {"id": "a", "rule": "target"}]}, "actors.1.rule"),
        ({"day": "2021-10-02", "resolution": {"votes": {"in_favour": 1}}}, "resolution.votes.in_favour"),
        ({"day": "2021-10-02", "month": "2021-10"}, "month"),
        ({"day": "2021-10-32"}, "day"),
        ({"day": "2021-10-02", "id": ["a"]}, "id"),
        ({"month": "2021"}, "month"),
        ({"from": "2021-10-02"}, "from"),
        ({}, "event_time"),
        ({"day": "2021-10-02", "publish_time": "soon"}, "publish_time"),
        ({"id": "a", "state": "withdrawn"}, "publish_time"),
        ({"day": "2021-10-02", "country": "MLI", "place": {}}, "country"),
        ({"day": "2021-10-02", "killed": "many"}, "killed"),
        ({"day": "2021-10-02", "civilians_killed": 1, "killed": {"civilians": {"best": 1}}}, "civilians_killed"),
        ({"day": "2021-10-02", "mandate_end": "2021-11-02", "resolution": "S/RES/1"}, "resolution"),
        (
            {"day": "2021-10-02", "mandate_end": "2021-11-02", "resolution": {"mandate_end": "2021-11-02"}},
            "mandate_end",
        ),
        ({"day": "2021-10-02", "times": 0}, "times"),
        ({"day": "2021-10-02", "times": 2, "every": -1}, "every"),
        ({"month": "2021-10", "times": 2}, "times"),
        ({"day": "2021-10-02", "feed": "a", "source": "b"}, "feed"),
        ({"day": "9999-12-31"}, "event_time"),
        ({"day": "2021-10-02", "times": 10_000, "every": 10_000}, "publish_time"),
        ({"day": "2021-10-02", "type": "coop"}, "type"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(said: Json, field: str) -> None:
    with pytest.raises(BadInput) as error:
        [check_event(event) for event in events_of(said, 1)]
    assert error.value.field == field
