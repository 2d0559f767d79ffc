"""Known answers, worked out by hand, that the oracle must give for each kind of rule."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any

import pytest

from tests.oracle.chance import law, probability
from tests.oracle.oracle import Oracle
from tests.unit.test_oracle import attack

Json = dict[str, Any]
FAR = ["2025-01-01T00:00:00Z"]


def rule_of(kind: str, **members: Any) -> Json:
    return {"id": "r", "kind": kind, "title": "R", "severity": "moderate", "scope": "country"} | members


def instant_at(key: str, time: str, **members: Any) -> Json:
    said = attack(key, "2021-10-02", "2021-10-03", **members)
    return said | {"event_time": {"start": time, "end": time, "precision": "instant"}, "publish_time": time}


def resolution(key: str, day: str, end: str, **members: Any) -> Json:
    said = attack(key, day, (date.fromisoformat(day) + timedelta(days=1)).isoformat(), source="unsc", type="resolution")
    block = {"outcome": "adopted", "mission": "UNAMID", "mandate_end": end} | members
    return said | {"resolution": block}


def brief(alerts: list[Json], *members: str) -> list[tuple[Any, ...]]:
    return [tuple(alert[name] for name in ("first_day", "last_day", "value", "peak", *members)) for alert in alerts]


def withdrawal(said: Json, time: str) -> Json:
    return {name: said[name] for name in ("id", "source", "type")} | {"state": "withdrawn", "publish_time": time}


def test_a_match_of_two_feeds_needs_days_that_overlap() -> None:
    both = [attack("1", "2021-10-02", "2021-10-04"), attack("2", "2021-10-03", "2021-10-06", source="acled")]
    apart = attack("3", "2021-10-04", "2021-10-05", source="gdelt")
    rule = rule_of("match", where={"type": "attack"}, feeds=2, hold=0)
    alerts = Oracle([*both, apart]).alerts([rule])
    assert [(a["subject"], a["feed"], [c["id"] for c in a["causes"]]) for a in alerts] == [
        ("ucdp-ged:1", "ucdp-ged", ["acled:2", "ucdp-ged:1"]),
        ("acled:2", "acled", ["acled:2", "gdelt:3", "ucdp-ged:1"]),
        ("gdelt:3", "gdelt", ["acled:2", "gdelt:3"]),
    ]
    assert brief(alerts, "known")[0] == ("2021-10-02", "2021-10-03", 1, 1, "2021-10-06T00:00:00Z")
    assert alerts[0]["late"], "the second feed told when the days were over"
    assert [a["subject"] for a in Oracle([*both, apart]).alerts([rule | {"feeds": 3}])] == ["acled:2"]


def test_the_second_feed_decides_when_two_must_say_so() -> None:
    said = [
        attack("1", "2021-10-02", "2021-10-03", 9),
        attack("2", "2021-10-03", "2021-10-04", 5, source="acled"),
        attack("3", "2021-10-05", "2021-10-06", 5, source="gdelt"),
    ]
    rule = rule_of("threshold", measure="killed", window="7d", reaches=5, feeds=2, urgency="immediate")
    rule |= {"steps": [{"reaches": 9, "severity": "severe"}, {"reaches": 30, "severity": "extreme"}]}
    (alert,) = Oracle(said).alerts([rule])
    assert brief([alert], "feed", "causes_total") == [("2021-10-03", "2021-10-09", 5, 5, "acled", 2)]
    assert (alert["severity"], alert["urgency"], alert["certainty"]) == ("moderate", "immediate", "unknown")
    (alert,) = Oracle(said).alerts([rule | {"feeds": 1}])
    assert brief([alert], "severity") == [("2021-10-02", "2021-10-11", 9, 9, "severe")]
    (alert,) = Oracle(said).alerts([rule | {"feeds": 3}])
    assert brief([alert], "feed") == [("2021-10-05", "2021-10-08", 5, 5, "gdelt")], "of equal numbers the last name"


def weekly(*killed: int) -> list[Json]:
    """An attack on each Wednesday from 2021-01-06 on, with so many killed."""
    days = [date(2021, 1, 6) + timedelta(days=7 * n) for n in range(len(killed))]
    return [
        attack(f"w{n}", day.isoformat(), (day + timedelta(days=1)).isoformat(), number)
        for n, (day, number) in enumerate(zip(days, killed, strict=True))
        if number
    ]


SURGE = rule_of("surge", measure="killed", model="poisson", p_value=0.01, reaches=2, min_weeks=4)


def test_a_surge_is_a_week_that_its_past_makes_improbable() -> None:
    # Past 1 0 1 0: expected 2.5 / 4 = 0.625; P(X >= 4) = 1 - e^-0.625 (1 + 0.625 + 0.195 + 0.041) = 0.00388.
    mean = 0.625
    chance = 1 - math.exp(-mean) * (1 + mean + mean**2 / 2 + mean**3 / 6)
    (alert,) = Oracle(weekly(1, 0, 1, 0, 4), FAR).alerts([SURGE])
    assert brief([alert]) == [("2021-02-01", "2021-02-07", 4, 4)]
    assert (alert["expected"], alert["p_value"]) == (0.62, float(f"{chance:.3g}")) == (0.62, 0.00388)
    assert alert["threshold"] == 4, "P(X >= 3) is 0.026"
    assert alert["known"] == "2021-02-04T00:00:00Z"
    assert Oracle(weekly(1, 0, 1, 0, 3), FAR).alerts([SURGE]) == []
    assert Oracle(weekly(1, 0, 0, 4), FAR).alerts([SURGE]) == [], "three weeks are no past"
    assert Oracle(weekly(0, 1, 0, 0, 4), FAR).alerts([SURGE]) == [], "nor are weeks before the first event"
    # The next week has 1 0 1 0 9 as its past: expected 2.3; 9 is still improbable.
    (alert,) = Oracle(weekly(1, 0, 1, 0, 9, 9, 0, 1), FAR).alerts([SURGE])
    assert brief([alert]) == [("2021-02-01", "2021-02-14", 9, 9)]
    (alert,) = Oracle(weekly(1, 0, 1, 0, 9, 9, 0, 1), FAR).alerts([SURGE | {"model": "negative_binomial"}])
    assert alert["last_day"] == "2021-02-07", "of a past that varies so much one expects more of it"


def test_a_surge_forgets_what_is_more_than_52_weeks_old() -> None:
    (alert,) = Oracle(weekly(50, *[0] * 52, 2), FAR).alerts([SURGE])
    assert (alert["expected"], alert["first_day"]) == (0.01, "2022-01-10")
    assert Oracle(weekly(50, *[0] * 51, 2), FAR).alerts([SURGE]) == [], "the first week is still remembered"


def test_probabilities_are_those_of_the_laws() -> None:
    assert float(probability(law("poisson", (1, 2, 3, 4)), 0)) == 1
    assert float(probability(law("poisson", (0, 0, 0, 0)), 1)) == pytest.approx(-math.expm1(-0.125), rel=1e-15)
    assert float(probability(law("negative_binomial", (1, 1, 1, 1)), 5)) == float(
        probability(law("poisson", (1, 1, 1, 1)), 5)
    )
    # 0 0 0 8: mean 8.5 / 4 = 2.125, variance 16; P(0) = (2.125 / 16) ** (2.125 ** 2 / 13.875).
    none = (2.125 / 16) ** (2.125**2 / 13.875)
    one = none * (2.125**2 / 13.875) * (1 - 2.125 / 16)
    assert float(probability(law("negative_binomial", (0, 0, 0, 8)), 2)) == pytest.approx(1 - none - one, rel=1e-12)
    tiny = probability(law("poisson", (0, 0, 0, 0)), 60)
    assert float(tiny) == pytest.approx(math.exp(-0.125 + 60 * math.log(0.125) - math.lgamma(61)), rel=0.01)


def test_an_actor_is_first_seen_again_after_so_many_days_without_it() -> None:
    actors: list[Json] = [{"id": "jnim", "role": "perpetrator"}, {"id": "jnim"}, {"id": "isgs", "role": "target"}]
    said = [attack(str(n), f"2021-10-{n:02}", f"2021-10-{n + 1:02}", actors=actors) for n in (1, 3, 6)]
    rule = rule_of("first_seen", days=2, hold=1, role="perpetrator")
    alerts = Oracle(said).alerts([rule])
    # The window of two days holds the events on the days 1, 2, 3, 4 and 6, 7.
    assert brief(alerts, "subject", "threshold") == [
        ("2021-10-01", "2021-10-02", 1, 1, "actor:jnim", 1),
        ("2021-10-06", "2021-10-07", 1, 1, "actor:jnim", 1),
    ]
    assert len(Oracle(said).alerts([rule | {"role": None}])) == 4
    assert [a["first_day"] for a in Oracle(said).alerts([rule | {"days": 3}])] == ["2021-10-01"]
    assert Oracle(said).alerts([rule | {"feeds": 2}]) == []
    bombs = [one | {"method": "explosive", "coding": "machine", "type": "tally"} for one in said]
    (alert,) = Oracle(bombs).alerts([rule_of("first_seen", of="method", days=9)])
    assert (alert["subject"], alert["causes_total"]) == ("method:explosive", 1)


def test_when_it_was_first_seen_on_that_day_is_when_it_was_known() -> None:
    early, late = (attack(str(n), f"2021-10-{n:02}", f"2021-10-{n + 1:02}", actors=[{"id": "x"}]) for n in (5, 6))
    gone = [early | {"publish_time": "2021-10-20T00:00:00Z"}, withdrawal(early, "2021-10-30T00:00:00Z")]
    (alert,) = Oracle([late, *gone]).alerts([rule_of("first_seen", days=3)])
    assert (alert["first_day"], alert["known"], alert["late"]) == ("2021-10-06", "2021-10-07T00:00:00Z", False)
    (alert,) = Oracle([late | {"publish_time": "2021-10-25T00:00:00Z"}, *gone]).alerts([rule_of("first_seen", days=3)])
    assert (alert["first_day"], alert["known"], alert["late"]) == ("2021-10-06", "2021-10-30T00:00:00Z", True)


SEQUENCE = rule_of("sequence", first={"type": "coup"}, then={"type": "attack"}, within=5)


def coup(start: str, end: str, **members: Any) -> Json:
    return attack("c", start, end, type="coup", source="cline-coups", coup={"outcome": "realised"}, **members)


def test_a_sequence_counts_what_follows_certainly() -> None:
    first = coup("2021-10-02", "2021-10-03")
    then = [attack(str(n), f"2021-10-{n:02}", f"2021-10-{n + 1:02}", 3) for n in (2, 3, 7, 8)]
    (alert,) = Oracle([first, *then]).alerts([SEQUENCE])
    assert brief([alert], "subject", "causes_total") == [("2021-10-03", "2021-10-07", 1, 2, "cline-coups:c", 2)]
    assert alert["feed"] == "ucdp-ged"
    (alert,) = Oracle([first, *then]).alerts([SEQUENCE | {"reaches": 6, "measure": "killed", "hold": 2}])
    assert brief([alert], "causes_total") == [("2021-10-07", "2021-10-09", 6, 6, 3)]
    assert Oracle([first, *then]).alerts([SEQUENCE | {"reaches": 3}]) == []
    month = coup("2021-10-01", "2021-11-01")
    assert Oracle([month, *then]).alerts([SEQUENCE]) == [], "no attack starts after the month"
    (alert,) = Oracle([month, *then], FAR).alerts([SEQUENCE | {"count": "possible"}])
    assert brief([alert]) == [("2021-10-02", "2021-11-05", 1, 4)]


def test_a_possible_follower_counts_from_the_later_of_both_first_days() -> None:
    first = coup("2021-10-04", "2021-10-06")
    then = [attack("1", "2021-10-01", "2021-10-05"), attack("2", "2021-10-09", "2021-10-20")]
    (alert,) = Oracle([first, *then]).alerts([SEQUENCE | {"count": "possible"}])
    assert brief([alert]) == [("2021-10-04", "2021-10-10", 1, 2)]
    assert Oracle([first, then[1]]).alerts([SEQUENCE]) == [], "its last day is too late to be certain"


def test_times_of_a_sequence_are_compared_to_the_microsecond() -> None:
    noon = "2021-10-02T12:00:00Z"
    instant = coup("2021-10-02", "2021-10-03") | {"event_time": {"start": noon, "end": noon, "precision": "instant"}}
    ends = coup("2021-10-02", "2021-10-03")
    ends["event_time"] = {"start": "2021-10-02T00:00:00Z", "end": noon, "precision": "range"}
    same, after = instant_at("1", noon), instant_at("2", "2021-10-02T12:00:00.000001Z")
    starts = attack("3", "2021-10-02", "2021-10-03")
    starts["event_time"] = {"start": noon, "end": "2021-10-02T13:00:00Z", "precision": "range"}
    for count in ("certain", "possible"):
        asked = [SEQUENCE | {"count": count}]
        assert Oracle([instant, same]).alerts(asked) == [], "two equal instants are not one before the other"
        assert len(Oracle([instant, after]).alerts(asked)) == 1
        assert len(Oracle([ends, same]).alerts(asked)) == 1, "what ends when the other starts is before it"
        assert len(Oracle([instant, starts]).alerts(asked)) == (count == "possible"), "it may be that very instant"
    before = attack("4", "2021-10-02", "2021-10-03")
    before["event_time"] = {"start": "2021-10-02T00:00:00Z", "end": noon, "precision": "range"}
    assert Oracle([instant, before]).alerts([SEQUENCE | {"count": "possible"}]) == []


def test_a_sequence_never_follows_itself_and_the_k_th_feed_decides() -> None:
    said = [attack("1", "2021-10-02", "2021-10-03"), attack("2", "2021-10-04", "2021-10-05", source="acled")]
    rule = SEQUENCE | {"first": {"type": "attack"}}
    assert [a["subject"] for a in Oracle(said).alerts([rule])] == ["ucdp-ged:1"]
    assert Oracle(said).alerts([rule | {"feeds": 2}]) == []
    (alert,) = Oracle([*said, attack("3", "2021-10-05", "2021-10-06", source="gdelt")]).alerts([rule | {"feeds": 2}])
    assert brief([alert], "feed", "causes_total") == [("2021-10-05", "2021-10-07", 1, 1, "gdelt", 3)]


DEADLINE = {"id": "r", "kind": "deadline", "title": "R", "severity": "minor", "days": 10}


def test_a_deadline_lasts_until_the_renewal_or_long_enough_without() -> None:
    one = resolution("1", "2021-01-05", "2021-06-30")
    (alert,) = Oracle([one], FAR).alerts([DEADLINE])
    assert brief([alert], "deadline", "scope") == [("2021-06-20", "2021-07-10", 1, 1, "2021-06-30", "mission:UNAMID")]
    assert (alert["threshold"], alert["feed"], alert["subject"]) == (None, "unsc", "unsc:1")
    late = resolution("2", "2021-07-02", "2021-12-31")
    assert brief(Oracle([one, late], ["2021-08-01T00:00:00Z"]).alerts([DEADLINE])) == [
        ("2021-06-20", "2021-07-01", 1, 1)
    ]
    in_time = resolution("2", "2021-06-20", "2021-12-31")
    assert Oracle([one, in_time], ["2021-08-01T00:00:00Z"]).alerts([DEADLINE]) == [], "renewed before the warning"
    for other in (
        resolution("2", "2021-06-25", "2021-06-30"),
        resolution("2", "2021-06-25", "2021-12-31", mission="UNMIS"),
        resolution("2", "2021-06-25", "2021-12-31", outcome="rejected"),
        resolution("2", "2021-01-04", "2021-12-31"),
    ):
        alerts = Oracle([one, other], ["2021-08-01T00:00:00Z"]).alerts([DEADLINE])
        assert [a["last_day"] for a in alerts if a["subject"] == "unsc:1"] == ["2021-07-10"], "no renewal"


def test_a_deadline_starts_with_its_resolution_and_where_chooses_no_renewal() -> None:
    short = resolution("1", "2021-06-25", "2021-06-30", chapter_vii=True)
    (alert,) = Oracle([short], FAR).alerts([DEADLINE | {"hold": 3}])
    assert brief([alert]) == [("2021-06-25", "2021-07-13", 1, 1)]
    rule = DEADLINE | {"where": {"resolution.chapter_vii": True}}
    renewed = resolution("2", "2021-06-28", "2021-12-31", chapter_vii=False)
    assert brief(Oracle([short, renewed], FAR).alerts([rule])) == [("2021-06-25", "2021-06-27", 1, 1)]
    (alert,) = Oracle([short, renewed, withdrawal(renewed, "2021-07-05T00:00:00Z")], FAR).alerts([rule])
    assert (alert["last_day"], alert["known"]) == ("2021-07-10", "2021-06-26T00:00:00Z")


def test_a_feed_is_silent_until_it_publishes_anything() -> None:
    rule = {"id": "r", "kind": "silence", "title": "R", "severity": "minor", "days": 3}
    said = [attack("1", "2021-10-01", "2021-10-02"), attack("2", "2021-10-01", "2021-10-02", source="acled")]
    assert Oracle(said, ["2021-10-04T23:00:00Z"]).alerts([rule]) == []
    first, second = Oracle(said, ["2021-10-05T00:00:00Z"]).alerts([rule])
    assert (first["scope"], second["scope"], first["feed"]) == ("world@acled", "world@ucdp-ged", "acled")
    assert brief([first], "threshold", "status", "known", "late") == [
        ("2021-10-05", "9999-12-31", 3, 3, 3, "open", "2021-10-02T00:00:00Z", False)
    ]
    assert [cause["id"] for cause in first["causes"]] == ["acled:2"]
    gone = withdrawal(said[0], "2021-10-03T00:00:00Z")
    (alert,) = Oracle([*said, gone], ["2021-10-05T00:00:00Z"]).alerts([rule])
    assert alert["feed"] == "acled", "a withdrawal is a publication"
    assert Oracle([*said, gone], ["2021-10-05T00:00:00Z"]).alerts([rule | {"feed": "ucdp-ged"}]) == []
