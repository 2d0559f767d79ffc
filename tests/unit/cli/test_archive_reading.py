"""`vigil replay` of archives in Parquet: the bytes that the lines give, whatever an archive consists of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.archives.reading import Reading, read_taken
from cli.main import run
from tests.archives import add_part, archive_of, event, record

EVENTS = [event(1), event(7, type="coup", coup={"outcome": "realised"}), event(1, title="corrected"), event(3)]
OUTPUTS = ("timeline", "windows", "aggregates", "alerts")


def replayed(capsys: pytest.CaptureFixture[str], *archives: Path, output: str = "timeline") -> str:
    capsys.readouterr()
    assert run(["replay", "--archive", *map(str, archives), "--output", output]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("output", OUTPUTS)
def test_folder_file_and_lines_give_the_same_bytes(
    output: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = tmp_path / "lines"
    lines.write_text("".join(json.dumps(each) + "\n" for each in EVENTS))
    folder = archive_of(tmp_path / "folder", EVENTS)
    archive_of(tmp_path / "part", EVENTS[:2])
    expected = replayed(capsys, lines, output=output)
    for archives in ([folder], [folder / "part-000001.parquet"], [tmp_path / "part", lines]):
        assert replayed(capsys, *archives, output=output) == expected
    assert expected or output == "alerts"


def test_rows_that_assert_nothing_are_counted_and_left_out(tmp_path: Path) -> None:
    add_part(tmp_path, [record(0, b"{"), record(1, event(1)), record(2, None)])
    reading = Reading()
    [taken] = read_taken([str(tmp_path)], reading, tell=lambda _: None)
    assert (taken.statement.id, taken.ingest_time) == ("vigil:1", 1_640_995_200_000_000)
    assert str(reading) == "1 events, 2 dead letters skipped, 0 lines refused"


def test_a_damaged_archive_is_one_line_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    part = add_part(tmp_path, [record(0, event(1))])
    part.write_bytes(part.read_bytes()[:-30])
    assert run(["replay", "--archive", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_folder_without_parts_is_no_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", "--archive", str(tmp_path)]) == 1
    assert "cannot be read" in capsys.readouterr().err
