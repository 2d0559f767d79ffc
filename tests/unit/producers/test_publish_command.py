"""`vigil publish` without a broker: what it prints where, and its exit codes."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path

import pytest

from cli.main import run
from cli.publishing.publish import FEEDS as OFFERED
from producers.feeds import FEEDS

from .reading import RECORDED, SAMPLES

MALI = str(SAMPLES / "mali-2021.jsonl")
UCDP = str(RECORDED / "ucdp-ged.global-49.csv")
NOTHING = {"read": 0, "published": 0, "merged": 0, "skipped": 0, "withdrawn": 0, "dead_lettered": 0}


def test_the_feeds_that_are_offered_are_those_that_are_read() -> None:
    assert tuple(FEEDS) == OFFERED


def test_a_dry_run_prints_the_summary_as_the_last_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["publish", "vigil", MALI, MALI, "--dry-run"]) == 0
    assert json.loads(capfd.readouterr().out) == NOTHING | {"read": 22, "published": 22}


def test_as_json_lines_events_go_to_stdout_and_the_summary_ends_stderr(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.csv.gz"
    damaged.write_bytes(gzip.compress(Path(UCDP).read_bytes() + b"cut,line\n"))
    assert run(["publish", "ucdp-ged", str(damaged), "--dry-run", "--as-jsonl"]) == 0
    printed = capfd.readouterr()
    lines = [json.loads(line) for line in printed.out.splitlines()]
    assert len(lines) == 61
    assert lines[-1] == {
        "dead_letter": {
            "reason": "expected 49 cells, found 2",
            "field": None,
            "position": {"file": str(damaged), "record": 61, "line": Path(UCDP).read_bytes().count(b"\n") + 1},
        }
    }
    assert json.loads(printed.err.splitlines()[-1]) == NOTHING | {"read": 61, "published": 60, "dead_lettered": 1}


def test_standard_input_is_read(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path(MALI).read_bytes())))
    assert run(["publish", "vigil", "-", "--dry-run"]) == 0
    assert json.loads(capfd.readouterr().out)["published"] == 11


def test_a_file_of_another_feed_is_refused_before_anything_is_read(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["publish", "vigil", MALI, UCDP, "--dry-run", "--as-jsonl"]) == 1
    printed = capfd.readouterr()
    told, summary = printed.err.splitlines()
    assert told == f"vigil: {UCDP}: looks like a UCDP GED table, expected Vigil's own events as JSON lines"
    assert json.loads(summary) == NOTHING
    assert not printed.out


def test_a_file_that_is_mostly_bad_ends_with_the_summary_and_exit_1(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text(Path(MALI).read_text() + "{}\n" * 500)
    assert run(["publish", "vigil", str(bad), "--dry-run", "--as-jsonl"]) == 1
    printed = capfd.readouterr()
    assert json.loads(printed.err.splitlines()[-1]) == NOTHING | {"read": 100, "published": 11, "dead_lettered": 89}
    assert len(printed.out.splitlines()) == 100
    assert run(["publish", "vigil", str(bad), "--dry-run"]) == 1
    assert json.loads(capfd.readouterr().out)["dead_lettered"] == 89


def test_a_missing_file_is_one_clear_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["publish", "vigil", "/nowhere/at/all", "--dry-run"]) == 1
    assert "cannot be read: No such file" in capfd.readouterr().err


def test_of_gdelt_the_rows_that_tell_of_no_violence_are_skipped_unless_all_is_given(
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = str(RECORDED / "gdelt.1.0.tsv")
    rows = Path(path).read_text().splitlines()
    violent = sum(row.split("\t")[28] in ("17", "18", "19", "20") for row in rows)
    assert run(["publish", "gdelt", path, "--dry-run"]) == 0
    summary = json.loads(capfd.readouterr().out)
    assert summary == NOTHING | {"read": len(rows), "published": violent, "skipped": len(rows) - violent}
    assert run(["publish", "gdelt", path, "--dry-run", "--all"]) == 0
    assert json.loads(capfd.readouterr().out) == NOTHING | {"read": len(rows), "published": len(rows)}


@pytest.mark.parametrize(
    "arguments", [["nofeed", MALI], ["vigil"], ["vigil", MALI, "--as-jsonl"], ["vigil", MALI, "--all"]]
)
def test_a_wrong_call_is_exit_2(arguments: list[str]) -> None:
    assert run(["publish", *arguments]) == 2
