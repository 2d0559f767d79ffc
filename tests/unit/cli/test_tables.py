"""Tables say the same as the lines, for people."""

import orjson
import pytest

from cli.tables import aggregates_table, alerts_table, events_table, number_text


@pytest.mark.parametrize(
    ("measure", "text"),
    [
        (None, ""),
        ({"certain": 3, "possible": 3}, "3"),
        ({"certain": 3, "possible": 5}, "3–5"),
        ({"certain": {"best": 6}, "possible": {"best": 7}, "unknown": 1}, "6–7+?"),
        ({"certain": {"best": 0}, "possible": {"best": 0}, "unknown": 2}, "0+?"),
    ],
)
def test_a_number_says_what_is_certain_possible_and_unknown(measure: dict[str, object] | None, text: str) -> None:
    assert number_text(measure) == text


def _printed(capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def test_windows_without_anything_and_measures_that_nobody_has_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    line = {
        "scope": "world",
        "clock": "2021-10-03T00:00:00Z",
        "windows": {
            "7d": {},
            "365d": {"coups": {"certain": 1, "possible": 1}},
            "30d": {"coups": {"certain": 0, "possible": 1}},
        },
    }
    aggregates_table([orjson.dumps(line)])
    assert _printed(capsys) == [
        ["day", "scope", "window", "coups"],
        ["2021-10-03", "world", "30d", "0–1"],
        ["2021-10-03", "world", "365d", "1"],
    ]


def test_days_of_change_are_rows_too(capsys: pytest.CaptureFixture[str]) -> None:
    line = {
        "at": "2021-10-02",
        "scope": "world",
        "window": "7d",
        "measures": {"attacks": {"certain": 1, "possible": 1}},
    }
    aggregates_table([orjson.dumps(line)])
    assert _printed(capsys)[1] == ["2021-10-02", "world", "7d", "1"]


def test_an_event_shows_its_time_as_precisely_as_it_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    for precision, text in (("instant", "2021-04-01"), ("month", "2021-04"), ("year", "2021"), ("range", "2021-04-01")):
        event = {
            "id": "vigil:1",
            "source": "vigil",
            "type": "attack",
            "state": "asserted",
            "publish_time": "2021-05-01T00:00:00Z",
            "event_time": {"start": "2021-04-01T00:00:00Z", "end": "2021-05-01T00:00:00Z", "precision": precision},
        }
        events_table([orjson.dumps(event)])
        assert _printed(capsys)[1][0] == text


def test_a_withdrawal_that_says_nothing_else_is_shown_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    event = {"id": "vigil:1", "type": "attack", "state": "withdrawn", "publish_time": "2021-05-01T00:00:00Z"}
    events_table([orjson.dumps(event)])
    assert _printed(capsys)[1] == ["attack", "(withdrawn)", "2021-05-01", "vigil:1"]


ALERT = {
    "id": "a" * 32, "title": "Coup", "scope": "country:MLI", "status": "resolved", "severity": "severe",
    "first_day": "2021-05-01", "last_day": "2021-06-30", "value": 1, "peak": 1, "feed": "vigil", "causes_total": 1,
    "known": "2023-01-01T00:00:00Z", "late": False,
}  # fmt: skip


def test_a_late_alert_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    alerts_table([orjson.dumps(ALERT | {"late": True})])
    assert "(late)" in _printed(capsys)[1]


def test_how_grave_an_open_alert_is_is_said_and_not_by_colour_alone(capsys: pytest.CaptureFixture[str]) -> None:
    alerts_table([orjson.dumps(ALERT), orjson.dumps(ALERT | {"status": "open"})])
    _, over, now = _printed(capsys)
    assert "severe" not in over and {"open,", "severe"} <= set(now)


def test_an_alert_whose_end_is_not_known_has_no_last_day(capsys: pytest.CaptureFixture[str]) -> None:
    alerts_table([orjson.dumps(ALERT | {"last_day": "9999-12-31"})])
    assert _printed(capsys)[1][:3] == ["2021-05-01", "…", "Coup"]
