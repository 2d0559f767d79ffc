"""What readers make of the records of the public topics."""

from typing import Any

import orjson

from eventlog.record import Record
from subscribers.aggregates import at_the_clock, take_in
from subscribers.alerts import decode_transition, standing


def _aggregate(scope: str, clock: str | None, offset: int = 0) -> Record:
    value = None if clock is None else orjson.dumps({"scope": scope, "clock": clock, "windows": {}})
    return Record("aggregates", 0, offset, 0, scope.encode(), value, ())


def test_every_scope_is_printed_at_the_newest_clock_which_is_the_worlds() -> None:
    newest: dict[str, Any] = {}
    take_in(
        newest,
        [
            _aggregate("world", "2021-10-01T00:00:00Z"),
            _aggregate("country:MLI", "2021-10-01T00:00:00Z"),
            _aggregate("world", "2021-10-05T00:00:00Z"),
        ],
    )
    assert [(each["scope"], each["clock"]) for each in at_the_clock(newest)] == [
        ("country:MLI", "2021-10-05T00:00:00Z"),
        ("world", "2021-10-05T00:00:00Z"),
    ]


def test_a_tombstone_takes_a_scope_away() -> None:
    newest: dict[str, Any] = {}
    take_in(newest, [_aggregate("world", "2021-10-01T00:00:00Z"), _aggregate("country:MLI", "2021-10-01T00:00:00Z")])
    take_in(newest, [_aggregate("country:MLI", None), _aggregate("country:TCD", None)])
    assert list(newest) == ["world"]
    take_in(newest, [_aggregate("world", None)])
    assert list(at_the_clock(newest)) == []


def _transition(alert_id: str, transition: str, **members: Any) -> Record:
    told: dict[str, Any] = {
        "id": alert_id,
        "transition": transition,
        "thread": alert_id,
        "replaces": [],
        "reason": "",
        "heir": None,
    }
    value = orjson.dumps({**told, "survivor": None, "notify": True, "value": 1} | members)
    return Record("alerts", 0, 0, 1_633_046_400_123, b"world", value, ())


def test_an_alert_stands_as_it_was_told_last_without_how_it_was_told() -> None:
    told = [_transition("a", "raised"), _transition("b", "raised"), _transition("a", "updated", value=2)]
    assert standing(map(decode_transition, told)) == [{"id": "a", "value": 2}, {"id": "b", "value": 1}]


def test_a_cancelled_alert_does_not_stand_until_it_is_raised_again() -> None:
    told = [_transition("a", "raised"), _transition("a", "cancelled")]
    assert standing(map(decode_transition, told)) == []
    assert standing(map(decode_transition, [*told, _transition("a", "raised")])) == [{"id": "a", "value": 1}]
    assert standing(map(decode_transition, [_transition("a", "superseded", heir="b")])) == []


def test_a_transition_says_when_the_log_took_it() -> None:
    assert decode_transition(_transition("a", "raised"))["told"] == "2021-10-01T00:00:00.123Z"
