"""Known answers, worked out by hand, that the oracle itself must give."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.oracle.facts import in_window, measure
from tests.oracle.oracle import Oracle, line

Json = dict[str, Any]

DEADLY: Json = {
    "id": "deadly", "kind": "threshold", "title": "Deadly", "scope": "country", "severity": "moderate",
    "measure": "killed", "window": "7d", "reaches": 100, "ends_below": 60,
}  # fmt: skip
MATCH: Json = {
    "id": "peacekeepers", "kind": "match", "title": "Peacekeepers", "scope": "mission", "severity": "severe",
    "where": {"type": "attack", "killed.peacekeepers.best": {"at_least": 1}},
}  # fmt: skip


def attack(key: str, start: str, end: str, killed: int | None = None, **members: Any) -> Json:
    """An attack in Mali by the feed ucdp-ged, published when it was over."""
    said: Json = {"id": f"ucdp-ged:{key}", "source": "ucdp-ged", "type": "attack", "title": f"Attack {key}"}
    said["event_time"] = {"start": f"{start}T00:00:00Z", "end": f"{end}T00:00:00Z", "precision": "range"}
    said["publish_time"] = f"{end}T00:00:00Z"
    said["place"] = {"country": "MLI"}
    if killed is not None:
        said["killed"] = {"total": {"low": killed, "best": killed, "high": killed}}
    said.update(members)
    if "source" in members:
        said["id"] = f"{members['source']}:{key}"
    return said


def windows_of(oracle: Oracle, scope: str) -> Json:
    (found,) = [each["windows"] for each in oracle.windows() if each["scope"] == scope]
    return dict(found)


def test_the_content_hash_is_that_of_the_canonical_form() -> None:
    said = attack("1", "2021-10-02", "2021-10-03", 1, description="", coding="human", state="asserted", actors=[])
    said |= {"sequence": "7", "mission": None, "publish_time_basis": "assumed"}
    said["event_time"]["start"] = "2021-10-02T02:00:00.500000+02:00"
    said["place"] |= {"latitude": 19.46, "longitude": 5.0, "name": "Kéran", "admin1": None}
    canonical = (
        '{"event_time":{"end":"2021-10-03T00:00:00Z","precision":"range","start":"2021-10-02T00:00:00.5Z"},'
        '"id":"ucdp-ged:1","killed":{"total":{"best":1,"high":1,"low":1}},'
        '"place":{"country":"MLI","latitude":19.46,"longitude":5,"name":"Kéran"},'
        '"source":"ucdp-ged","title":"Attack 1","type":"attack"}'
    )
    (state,) = Oracle([said]).timeline()
    assert state["content"] == hashlib.sha256(canonical.encode()).hexdigest()
    assert (state["sequence"], state["state"], state["coding"]) == ("7", "asserted", "human")


def test_a_month_is_possible_in_a_week_but_never_certain() -> None:
    oracle = Oracle([attack("1", "2021-04-01", "2021-05-01", 4)])
    assert oracle.today.isoformat() == "2021-05-01"
    week = windows_of(oracle, "country:MLI")["7d"]
    assert week["attacks"] == {"certain": 0, "possible": 1, "feed": "ucdp-ged"}
    assert week["killed"]["certain"] == {"low": 0, "best": 0, "high": 0}
    assert week["killed"]["possible"] == {"low": 4, "best": 4, "high": 4}
    assert windows_of(oracle, "country:MLI")["1d"] == {}
    assert windows_of(oracle, "country:MLI")["90d"]["attacks"] == {"certain": 1, "possible": 1, "feed": "ucdp-ged"}
    lines = [each for each in oracle.aggregates() if each["scope"] == "world" and each["window"] == "7d"]
    assert [each["at"] for each in lines] == ["2021-04-01"], "possible until 2021-05-06, which is after the clock"


def test_aggregates_have_a_line_for_each_day_that_differs() -> None:
    oracle = Oracle([attack("1", "2021-10-02", "2021-10-03", 5)], ticks=["2021-12-01T00:00:00Z"])
    lines = [each for each in oracle.aggregates() if each["scope"] == "country:MLI@ucdp-ged"]
    assert [(each["window"], each["at"], bool(each["measures"])) for each in lines] == [
        ("1d", "2021-10-02", True),
        ("1d", "2021-10-03", False),
        ("7d", "2021-10-02", True),
        ("7d", "2021-10-09", False),
        ("30d", "2021-10-02", True),
        ("30d", "2021-11-01", False),
        ("90d", "2021-10-02", True),
        ("365d", "2021-10-02", True),
    ]


def test_feeds_are_never_summed_and_each_measure_names_its_largest() -> None:
    both = [
        attack("1", "2021-10-02", "2021-10-03", 9),
        attack("2", "2021-10-02", "2021-10-03", 3, source="acled"),
        attack("3", "2021-10-02", "2021-10-03", None, source="acled"),
    ]
    week = windows_of(Oracle(both), "region:011")["7d"]
    assert week["attacks"] == {"certain": 2, "possible": 2, "feed": "acled"}
    assert week["killed"]["certain"]["best"] == 9
    assert week["killed"]["feed"] == "ucdp-ged"
    assert week["injured"]["unknown"] == 2, "of equals the alphabetically first feed, acled"
    assert windows_of(Oracle(both), "region:011@acled")["7d"]["killed"]["unknown"] == 1


def test_an_episode_ends_below_the_lower_number_and_starts_at_the_upper() -> None:
    said = [
        attack("1", "2021-10-01", "2021-10-02", 70),
        attack("2", "2021-10-03", "2021-10-04", 30),
        attack("3", "2021-10-08", "2021-10-09", 30),
    ]
    # Days 1 and 2 hold 70, 3 to 7 hold 100, 8 and 9 hold 60 (70 left, 30 came), from the 10th on 30.
    (alert,) = Oracle(said).alerts([DEADLY])
    assert (alert["first_day"], alert["last_day"]) == ("2021-10-03", "2021-10-09")
    assert (alert["value"], alert["peak"], alert["threshold"]) == (100, 100, 100)
    assert [cause["id"] for cause in alert["causes"]] == ["ucdp-ged:1", "ucdp-ged:2"]
    assert (alert["known"], alert["late"]) == ("2021-10-04T00:00:00Z", False)
    assert alert["status"] == "open", "the clock stands on its last day"
    assert alert["id"] == hashlib.sha256(b'["deadly","country:MLI","2021-10-03"]').hexdigest()[:32]


def test_an_alert_is_late_when_it_was_known_after_its_last_day() -> None:
    first, then = (attack("1", "2021-10-01", "2021-10-02", n) for n in (5, 120))
    then["publish_time"] = "2021-10-08T00:00:00Z"
    (alert,) = Oracle([first, then]).alerts([DEADLY])
    assert (alert["last_day"], alert["known"], alert["late"]) == ("2021-10-07", "2021-10-08T00:00:00Z", True)
    assert alert["status"] == "resolved"


def test_a_correction_does_not_make_an_old_alert_late() -> None:
    first, then = (attack("1", "2021-10-01", "2021-10-02", n) for n in (100, 120))
    then["publish_time"] = "2022-10-08T00:00:00Z"
    (alert,) = Oracle([first, then]).alerts([DEADLY])
    assert (alert["value"], alert["known"], alert["late"]) == (120, "2021-10-02T00:00:00Z", False)


def test_an_alert_that_starts_after_the_clock_is_not_told() -> None:
    month = attack("1", "2021-10-01", "2021-11-01", 100, publish_time="2021-10-05T00:00:00Z")
    rule = DEADLY | {"window": "90d"}
    assert Oracle([month]).alerts([rule]) == []
    (alert,) = Oracle([month], ticks=["2021-10-31T00:00:00Z"]).alerts([rule])
    assert (alert["first_day"], alert["known"]) == ("2021-10-31", "2021-10-05T00:00:00Z")


def test_a_withdrawal_that_comes_first_still_wins() -> None:
    withdrawn: Json = {"id": "ucdp-ged:1", "source": "ucdp-ged", "type": "attack", "state": "withdrawn"}
    withdrawn |= {"publish_time": "2022-01-01T00:00:00Z", "reason": "double"}
    oracle = Oracle([withdrawn, attack("1", "2021-10-02", "2021-10-03", 1)])
    (state,) = oracle.timeline()
    assert (state["state"], state["revision"], state["since"]) == ("withdrawn", 2, "2022-01-01T00:00:00Z")
    assert (
        state["content"]
        == hashlib.sha256(
            b'{"id":"ucdp-ged:1","reason":"double","source":"ucdp-ged","state":"withdrawn","type":"attack"}'
        ).hexdigest()
    )
    assert oracle.windows() == []
    assert list(oracle.aggregates()) == []
    (more,) = Oracle([withdrawn | {"title": "Attack 1", "coding": "human"}]).timeline()
    assert (more["title"], more["content"] == state["content"]) == ("Attack 1", False), "all that is given is content"


def test_an_assertion_in_between_breaks_since() -> None:
    one, two = (attack("1", "2021-10-02", "2021-10-03", n) for n in (1, 2))
    again = one | {"publish_time": "2021-12-01T00:00:00Z"}
    between = two | {"publish_time": "2021-11-01T00:00:00Z"}
    (state,) = Oracle([one, again]).timeline()
    assert (state["since"], state["revision"]) == ("2021-10-03T00:00:00Z", 2)
    (state,) = Oracle([one, again, between]).timeline()
    assert (state["since"], state["revision"]) == ("2021-12-01T00:00:00Z", 3)
    assert windows_of(Oracle([between, again, one]), "world")["90d"]["killed"]["certain"]["best"] == 1


def test_the_sequence_of_the_feed_comes_before_its_publish_time() -> None:
    early = attack("1", "2021-10-02", "2021-10-03", 1, sequence="2")
    late = attack("1", "2021-10-02", "2021-10-03", 2, sequence="1", publish_time="2021-12-01T00:00:00Z")
    (state,) = Oracle([late, early]).timeline()
    assert (state["sequence"], state["since"]) == ("2", "2021-10-03T00:00:00Z")


def test_a_match_lasts_for_its_event_and_the_hold() -> None:
    said = attack("1", "2021-04-01", "2021-05-01", 4, mission="MINUSMA", actors=[{"id": "jnim"}, {"id": "minusma"}])
    said["killed"]["peacekeepers"] = {"low": 1, "best": 1, "high": 2}
    (alert,) = Oracle([said]).alerts([MATCH])
    assert (alert["scope"], alert["first_day"], alert["last_day"]) == ("mission:MINUSMA", "2021-04-01", "2021-05-07")
    assert (alert["value"], alert["peak"], alert["threshold"], alert["causes_total"]) == (1, 1, None, 1)
    assert len(Oracle([said]).alerts([MATCH | {"scope": "actor", "where": {"actors.id": ["jnim", "x"]}}])) == 2
    assert Oracle([said]).alerts([MATCH | {"where": {"killed.civilians.best": {"at_least": 0}}}]) == []


def test_machine_reports_and_tallies_are_no_incidents() -> None:
    machine = attack("1", "2021-10-02", "2021-10-03", 9, coding="machine")
    tally = attack("2", "2021-10-02", "2021-10-03", type="tally", tally={"measure": "killed", "value": 255})
    accident = attack("3", "2021-10-02", "2021-10-03", 2, type="fatality")
    assert windows_of(Oracle([machine, tally, accident]), "world@ucdp-ged")["1d"] == {}
    assert windows_of(Oracle([machine, tally, accident]), "world@ucdp-ged")["7d"] == {
        "machine_reports": {"certain": 1, "possible": 1},
        "other_deaths": {"certain": {"low": 2, "best": 2, "high": 2}, "possible": {"low": 2, "best": 2, "high": 2}},
    }


def test_a_window_changes_only_on_the_days_that_are_looked_at() -> None:
    said = [
        attack("1", "2021-10-02", "2021-10-03", 5),
        attack("2", "2021-10-04", "2021-10-24", None),
        attack("3", "2021-10-05", "2021-10-08", 2, source="acled"),
    ]
    oracle = Oracle(said, ticks=["2022-12-31T00:00:00Z"])
    events = oracle.by_scope["world"]
    of_week = [each for each in oracle.aggregates() if (each["scope"], each["window"]) == ("world", "7d")]
    found = {each["at"]: each["measures"] for each in of_week}
    before: Json = {}
    for n in range(60):
        day = events[0].first.fromordinal(events[0].first.toordinal() - 3 + n)
        now = measure(None, events, day, 7)
        assert (day.isoformat() in found) == (now != before), day
        assert now == found.get(day.isoformat(), before)
        before = now
    assert any(in_window(event, event.last, 7, "certain") for event in events)


def test_no_assertion_no_clock_no_line() -> None:
    oracle = Oracle([])
    assert (oracle.clock, oracle.timeline(), oracle.windows(), list(oracle.aggregates())) == (None, [], [], [])
    assert oracle.alerts([DEADLY, MATCH]) == []
    assert line({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()
