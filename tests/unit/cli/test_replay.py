"""`vigil replay` on small archives: what it prints, and what it says of lines that are none."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from cli.main import run


def _event(number: int, **members: Any) -> str:
    day = f"2021-10-{number:02}T00:00:00Z"
    event = {
        "id": f"vigil:{number}",
        "source": "vigil",
        "type": "attack",
        "event_time": {"start": day, "end": f"2021-10-{number + 1:02}T00:00:00Z", "precision": "day"},
        "publish_time": f"2021-10-{number + 1:02}T00:00:00Z",
        "place": {"country": "MLI"},
        "mission": "MINUSMA",
        "killed": {"total": {"best": number}, "peacekeepers": {"best": 1}},
    }
    return json.dumps(event | members) + "\n"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive.jsonl"
    path.write_text(_event(3) + _event(1) + _event(2, place={"country": "TCD"}) + _event(1))
    return path


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_timeline_has_one_line_an_id_in_their_order(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", "--archive", str(archive)]) == 0
    assert [(line["id"], line["revision"]) for line in _lines(capsys)] == [
        ("vigil:1", 1),
        ("vigil:2", 1),
        ("vigil:3", 1),
    ]


def test_windows_can_be_cut_to_a_scope_and_a_window(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["replay", "--archive", str(archive), "--output", "windows", "--scope", "country:MLI"]
    assert run([*arguments, "--window", "7d"]) == 0
    [line] = _lines(capsys)
    assert line["scope"] == "country:MLI"
    assert line["clock"] == "2021-10-04T00:00:00Z"
    assert set(line["windows"]) == {"7d"}
    assert line["windows"]["7d"]["attacks"] == {"certain": 2, "possible": 2, "feed": "vigil"}


def test_windows_at_a_day_hold_what_lies_before_it(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["replay", "--archive", str(archive), "--output", "windows", "--country", "MLI", "--at", "2021-10-02"]
    assert run(arguments) == 0
    [line] = _lines(capsys)
    assert line["at"] == "2021-10-02"
    assert line["windows"]["30d"]["attacks"]["certain"] == 1


def test_aggregates_are_cut_to_days(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["replay", "--archive", str(archive), "--output", "aggregates", "--scope", "world", "--window", "1d"]
    assert run([*arguments, "--from", "2021-10-02", "--until", "2021-10-03"]) == 0
    assert [line["at"] for line in _lines(capsys)] == ["2021-10-02", "2021-10-03"]


def test_one_scope_alone_prints_the_lines_that_all_scopes_print_of_it(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["replay", "--archive", str(archive), "--output", "aggregates"]
    run(arguments)
    every = [line for line in _lines(capsys) if line["scope"] == "country:MLI"]
    run([*arguments, "--scope", "country:MLI"])
    assert _lines(capsys) == every != []


def test_alerts_follow_the_rules_that_are_given(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["replay", "--archive", str(archive), "--output", "alerts"]
    assert run(arguments) == 0
    assert {line["rule"] for line in _lines(capsys)} == {"peacekeepers-killed"}
    (tmp_path / "none.yaml").write_text("rules: []\n")
    assert run([*arguments, "--rules", str(tmp_path / "none.yaml")]) == 0
    assert _lines(capsys) == []


def test_a_tick_moves_the_clock_on_and_never_back(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["replay", "--archive", str(archive), "--output", "alerts", "--clock"]
    assert run([*arguments, "2020-01-01T00:00:00Z"]) == 0
    assert {line["status"] for line in _lines(capsys)} == {"open"}
    assert run([*arguments, "2021-12-01T00:00:00Z"]) == 0
    assert {line["status"] for line in _lines(capsys)} == {"resolved"}
    assert run([*arguments, "2021-12-01"]) == 2


def test_several_archives_and_compressed_ones_are_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jsonl").write_text(_event(1))
    (tmp_path / "b").write_bytes(gzip.compress(_event(2).encode()))
    assert run(["replay", "--archive", str(tmp_path / "a.jsonl"), str(tmp_path / "b"), "--output", "timeline"]) == 0
    assert [line["id"] for line in _lines(capsys)] == ["vigil:1", "vigil:2"]


def test_lines_that_are_no_events_are_counted_and_named(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dead = '{"dead_letter":{"reason":"r","field":null,"position":{"file":"f","record":1,"line":2}}}\n'
    archive.write_text(dead + _event(1) + "nonsense\n\n" + _event(2, place={"latitude": 95}))
    assert run(["replay", "--archive", str(archive)]) == 0
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 1
    assert "line 3 is no event" in told.err
    assert "line 5 is no event and is left out: place.latitude" in told.err
    assert told.err.splitlines()[-1] == "vigil: 1 events, 1 dead letters skipped, 2 lines refused"


def test_a_file_without_any_event_is_no_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other").write_text("a,b\n1,2\n")
    assert run(["replay", "--archive", str(tmp_path / "other")]) == 1
    assert "nothing in it is an event" in capsys.readouterr().err


def test_an_empty_archive_prints_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").touch()
    for output in ("timeline", "windows", "aggregates", "alerts"):
        assert run(["replay", "--archive", str(tmp_path / "empty"), "--output", output]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--archive", "/does/not/exist"], 1),
        (["--archive", "/tmp"], 1),
        (["--archive", "/dev/null", "--rules", "/does/not/exist"], 1),
        (["--archive", "/dev/null", "--output", "windows", "--from", "2021-01-01"], 2),
        (["--archive", "/dev/null", "--output", "timeline", "--window", "7d"], 2),
        (["--archive", "/dev/null", "--output", "alerts", "--at", "2021-01-01"], 2),
    ],
)
def test_what_cannot_be_done_is_refused(arguments: list[str], code: int) -> None:
    assert run(["replay", *arguments]) == code


def test_a_cut_compressed_file_is_one_line_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(_event(1).encode() * 100)[:-10])
    assert run(["replay", "--archive", str(tmp_path / "cut.gz")]) == 1
    assert "cut or damaged" in capsys.readouterr().err
