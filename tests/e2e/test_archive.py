"""Archive, export and tables of a running service: the same as the service itself says, and as the archive says."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from eventlog.writing import Writer
from schemas.topics import TICKS
from subscribers import analysis
from tests.e2e.conftest import HOME, Service, Vigil

pytestmark = pytest.mark.broker
MALI = str(HOME / "samples" / "mali-2021.jsonl")
MINUSMA = str(HOME / "samples" / "un-fatalities" / "minusma.csv")


@pytest.fixture(scope="module")
def archive(vigil: Vigil, service: Service, tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert service.ready
    vigil.run("publish", "vigil", MALI)
    vigil.run("publish", "un-fatalities", MINUSMA)
    vigil.run("status", "--wait", "60")
    folder = tmp_path_factory.mktemp("archive") / "mali"
    done = json.loads(vigil.answer("archive", str(folder)))
    assert done["appended"] == done["rows"] > 200
    return folder


@pytest.mark.parametrize("answer", ["timeline", "aggregates", "alerts"])
def test_the_archive_replays_to_the_bytes_of_the_service(vigil: Vigil, archive: Path, answer: str) -> None:
    output = "windows" if answer == "aggregates" else answer
    assert vigil.answer(answer) == vigil.answer("replay", "--archive", str(archive), "--output", output) != ""


@pytest.mark.parametrize("form", ["jsonl", "csv", "hxl", "geojson"])
@pytest.mark.parametrize("what", ["timeline", "aggregates"])
def test_service_and_archive_export_the_same(vigil: Vigil, archive: Path, form: str, what: str) -> None:
    arguments = ("export", "--format", form, "--what", what, "--country", "MLI")
    service, archived = vigil.answer(*arguments), vigil.answer(*arguments, "--archive", str(archive))
    assert service == archived
    if (form, what) == ("jsonl", "timeline"):
        assert service == vigil.answer("timeline", "--country", "MLI") != ""


def test_tables_of_the_service_and_the_archive_are_equal_also_as_known_then(vigil: Vigil, archive: Path) -> None:
    folder = str(vigil.folder)
    for asked in ({}, {"as_of": "2016-12-31"}, {"as_of": "2100-01-01", "axis": "ingest"}):
        known: dict[str, Any] = dict(asked)
        assert analysis.timeline(folder, **known).equals(analysis.timeline(archive, **known))
        assert analysis.aggregates(folder, **known).equals(analysis.aggregates(archive, **known))
    assert analysis.timeline(folder, as_of="2021-12-31", axis="ingest").num_rows == 0
    # The rules in force are those of the service.
    assert len(vigil.lines("alerts")) == analysis.alerts(folder).num_rows > 0


def test_tables_come_inside_of_a_running_event_loop_as_in_a_notebook(service: Service, archive: Path) -> None:
    async def cell() -> int:
        rows: int = analysis.timeline(service.ready["bootstrap_servers"]).num_rows
        return rows

    assert asyncio.run(cell()) == analysis.timeline(archive).num_rows


def test_a_clock_that_ticks_moved_on_is_that_of_what_is_exported_now(
    vigil: Vigil, service: Service, archive: Path
) -> None:
    with Writer(service.ready["bootstrap_servers"]) as writer:
        writer.send(TICKS, key=None, value=b'{"time":"2024-06-01T00:00:00Z"}')
    vigil.run("status", "--wait", "60")
    [told] = map(json.loads, vigil.answer("aggregates", "world").splitlines())
    asked = ("export", "--format", "jsonl", "--what", "aggregates", "--scope", "world")
    exported = [json.loads(line) for line in vigil.answer(*asked).splitlines()]
    assert {line["window"]: line["measures"] for line in exported} == told["windows"]
    assert {line["at"] for line in exported} == {told["clock"][:10]} == {"2024-06-01"}
    assert set(analysis.aggregates(str(vigil.folder))["at"].to_pylist()) == {date(2024, 6, 1)}
    assert "2024-06-01" not in vigil.answer(*asked, "--archive", str(archive))
