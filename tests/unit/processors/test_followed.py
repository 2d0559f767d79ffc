"""What the roller makes of the records that it follows; no broker."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from eventlog.record import Record
from processors.assertions import Accepted, timeline_headers
from processors.followed import Followed, RulesChanged, _rules
from processors.settings import WorkerSettings
from schemas.event import check_event
from timeline.identity import assertion, encode
from timeline.times import microseconds

SETTINGS = WorkerSettings(bootstrap="127.0.0.1:1", prefix="p.")
APPENDED = datetime(2021, 4, 3, tzinfo=UTC)


def record(topic: str, value: bytes | None, headers: Any = ()) -> Record:
    return Record(SETTINGS.topic(topic), 0, 7, int(APPENDED.timestamp() * 1000), None, value, headers)


@pytest.fixture
def followed() -> Followed:
    reader: Any = None
    return Followed(SETTINGS, reader)


def test_an_assertion_counts_and_moves_the_clock(followed: Followed) -> None:
    statement = assertion(
        check_event(
            {
                "id": "vigil:1",
                "source": "vigil",
                "type": "attack",
                "event_time": {"start": "2021-04-01T00:00:00Z", "end": "2021-04-02T00:00:00Z", "precision": "day"},
                "publish_time": "2021-04-02T00:00:00Z",
            }
        )
    )
    headers = timeline_headers(Accepted(statement, APPENDED, {}), "events:0:0")
    said = record("vigil.public.timeline.v1", encode(statement), headers)
    followed.apply([[said, said], [record("vigil.public.timeline.v1", None)]])
    changes = list(followed.told.differences(followed.rollup, everything=True))
    assert [change.scope for change in changes] == ["world", "world@vigil"]
    assert followed.rollup.clock == microseconds("2021-04-02T00:00:00Z")


def test_a_tick_moves_the_clock_and_one_from_the_future_does_not(followed: Followed) -> None:
    for text in ("2021-04-02T06:00:00Z", "2030-01-01T00:00:00Z"):
        followed.apply([[record("vigil.ticks.v1", json.dumps({"time": text}).encode())]])
    assert followed.rollup.clock == microseconds("2021-04-02T06:00:00Z")
    followed.apply([[record("vigil.ticks.v1", b"")]])
    assert followed.rollup.clock == microseconds("2021-04-03T00:00:00Z")


def test_a_rule_set_ends_the_evaluation_by_the_one_before(followed: Followed) -> None:
    with pytest.raises(RulesChanged):
        followed.apply([[record("vigil.rules.v1", b"rules: []")]])


@pytest.mark.parametrize("text", [None, b"rules: [", b"\xff", b"rules: [{kind: surge}]"])
def test_without_a_valid_rule_set_there_are_no_rules(text: bytes | None) -> None:
    assert _rules(text).rules == ()
