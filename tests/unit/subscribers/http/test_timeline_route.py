"""The timeline and single events over HTTP: filters, as of, pages, forms."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from subscribers.read_model.projection import Projection
from tests.http_service import said, service
from tests.read_model import START, Log
from tests.simulation import statement
from timeline.replay import timeline_lines
from timeline.times import time_text


def ids(client: TestClient, question: str) -> list[str]:
    answer = client.get(f"/timeline?{question}")
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["items"]]


def test_all_of_it_is_what_the_command_prints_of_the_same_log(client: TestClient) -> None:
    body = client.get("/timeline").content
    lines = list(timeline_lines(map(statement, said())))
    assert len(lines) == 6
    assert all(line in body for line in lines)
    assert len(client.get("/timeline").json()["items"]) == len(lines)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("scope=country:MLI", {"ucdp-ged:1", "ucdp-ged:3", "ucdp-ged:4"}),
        ("scope=country:MLI@acled", set()),
        ("scope=country:NER@acled&scope=mission:MINUSMA@unsc", {"acled:5", "unsc:S/RES/2584(2021)"}),
        ("scope=world@acled", {"acled:5"}),
        ("country=NER", {"acled:5"}),
        ("country=NER&country=MLI&feed=acled", {"acled:5"}),
        ("type=resolution", {"unsc:S/RES/2584(2021)"}),
        ("actor=jnim", {"ucdp-ged:1", "ucdp-ged:3", "ucdp-ged:4"}),
        ("from=2021-10-04", {"ucdp-ged:4", "acled:5"}),
        ("until=2021-10-01", {"ucdp-ged:1", "unsc:S/RES/2584(2021)"}),
        ("from=2021-10-03&until=2021-10-03", {"ucdp-ged:3"}),
        ("as_of=2021-10-04&axis=publish&country=MLI", {"ucdp-ged:1", "ucdp-ged:2", "ucdp-ged:3"}),
    ],
)
def test_filters_mean_what_they_do_on_the_command_line(client: TestClient, question: str, expected: set[str]) -> None:
    assert set(ids(client, question)) == expected


def test_a_state_as_of_a_time_has_the_revision_and_the_content_of_then(client: TestClient) -> None:
    def revision(as_of: str, axis: str) -> tuple[int, int]:
        items = client.get(f"/timeline?as_of={as_of}&axis={axis}&country=MLI&until=2021-10-04").json()["items"]
        state = next(each for each in items if each["id"] == "ucdp-ged:4")
        return state["revision"], state["killed"]["total"]["best"]

    assert revision("2021-10-07T00:00:00Z", "publish") == (1, 2)
    assert revision("2021-10-08T00:00:00Z", "publish") == (2, 3)
    # The correction is the sixth that the log took, a second after the fifth.
    assert revision(time_text(START + 4_999_999), "ingest") == (1, 2)
    assert revision(time_text(START + 5_000_000), "ingest") == (2, 3)


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("limit", [1, 2, 4])
def test_pages_follow_one_another_without_gap_and_repeat(client: TestClient, order: str, limit: int) -> None:
    whole = ids(client, f"order={order}")
    days = [each["event_time"]["start"] for each in client.get(f"/timeline?order={order}").json()["items"][:-1]]
    assert days == sorted(days, reverse=order == "newest")
    found: list[str] = []
    cursor = ""
    while True:
        page = client.get(f"/timeline?order={order}&limit={limit}{cursor}")
        assert len(page.json()["items"]) <= limit
        found += [each["id"] for each in page.json()["items"]]
        if page.json()["next"] is None:
            assert "link" not in page.headers
            break
        assert page.headers["link"].endswith('rel="next"')
        cursor = f"&cursor={page.json()['next']}"
    assert found == whole


def test_a_walk_shows_what_was_there_at_its_beginning_whatever_is_written_meanwhile(tmp_path: Path) -> None:
    log = Log()
    for second, one in enumerate(said()):
        log.append_assertion(statement(one), second)
    client, writer = service(tmp_path, log)
    before = client.get("/timeline?order=oldest").json()["items"]
    first = client.get("/timeline?order=oldest&limit=2").json()
    # One moves from behind to the front, one from the front to behind, and one is there for the first time.
    moved = [
        {**said()[3], "event_time": said()[4]["event_time"], "publish_time": "2021-11-01T00:00:00Z"},
        {**said()[0], "event_time": said()[7]["event_time"], "publish_time": "2021-11-01T00:00:00Z"},
        {**said()[2], "id": "ucdp-ged:99"},
    ]
    for second, one in enumerate(moved, start=100):
        log.append_assertion(statement(one), second)
    projection = Projection(writer)
    projection.positions()
    assert projection.apply(log.records.values(), log.ends, log.look())
    assert len(client.get("/timeline").json()["items"]) == len(before) + 1
    found, cursor = first["items"], first["next"]
    while cursor is not None:
        page = client.get(f"/timeline?order=oldest&limit=2&cursor={cursor}").json()
        found, cursor = found + page["items"], page["next"]
    assert found == before


def test_geojson_is_features_with_longitude_first_and_no_withdrawn_events(client: TestClient) -> None:
    answer = client.get("/timeline", headers={"Accept": "application/geo+json"})
    assert answer.headers["content-type"] == "application/geo+json"
    collection = answer.json()
    assert collection["type"] == "FeatureCollection"
    by_id = {each["id"]: each for each in collection["features"]}
    assert "ucdp-ged:2" not in by_id
    assert by_id["ucdp-ged:1"]["geometry"] == {"type": "Point", "coordinates": [0.86, 19.46]}
    assert by_id["ucdp-ged:1"]["properties"]["place_precision"] == "exact"
    assert by_id["acled:5"]["geometry"] is None
    assert all(set(each) == {"type", "id", "geometry", "properties"} for each in collection["features"])


def test_csv_has_a_row_of_hashtags_and_runs_nothing_in_a_spreadsheet(client: TestClient) -> None:
    answer = client.get("/timeline?format=csv&country=MLI")
    assert answer.headers["content-type"].startswith("text/csv")
    names, tags, *rows = list(csv.reader(io.StringIO(answer.text)))
    tag = dict(zip(names, tags, strict=True))
    assert tag["id"] == "#event+code"
    assert tag["country"] == "#country+code+v_iso3"
    assert tag["latitude"] == "#geo+lat"
    assert tag["killed_low"] == "#affected+killed+min"
    assert all(each == "" or each.startswith("#") for each in tags)
    titles = {row[0]: row[names.index("title")] for row in rows}
    assert titles["ucdp-ged:3"] == "'=HYPERLINK(1)"
    assert titles["ucdp-ged:1"] == "Attack 1"


def test_an_event_is_told_by_what_each_assertion_changes(client: TestClient) -> None:
    told = client.get("/events/ucdp-ged:4").json()
    first, second = told["assertions"]
    assert first["document"]["killed"]["total"]["best"] == 2
    assert "changes" not in first
    assert second["changes"] == [{"field": "killed.total.best", "before": 2, "after": 3}]
    assert (first["current"], second["current"]) == (False, True)
    assert told["state"]["revision"] == 2
    assert client.get("/events/ucdp-ged:4?as_of=2021-10-07&axis=publish").json()["state"]["revision"] == 1
    assert client.get("/events/ucdp-ged:4?as_of=2021-10-01&axis=publish").status_code == 404


def test_ids_may_hold_slashes(client: TestClient) -> None:
    assert client.get("/events/unsc:S/RES/2584(2021)").json()["id"] == "unsc:S/RES/2584(2021)"
    assert client.get("/events/unsc:S%2FRES%2F2584(2021)").json()["id"] == "unsc:S/RES/2584(2021)"
    assert client.get("/events/vigil:nobody").status_code == 404
