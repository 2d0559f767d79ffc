"""`vigil export` of archives: what each format holds, as known when, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cli.main import run
from tests.archives import Json, archive_of, event

KIDAL: Json = {"country": "MLI", "admin1": "Kidal", "admin1_code": "ML-8", "latitude": 19.46, "longitude": 0.5}
ACTORS = [{"id": "jnim", "name": "JNIM", "role": "perpetrator"}, {"id": "civilians"}]
# Of the core hashtags of HXL 1.1, those that can fit an event.
HASHTAGS = {
    *("#adm1", "#affected", "#country", "#date", "#description", "#event", "#geo", "#group", "#indicator", "#loc"),
    *("#meta", "#org", "#status"),
}
WITHDRAWN: Json = {"id": "vigil:4", "source": "vigil", "type": "attack", "state": "withdrawn", "reason": "a mistake"}
EVENTS = [
    event(1, place=KIDAL, actors=ACTORS, title='A "raid";\nat night, "Überfall"'),
    event(2, place={"country": "TCD", "latitude": 15.0}),
    event(3, type="coup", coup={"outcome": "attempted"}, killed=None),
    event(4),
    WITHDRAWN | {"publish_time": "2021-10-20T00:00:00Z"},
    event(1, place=KIDAL, killed={"total": {"low": 8, "best": 9, "high": 12}}, publish_time="2021-10-15T12:00:00Z"),
]


@pytest.fixture
def archive(tmp_path: Path) -> str:
    return str(archive_of(tmp_path / "archive", EVENTS))


@pytest.fixture
def lines(tmp_path: Path) -> str:
    path = tmp_path / "lines.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in EVENTS))
    return str(path)


def answer(capsysbinary: pytest.CaptureFixture[bytes], *arguments: str) -> bytes:
    capsysbinary.readouterr()
    assert run(["export", *arguments]) == 0
    return capsysbinary.readouterr().out


def table(said: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(said.decode(), newline="")))


def rows(said: bytes) -> list[dict[str, str]]:
    header, *found = table(said)
    return [dict(zip(header, row, strict=True)) for row in found]


def objects(said: bytes) -> list[Json]:
    return [json.loads(line) for line in said.splitlines()]


def test_lines_are_those_of_the_timeline(archive: str, lines: str, capsysbinary: Any) -> None:
    exported = answer(capsysbinary, "--format", "jsonl", "--archive", archive)
    for source in (archive, lines):
        assert run(["replay", "--archive", source]) == 0
        assert capsysbinary.readouterr().out == exported
    assert len(exported.splitlines()) == 4


def test_csv_has_one_row_an_event_and_text_as_it_is(archive: str, capsysbinary: Any) -> None:
    arguments = ("--format", "csv", "--archive", archive, "--as-of", "2021-10-10")
    first, second, coup, fourth = rows(answer(capsysbinary, *arguments))
    assert first["title"] == 'A "raid";\nat night, "Überfall"'
    assert (first["actor_ids"], first["actor_names"], first["actor_roles"]) == (
        "jnim;civilians",
        "JNIM;",
        "perpetrator;",
    )
    assert (first["first_day"], first["last_day"], first["end"]) == ("2021-10-01", "2021-10-01", "2021-10-02T00:00:00Z")
    assert (first["killed_best"], first["killed_low"], first["injured_best"]) == ("1", "", "")
    assert (second["latitude"], second["longitude"]) == ("15", "")
    assert (coup["type"], coup["coup_outcome"], coup["killed_best"]) == ("coup", "attempted", "")
    assert fourth["state"] == "asserted"


def test_a_withdrawn_event_is_in_tables_and_says_so_but_is_on_no_map(archive: str, capsysbinary: Any) -> None:
    states = {row["id"]: row["state"] for row in rows(answer(capsysbinary, "--format", "csv", "--archive", archive))}
    assert states["vigil:4"] == "withdrawn"
    told = table(answer(capsysbinary, "--format", "hxl", "--archive", archive))
    assert [row[0] for row in told[2:]] == ["vigil:1", "vigil:2", "vigil:3"]
    features = json.loads(answer(capsysbinary, "--format", "geojson", "--archive", archive))["features"]
    assert [feature["id"] for feature in features] == ["vigil:1", "vigil:2", "vigil:3"]


def test_hxl_has_a_row_of_tags_below_the_header(archive: str, capsysbinary: Any) -> None:
    header, tags, *found = table(answer(capsysbinary, "--format", "hxl", "--archive", archive))
    tag = dict(zip(header, tags, strict=True))
    assert all(each.startswith("#") for each in tags)
    assert tag["country"] == "#country+code+v_iso3"
    assert tag["admin1"] == "#adm1+name"
    assert tag["killed_best"] == "#affected+killed"
    assert tag["first_day"] == "#date+occurred+start"
    assert "sequence" not in header
    # A reader that looks for people killed takes the first column with the tag: the best estimate of the total.
    assert next(name for name in header if tag[name].startswith("#affected+killed")) == "killed_best"
    assert dict(zip(header, found[0], strict=True))["killed_best"] == "9"


@pytest.mark.parametrize("what", ["timeline", "aggregates"])
def test_tags_are_of_the_standard(archive: str, capsysbinary: Any, what: str) -> None:
    _, tags, *_ = table(answer(capsysbinary, "--format", "hxl", "--archive", archive, "--what", what))
    assert all(re.fullmatch(r"#[a-z][a-z0-9_]*(\+[a-z][a-z0-9_]*)*", tag) for tag in tags)
    assert {tag.partition("+")[0] for tag in tags} <= HASHTAGS


def test_geojson_has_a_point_where_both_coordinates_are_known_and_null_elsewhere(
    archive: str, capsysbinary: Any
) -> None:
    said = json.loads(answer(capsysbinary, "--format", "geojson", "--archive", archive))
    assert set(said) == {"type", "features"}
    assert said["type"] == "FeatureCollection"
    first, second, coup = said["features"]
    assert first["geometry"] == {"type": "Point", "coordinates": [0.5, 19.46]}
    assert second["geometry"] is coup["geometry"] is None
    for feature in said["features"]:
        assert set(feature) == {"type", "geometry", "id", "properties"}
        assert feature["type"] == "Feature"
        assert None not in feature["properties"].values()
    assert first["properties"]["killed_best"] == 9


def test_an_empty_export_is_still_what_it_says(tmp_path: Path, capsysbinary: Any) -> None:
    (tmp_path / "empty").touch()
    source = ("--archive", str(tmp_path / "empty"))
    assert json.loads(answer(capsysbinary, "--format", "geojson", *source))["features"] == []
    assert len(table(answer(capsysbinary, "--format", "csv", *source))) == 1
    assert len(table(answer(capsysbinary, "--format", "hxl", *source))) == 2
    assert answer(capsysbinary, "--format", "jsonl", "--what", "aggregates", *source) == b""
    output = tmp_path / "empty.parquet"
    answer(capsysbinary, "--format", "parquet", *source, "--output", str(output))
    assert pq.read_table(output).num_rows == 0


def test_parquet_has_times_days_and_lists(archive: str, tmp_path: Path, capsysbinary: Any) -> None:
    output = tmp_path / "events.parquet"
    said = answer(capsysbinary, "--format", "parquet", "--archive", archive, "--output", str(output))
    assert json.loads(said) == {"output": str(output), "rows": 4}
    found = pq.read_table(output)
    types = {field.name: str(field.type) for field in found.schema}
    assert (types["publish_time"], types["first_day"], types["killed_best"]) == (
        "timestamp[us, tz=UTC]",
        "date32[day]",
        "int64",
    )
    first = found.to_pylist()[0]
    assert first["first_day"].isoformat() == "2021-10-01"
    assert first["publish_time"].isoformat() == "2021-10-15T12:00:00+00:00"
    assert first["actors"] is None
    assert pq.read_table(output).equals(found)


def test_as_of_is_what_was_known_then_and_the_end_of_a_day_is_in_it(archive: str, capsysbinary: Any) -> None:
    def killed(as_of: str) -> list[str]:
        found = rows(answer(capsysbinary, "--format", "csv", "--archive", archive, "--as-of", as_of))
        return [row["killed_best"] for row in found if row["id"] == "vigil:1"]

    assert killed("2021-10-01T23:59:59.999999Z") == []
    assert killed("2021-10-02T00:00:00Z") == ["1"]
    assert killed("2021-10-15T11:59:59Z") == ["1"]
    assert killed("2021-10-15T14:00:00+02:00") == ["9"]
    assert killed("2021-10-14") == ["1"]
    assert killed("2021-10-15") == ["9"]


def test_the_ingest_axis_asks_when_the_log_took_it(tmp_path: Path, lines: str, capsysbinary: Any) -> None:
    archive = str(archive_of(tmp_path / "loaded", EVENTS, taken="2022-03-01T10:00:00Z"))
    arguments = ("--format", "jsonl", "--archive", archive, "--axis", "ingest", "--as-of")
    assert answer(capsysbinary, *arguments, "2022-03-01T09:59:59Z") == b""
    assert len(answer(capsysbinary, *arguments, "2022-03-01").splitlines()) == 4
    assert run(["export", "--format", "csv", "--archive", lines, "--axis", "ingest", "--as-of", "2022-03-01"]) == 1
    assert b"lines carry no ingest time" in capsysbinary.readouterr().err


def test_windows_at_a_day_are_those_of_replay(archive: str, capsysbinary: Any) -> None:
    assert run(["replay", "--archive", archive, "--output", "windows", "--at", "2021-10-05", "--country", "MLI"]) == 0
    [replayed] = objects(capsysbinary.readouterr().out)
    arguments = ("--what", "aggregates", "--archive", archive, "--country", "MLI", "--at", "2021-10-05", "--format")
    exported = {line["window"]: line["measures"] for line in objects(answer(capsysbinary, *arguments, "jsonl"))}
    assert exported == replayed["windows"]
    found = {(row["window"], row["measure"]): row for row in rows(answer(capsysbinary, *arguments, "csv"))}
    killed = found["7d", "killed"]
    assert (killed["certain"], killed["certain_low"], killed["certain_high"], killed["unknown"]) == (
        "9",
        "8",
        "12",
        "0",
    )
    assert (killed["feed"], killed["scope_kind"], killed["country"], killed["at"]) == (
        "vigil",
        "country",
        "MLI",
        "2021-10-05",
    )
    attacks = found["7d", "attacks"]
    assert (attacks["possible"], attacks["certain_low"], attacks["unknown"]) == ("1", "", "")


def test_windows_as_of_a_time_stand_at_its_day(archive: str, capsysbinary: Any) -> None:
    arguments = (
        "--what",
        "aggregates",
        "--format",
        "jsonl",
        "--archive",
        archive,
        "--window",
        "1d",
        "--scope",
        "world",
    )
    [line] = objects(answer(capsysbinary, *arguments, "--as-of", "2021-10-03"))
    assert line == {"scope": "world", "window": "1d", "at": "2021-10-03", "measures": {}}
    [line] = objects(answer(capsysbinary, *arguments, "--as-of", "2021-10-03", "--at", "2021-10-02"))
    assert line["measures"]["attacks"] == {"certain": 1, "possible": 1, "feed": "vigil"}


@pytest.mark.parametrize("window", ["1d", "7d"])
def test_a_series_has_every_day_and_each_is_that_of_the_windows_at_it(
    archive: str, capsysbinary: Any, window: str
) -> None:
    arguments = ("--what", "aggregates", "--format", "jsonl", "--archive", archive, "--window", window)
    series = objects(answer(capsysbinary, *arguments, "--from", "2021-10-02", "--until", "2021-10-12"))
    days = [f"2021-10-{day:02}" for day in range(2, 13)]
    told = {(line["scope"], line["at"]): line["measures"] for line in series}
    scopes = {line["scope"] for line in series}
    assert len(series) == len(told) == len(scopes) * len(days)
    for day in days:
        for line in objects(answer(capsysbinary, *arguments, "--at", day)):
            assert told.get((line["scope"], day), {}) == line["measures"]
    one = objects(
        answer(capsysbinary, *arguments, "--from", "2021-10-02", "--until", "2021-10-12", "--scope", "country:MLI")
    )
    assert one == [line for line in series if line["scope"] == "country:MLI"]


def test_a_table_of_days_says_0_where_there_was_nothing(archive: str, capsysbinary: Any) -> None:
    arguments = ("--what", "aggregates", "--format", "csv", "--archive", archive, "--scope", "country:MLI")
    found = rows(answer(capsysbinary, *arguments, "--window", "1d", "--from", "2021-09-30", "--until", "2021-10-03"))
    killed = [(row["at"], row["certain"], row["certain_low"]) for row in found if row["measure"] == "killed"]
    assert killed == [
        ("2021-09-30", "0", "0"),
        ("2021-10-01", "9", "8"),
        ("2021-10-02", "0", "0"),
        ("2021-10-03", "0", "0"),
    ]
    injured = [(row["at"], row["certain"], row["unknown"]) for row in found if row["measure"] == "injured"]
    assert injured[:3] == [("2021-09-30", "0", "0"), ("2021-10-01", "0", "1"), ("2021-10-02", "0", "0")]


def test_a_series_ends_with_what_is_known(archive: str, capsysbinary: Any) -> None:
    arguments = (
        "--what",
        "aggregates",
        "--format",
        "jsonl",
        "--archive",
        archive,
        "--scope",
        "world",
        "--window",
        "30d",
    )
    assert objects(answer(capsysbinary, *arguments, "--from", "2021-10-19"))[-1]["at"] == "2021-10-20"
    until = objects(answer(capsysbinary, *arguments, "--until", "2030-01-01", "--as-of", "2021-10-16"))
    assert (until[0]["at"], until[-1]["at"]) == ("2021-10-01", "2021-10-16")


def test_a_failed_export_leaves_the_file_that_was_there(lines: str, tmp_path: Path, capsysbinary: Any) -> None:
    output = tmp_path / "before.csv"
    output.write_text("before")
    arguments = ["export", "--format", "csv", "--archive", lines, "--axis", "ingest", "--as-of", "2022-01-01"]
    assert run([*arguments, "--output", str(output)]) == 1
    assert output.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["before.csv", "lines.jsonl"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--format", "xml"],
        ["--format", "csv", "--window", "7d"],
        ["--format", "csv", "--at", "2021-10-01"],
        ["--format", "csv", "--what", "aggregates", "--type", "attack"],
        ["--format", "csv", "--what", "aggregates", "--at", "2021-10-01", "--from", "2021-10-01"],
        ["--format", "csv", "--axis", "ingest"],
        ["--format", "csv", "--as-of", "yesterday"],
        ["--format", "csv", "--as-of", "2021-10-01T00:00:00"],
    ],
)
def test_what_means_nothing_is_refused(arguments: list[str], lines: str) -> None:
    assert run(["export", *arguments, "--archive", lines]) == 2


def test_what_is_no_archive_is_said(tmp_path: Path, capsysbinary: Any) -> None:
    (tmp_path / "other").write_text("a,b\n1,2\n")
    assert run(["export", "--format", "csv", "--archive", str(tmp_path / "other")]) == 1
    assert b"nothing in it is an event" in capsysbinary.readouterr().err
    assert run(["export", "--format", "csv", "--archive", str(tmp_path)]) == 1


def test_a_file_that_cannot_be_written_is_named_as_it_was_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "none.jsonl").write_text("")
    arguments = ["--archive", str(tmp_path / "none.jsonl"), "--output", str(tmp_path / "no" / "x.csv")]
    assert run(["export", "--format", "csv", *arguments]) == 1
    assert f"vigil: {tmp_path / 'no' / 'x.csv'}: No such file or directory" in capsys.readouterr().err
