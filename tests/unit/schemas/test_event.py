"""What an event may say, and what is refused with which field."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from schemas.errors import BadInput
from schemas.event import check_event, parse_event

AGUELHOK: dict[str, Any] = {
    "id": "ucdp-ged:187344",
    "source": "ucdp-ged",
    "type": "attack",
    "event_time": {"start": "2021-04-01T00:00:00Z", "end": "2021-05-01T00:00:00Z", "precision": "month"},
    "publish_time": "2021-05-01T00:00:00Z",
    "place": {"country": "MLI", "latitude": 19.46, "longitude": 0.86},
    "actors": [{"id": "jnim"}],
    "killed": {"total": {"low": 4, "best": 4, "high": 4}},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the event with one member changed; None as `value` removes it."""
    document: dict[str, Any] = orjson.loads(orjson.dumps(AGUELHOK))
    inner = document
    *way, last = path.split(".")
    for name in way:
        inner = inner.setdefault(name, {})
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return document


def test_a_complete_event_is_read() -> None:
    event = parse_event(orjson.dumps(AGUELHOK))
    assert event.killed is not None
    assert event.killed.total is not None
    assert event.killed.total.best == 4
    assert event.coding == "human"


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("place.latitude", 95, "place.latitude"),
        ("place.latitude", "19.46", "place.latitude"),
        ("place.country", "XXX", "place.country"),
        ("place.country", "ML", "place.country"),
        ("place.admin1_code", "Kidal", "place.admin1_code"),
        ("killed.total.low", 5, "killed.total"),
        ("killed.total.best", -1, "killed.total.best"),
        ("killed.total.best", 4.5, "killed.total.best"),
        ("killed.total.best", "4", "killed.total.best"),
        ("event_time", None, "event_time"),
        ("event_time.start", "2021-04-01", "event_time.start"),
        ("event_time.start", "1617235200", "event_time.start"),
        ("event_time.start", "2021-04-01T00:00:00", "event_time.start"),
        ("event_time.start", "0001-01-01T00:00:00+14:00", "event_time.start"),
        ("event_time.end", "2021-03-01T00:00:00Z", "event_time.end"),
        ("event_time.end", "2021-04-01T00:00:00Z", "event_time.end"),
        ("event_time.precision", "decade", "event_time.precision"),
        ("publish_time", "2021-03-01T00:00:00Z", "publish_time"),
        ("publish_time", 1617235200, "publish_time"),
        ("publish_time", None, "publish_time"),
        ("type", "battle", "type"),
        ("state", "deleted", "state"),
        ("id", "acled:1", "id"),
        ("id", "ucdp-ged:", "id"),
        ("source", "UCDP GED", "source"),
        ("coup.outcome", "realised", "coup"),
        ("actors", [{"name": "no id"}], "actors.0.id"),
    ],
)
def test_bad_members_are_refused_by_name(path: str, value: Any, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_event(orjson.dumps(changed(path, value)))
    assert refused.value.field == field
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("raw", [b"", b"{", b"null", b"[]", b"\xff", b'{"id": "a:1\x00"}'])
def test_what_is_no_event_at_all_is_refused(raw: bytes) -> None:
    with pytest.raises(BadInput):
        parse_event(raw)


def test_a_withdrawal_needs_no_content() -> None:
    withdrawal = {"id": "a:1", "source": "a", "type": "attack", "state": "withdrawn", "reason": "a duplicate"}
    assert check_event({**withdrawal, "publish_time": "2021-05-01T00:00:00Z"}).event_time is None


def test_an_instant_may_have_no_length_and_a_day_may_not() -> None:
    when = {"start": "2021-04-01T00:00:00Z", "end": "2021-04-01T00:00:00Z", "precision": "instant"}
    assert check_event(changed("event_time", when)).event_time is not None
    with pytest.raises(BadInput):
        check_event(changed("event_time", {**when, "precision": "day"}))


def test_other_offsets_are_the_same_moment() -> None:
    east = check_event(changed("publish_time", "2021-05-01T02:00:00+02:00"))
    assert east == check_event(AGUELHOK)


def test_unknown_members_are_dropped() -> None:
    assert check_event({**AGUELHOK, "mood": "tense"}) == check_event(AGUELHOK)
