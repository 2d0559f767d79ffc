"""Aggregates over HTTP are what the core computes of the same log."""

from __future__ import annotations

import csv
import io

import orjson
import pytest
from starlette.testclient import TestClient

from tests.http_service import said
from tests.simulation import statement
from timeline.as_of import Taken, rollup_as_of
from timeline.replay import aggregates_lines, fold, windows_at_lines, windows_lines
from timeline.times import day_number, microseconds

SCOPES = ("world", "country:MLI", "country:MLI@ucdp-ged", "mission:MINUSMA", "region:202", "actor:jnim@ucdp-ged")


@pytest.mark.parametrize("scope", SCOPES)
def test_windows_at_the_clock_are_the_lines_of_the_command(client: TestClient, scope: str) -> None:
    lines = {orjson.loads(line)["scope"]: line for line in windows_lines(fold(map(statement, said())))}
    assert client.get(f"/aggregates/{scope}").content == lines[scope]


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("day", ["2021-10-05", "2022-07-01", "2023-01-01", "2021-01-01"])
def test_windows_at_a_day_are_the_lines_of_the_command(client: TestClient, scope: str, day: str) -> None:
    rollup = fold(map(statement, said()))
    lines = {orjson.loads(line)["scope"]: line for line in windows_at_lines(rollup, day_number(day))}
    assert client.get(f"/aggregates/{scope}?at={day}").json() == orjson.loads(lines[scope])


@pytest.mark.parametrize("scope", SCOPES)
def test_windows_as_of_a_time_are_those_of_its_clock(client: TestClient, scope: str) -> None:
    moment = "2021-10-08T12:00:00Z"
    taken = [Taken(statement(one), None) for one in said()]
    rollup = rollup_as_of(taken, microseconds(moment), "publish")
    lines = {orjson.loads(line)["scope"]: line for line in windows_lines(rollup)}
    assert client.get(f"/aggregates/{scope}?as_of={moment}&axis=publish").content == lines[scope]


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("window", [None, "7d"])
def test_a_series_in_pages_is_the_lines_of_replay(client: TestClient, scope: str, window: str | None) -> None:
    rollup = fold(map(statement, said()))
    days = {"first": day_number("2021-10-02"), "last": day_number("2021-10-09")}
    expected = list(aggregates_lines(rollup, scope, window, **days))  # type: ignore[arg-type]
    question = f"from=2021-10-02&until=2021-10-09&limit=3{f'&window={window}' if window else ''}"
    found, cursor = [], ""
    while True:
        page = client.get(f"/aggregates/{scope}?{question}{cursor}").json()
        found += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found == list(map(orjson.loads, expected))
    assert len(found) > 1


def test_a_series_as_csv_has_a_row_for_every_measure(client: TestClient) -> None:
    text = client.get("/aggregates/country:MLI?from=2021-10-01&window=1d&format=csv").text
    names, tags, *rows = list(csv.reader(io.StringIO(text)))
    assert dict(zip(names, tags, strict=True))["certain"] == "#indicator+num+certain"
    days = {row[names.index("at")] for row in rows}
    assert len(rows) == 12 * len(days)
    last = [row for row in rows if row[names.index("at")] == max(days)]
    assert {row[names.index("possible")] for row in last} == {"0"}


def test_a_scope_without_events_is_not_found_and_one_window_is_one(client: TestClient) -> None:
    assert client.get("/aggregates/country:ISL").status_code == 404
    assert client.get("/aggregates/country:MLI?as_of=2020-01-01&axis=publish").status_code == 404
    assert client.get("/aggregates/country:ISL?from=2020-01-01").json() == {"items": [], "next": None}
    assert list(client.get("/aggregates/country:MLI?window=30d").json()["windows"]) == ["30d"]


@pytest.mark.parametrize(
    ("question", "status"),
    [("at=2021-10-01&from=2021-10-01", 422), ("format=csv", 406), ("window=3d", 422), ("at=yesterday", 422)],
)
def test_what_does_not_go_together_is_refused(client: TestClient, question: str, status: int) -> None:
    assert client.get(f"/aggregates/country:MLI?{question}").status_code == status


def test_a_name_that_is_no_scope_is_refused(client: TestClient) -> None:
    assert client.get("/aggregates/mali").json()["errors"][0]["field"] == "scope"
