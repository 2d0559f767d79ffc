"""`vigil replay --history`, and what `vigil replay` writes as tables."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cli.main import run
from tests.archives import archive_of, event

RULES = """rules:
  - {id: attack, kind: match, title: An attack, scope: country, severity: minor, where: {type: attack}, hold: 2}
"""
GONE = event(2, state="withdrawn", publish_time="2021-10-06T12:00:00Z", reason="a mistake")
TAKEN = "2021-10-20T08:00:00Z"


@pytest.fixture
def replay(tmp_path: Path) -> list[str]:
    """The command, of an archive with an attack that was withdrawn and one elsewhere."""
    elsewhere = event(4, place={"country": "TCD"})
    archive = archive_of(tmp_path / "archive", [elsewhere, GONE, event(2)], taken=TAKEN)
    (tmp_path / "rules.yaml").write_text(RULES)
    return ["replay", "--archive", str(archive), "--rules", str(tmp_path / "rules.yaml")]


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[tuple[str, str, str]]:
    assert run(list(arguments)) == 0
    lines: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [(line["as_of"], line["transition"], line["scope"]) for line in lines]


def test_each_line_says_on_which_day_it_would_have_been_told(
    replay: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(capsys, *replay, "--history") == [
        ("2021-10-03", "raised", "country:MLI"),
        ("2021-10-05", "resolved", "country:MLI"),
        ("2021-10-05", "raised", "country:TCD"),
        ("2021-10-06", "cancelled", "country:MLI"),
    ]


def test_by_intake_an_archive_of_one_day_has_a_history_of_one_day(
    replay: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(capsys, *replay, "--history", "--axis", "ingest") == [("2021-10-20", "raised", "country:TCD")]


def test_days_and_filters_choose_lines_and_change_none(replay: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    whole = told(capsys, *replay, "--history")
    assert told(capsys, *replay, "--history", "--from", "2021-10-05") == whole[1:]
    assert told(capsys, *replay, "--history", "--until", "2021-10-05", "--country", "MLI") == whole[:2]
    later = told(capsys, *replay, "--history", "--country", "TCD", "--until", "2021-11-01", "--feed", "vigil")
    assert later == [whole[2], ("2021-10-07", "resolved", "country:TCD")]


def test_a_speed_is_waited_for(replay: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    waited = told(capsys, *replay, "--history", "--speed", "8640000x")
    assert waited == told(capsys, *replay, "--history")


def test_what_goes_to_a_file_is_counted_and_is_what_goes_to_stdout(
    replay: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*replay, "--history"]) == 0
    printed = capsys.readouterr().out
    path = tmp_path / "told.jsonl"
    assert run([*replay, "--history", "--output-file", str(path)]) == 0
    assert json.loads(capsys.readouterr().out) == {"output": str(path), "rows": 4}
    assert path.read_text() == printed


def table(replay: list[str], path: Path, *arguments: str) -> list[dict[str, Any]]:
    assert run([*replay, *arguments, "--format", "parquet", "--output-file", str(path)]) == 0
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def test_a_history_as_a_table_has_a_row_a_transition(replay: list[str], tmp_path: Path) -> None:
    rows = table(replay, tmp_path / "told.parquet", "--history")
    assert [(row["as_of"], row["transition"], row["correction"]) for row in rows] == [
        (date(2021, 10, 3), "raised", None),
        (date(2021, 10, 5), "resolved", None),
        (date(2021, 10, 5), "raised", None),
        (date(2021, 10, 6), "cancelled", "vigil:2"),
    ]


def test_the_end_as_tables_has_rows_of_events_alerts_and_measures(replay: list[str], tmp_path: Path) -> None:
    path = tmp_path / "end.parquet"
    assert [row["state"] for row in table(replay, path)] == ["withdrawn", "asserted"]
    assert [row["scope"] for row in table(replay, path, "--output", "alerts")] == ["country:TCD"]
    week = table(replay, path, "--output", "windows", "--scope", "country:TCD", "--window", "7d")
    killed = [row for row in week if row["measure"] == "killed"]
    assert [(row["at"], row["certain"]) for row in killed] == [(date(2021, 10, 6), 4)]
    days = table(replay, path, "--output", "aggregates", "--scope", "country:TCD", "--window", "1d")
    attacks = [(row["at"], row["certain"]) for row in days if row["measure"] == "attacks"]
    assert attacks == [(date(2021, 10, 4), 1), (date(2021, 10, 5), 0)]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--history", "--output", "alerts"],
        ["--history", "--clock", "2021-12-01T00:00:00Z"],
        ["--history", "--window", "7d"],
        ["--history", "--type", "attack"],
        ["--history", "--to-topic-prefix", "p."],
        ["--history", "--speed", "fast"],
        ["--axis", "ingest"],
        ["--speed", "60x"],
        ["--format", "parquet"],
        ["--to-topic-prefix", "p.", "--scope", "world"],
        ["--to-topic-prefix", "p.", "--format", "jsonl"],
        ["--to-topic-prefix", "p.", "--output-file", "x"],
        ["--to-topic-prefix", "p.", "--at", "2021-10-02"],
    ],
)
def test_what_does_not_go_together_is_misuse(replay: list[str], arguments: list[str]) -> None:
    assert run([*replay, *arguments]) == 2


def test_lines_have_no_history_by_intake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(json.dumps(event(1)) + "\n")
    assert run(["replay", "--archive", str(path), "--history", "--axis", "ingest"]) == 1
    assert "lines carry no ingest time" in capsys.readouterr().err


def test_without_an_archive_it_is_the_service_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["replay"]) == 1
    assert "no broker runs" in capsys.readouterr().err
