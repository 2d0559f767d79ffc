"""Who, until when, and of which alert: what the commands of people take, and what they refuse."""

from __future__ import annotations

import time
from typing import Any

import click
import orjson
import pytest

from cli.alerting.people_tables import notifications_table, silences_table, suppressed_table
from cli.alerting.person import name_of, text_of
from cli.alerting.silences import Until
from cli.main import run
from cli.tables import alerts_table
from schemas.errors import Failed, Misuse
from subscribers.alert_ids import find_alert, find_silence
from tests.unit.timeline.people_parts import transition

Json = dict[str, Any]


def now() -> int:
    return time.time_ns() // 1000


@pytest.mark.parametrize(("length", "seconds"), [("45m", 2700), ("4h", 14_400), ("7d", 604_800), ("2w", 1_209_600)])
def test_a_length_is_from_now(length: str, seconds: int) -> None:
    until = Until().convert(length, None, None)
    assert until % 1_000_000 == 0
    assert now() - 5_000_000 < until - seconds * 1_000_000 <= now()


def test_a_time_is_taken_as_it_stands() -> None:
    assert Until().convert("2200-01-01T00:00:00Z", None, None) == 7_258_118_400_000_000


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("4", "no time such as"), ("four hours", "no time such as"), ("-4h", "no time such as"), ("4y", "4h, 7d"),
        ("2200-01-01", "no time such as"), ("2200-01-01T00:00:00", "no time such as"), ("99999999d", "no time such as"),
        ("2021-01-01T00:00:00Z", "is past"), ("0h", "is past"),
    ],
)  # fmt: skip
def test_what_is_no_time_or_past_is_refused(value: str, expected: str) -> None:
    with pytest.raises(click.BadParameter, match=expected):
        Until().convert(value, None, None)


def test_the_name_is_the_options_or_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIL_USER", "Awa Traoré")
    assert name_of(None) == "Awa Traoré"
    assert name_of(" Ben ") == "Ben"
    for nobody in ("", "  "):
        monkeypatch.setenv("VIGIL_USER", nobody)
        with pytest.raises(Misuse, match="--by NAME, or the variable VIGIL_USER"):
            name_of(None)
    for wrong in ("two\nlines", "x" * 101, "\x1b[31mred"):
        with pytest.raises(Misuse, match="one line"):
            name_of(wrong)


def test_a_text_says_something() -> None:
    assert text_of(" seen ", "TEXT") == "seen"
    for wrong in ("", "\n", "x" * 4001):
        with pytest.raises(Misuse, match="TEXT: expected 1 to 4000 letters"):
            text_of(wrong, "TEXT")


def test_an_alert_is_found_by_its_first_digits_as_it_was_told_last() -> None:
    told = [transition("aaaa11"), transition("aaaa22", thread="aaaa22-2"), transition("aaaa11", "updated", value=7)]
    assert find_alert(told, "aaaa1")["value"] == 7
    assert find_alert(told, "aaaa22-2")["id"] == "aaaa22"
    with pytest.raises(Failed, match="first digits of 2 alerts: aaaa11, aaaa22"):
        find_alert(told, "aaaa")
    with pytest.raises(Failed, match="no alert bbbb was ever told; see `vigil alerts --all`"):
        find_alert(told, "bbbb")
    with pytest.raises(Misuse, match="at least 4 digits"):
        find_alert(told, "aaa")


def test_a_silence_is_found_by_its_first_digits() -> None:
    assert find_silence(["cccc11", "dddd22"], "cccc") == "cccc11"
    with pytest.raises(Failed, match="vigil silences list --all"):
        find_silence(["cccc11"], "dddd")


@pytest.mark.parametrize(
    "arguments",
    [
        ("alerts", "--suppressed", "--follow"),
        ("alerts", "--suppressed", "--notifications"),
        ("alerts", "--notifications", "--follow", "--table"),
        ("alerts", "--notifications", "--format", "cap"),
        ("silences", "add", "--scope", "country:MLX", "--until", "4h", "--comment", "x", "--by", "Awa"),
        ("silences", "add", "--scope", "country:MLI", "--until", "4h", "--by", "Awa"),
        ("silences", "add", "--scope", "country:MLI", "--comment", "x", "--by", "Awa"),
    ],
)
def test_what_means_nothing_is_refused_before_a_broker_is_asked(arguments: tuple[str, ...]) -> None:
    assert run([*arguments, "--bootstrap-servers", "127.0.0.1:1"]) == 2


def rows(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_the_table_of_alerts_says_who_acknowledged_where_somebody_did(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [orjson.dumps(transition("aaaa11"))]
    alerts_table(lines, {"aaaa11": "Awa, Ben"})
    heading, row = rows(capsys)
    assert heading.endswith("id acknowledged") and row.endswith("aaaa11 Awa, Ben")
    alerts_table(lines, {})
    assert rows(capsys)[0].endswith("id")


SILENCE: Json = {
    "id": "c" * 32, "scope": "country:MLI", "rule": None, "when": "2026-11-24T12:00:00Z", "by": "Awa",
    "until": "2026-11-24T16:00:00Z", "comment": "known", "ended": None,
}  # fmt: skip
ENDED: Json = {"by": "Ben", "when": "2026-11-24T13:00:00Z"}


def test_the_table_of_silences_says_what_became_of_each(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [SILENCE | {"state": "in force", "hid": 2}, SILENCE | {"state": "over", "hid": 0, "ended": ENDED}]
    silences_table(map(orjson.dumps, lines))
    assert rows(capsys)[1:] == [
        f"country:MLI all 2026-11-24 12:00 2026-11-24 16:00 in force 2 Awa known {'c' * 12}",
        f"country:MLI all 2026-11-24 12:00 2026-11-24 16:00 ended 2026-11-24 13:00 by Ben 0 Awa known {'c' * 12}",
    ]


def test_the_table_of_what_was_hidden_says_by_what_and_what_became_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    told = transition("aaaa11")
    hid = [
        told | {"released": "2026-11-24T16:00:00Z", "held": None},
        told | {"released": None, "held": {"reason": "inhibited", "by": "dddd44"}},
    ]
    lines: list[Json] = [
        {"by": "silence", "silence": SILENCE, "hid": hid},
        {"by": "silence", "silence": SILENCE | {"ended": ENDED, "rule": "coup"}, "hid": []},
        {"by": "inhibition", "alert": transition("dddd44"), "hid": [told | {"released": None, "held": None}]},
    ]
    suppressed_table(map(orjson.dumps, lines))
    found = rows(capsys)
    assert found[1].startswith(f"silence {'c' * 12} 2026-11-24 12:00 raised") and "told 2026-11-24 16:00" in found[1]
    assert found[2].startswith("country:MLI") and "inhibited by dddd44" in found[2]
    assert found[3:5] == ["until 2026-11-24 16:00", "Awa: known"]
    assert found[5] == f"silence {'c' * 12} nothing"
    assert found[6:9] == ["country:MLI coup", "until 2026-11-24 13:00", "Awa: known"]
    assert found[9].startswith("alert dddd44 2026-11-24 12:00 raised")
    assert found[10:] == ["Over 100 killed in a week", "2021-10-01 … 2021-10-07"]


def test_the_table_of_notifications_marks_the_quiet_ones(capsys: pytest.CaptureFixture[str]) -> None:
    line: Json = {
        "told": "2026-11-24T12:00:00Z", "severity": "severe", "quiet": True, "text": "Coup, country:MLI: raised",
        "alerts": [{"id": "aaaa11", "acknowledged": ["Awa"]}, {"id": "aaaa11", "acknowledged": ["Awa", "Ben"]}],
    }  # fmt: skip
    notifications_table([orjson.dumps(line)])
    assert rows(capsys)[1] == "2026-11-24 12:00 severe (quiet) Coup, country:MLI: raised Awa, Ben aaaa11"
