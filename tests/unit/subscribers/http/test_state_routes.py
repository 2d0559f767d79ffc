"""Scopes, feeds, rules, status, health and metrics over HTTP."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from subscribers.http.metrics import Metrics
from tests.http_service import make_told_log, service


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("mali", {"country:MLI", "admin1:ML-8"}),
        ("MLI", {"country:MLI"}),
        ("kidal", {"admin1:ML-8"}),
        ("nusrat", {"actor:jnim"}),
        ("western afr", {"region:011"}),
        ("minusma", {"mission:MINUSMA"}),
        ("nobody", set()),
        ("mali kidal", {"admin1:ML-8"}),
    ],
)
def test_scopes_are_found_by_id_and_by_name(client: TestClient, q: str, expected: set[str]) -> None:
    found = client.get("/scopes", params={"q": q}).json()["items"]
    assert {each["scope"] for each in found} == expected


def test_scopes_have_names_and_counts_and_come_in_pages(client: TestClient) -> None:
    found = client.get("/scopes").json()["items"]
    by_scope = {each["scope"]: each for each in found}
    assert by_scope["actor:jnim"] == {
        "scope": "actor:jnim",
        "kind": "actor",
        "name": "Jama'at Nusrat al-Islam",
        "events": 3,
    }
    assert by_scope["country:NER"]["name"] == "Niger"
    assert [each["events"] for each in found] == sorted((each["events"] for each in found), reverse=True)
    first = client.get("/scopes?limit=3").json()
    rest = client.get(f"/scopes?cursor={first['next']}").json()
    assert first["items"] + rest["items"] == found


def test_feeds_tell_their_age(client: TestClient) -> None:
    feeds = {each["feed"]: each for each in client.get("/feeds").json()["items"]}
    assert list(feeds) == ["acled", "ucdp-ged", "unsc"]
    ucdp = feeds["ucdp-ged"]
    assert (ucdp["events"], ucdp["assertions"], ucdp["newest_publish"]) == (4, 6, "2021-10-09T00:00:00Z")
    # The log took its last record six seconds after its first, an hour ago.
    assert ucdp["seconds_since_ingest"] == 3594.0


def test_rules_are_told_in_words(client: TestClient) -> None:
    said = client.get("/rules").json()
    rule = next(each for each in said["items"] if each["id"] == "peacekeepers-killed")
    assert rule["title"] == "Peacekeepers killed"
    assert rule["rationale"] == "Every one is looked into."
    assert "peacekeepers killed" in rule["watches"]
    assert rule["version"]
    assert said["version"]


def test_the_status_tells_positions_and_versions(client: TestClient) -> None:
    said = client.get("/status").json()
    assert said["lag"] == {"records": 0, "seconds": 3600.0}
    assert {each["topic"] for each in said["positions"]} >= {"vigil.public.timeline.v1", "vigil.public.alerts.v1"}
    assert all(each["next_offset"] == each["end"] for each in said["positions"])
    assert said["schema_revision"]
    assert said["rules_version"] == client.get("/rules").json()["version"]
    assert said["clock"] == "2021-10-10T00:00:00Z"
    assert {"vigil", "python", "sqlite"} <= said["versions"].keys()


def test_health_needs_the_database_and_the_log(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client, _ = service(tmp_path, make_told_log())
        parts: Any = client.app.state.parts  # type: ignore[attr-defined]
        object.__setattr__(parts, "bootstrap", f"127.0.0.1:{listening.getsockname()[1]}")
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()["healthy"]) == (200, True)
    object.__setattr__(parts, "bootstrap", "no address")
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["log"], answer.json()["database"]) == (503, False, True)


def test_metrics_count_by_route_and_not_by_path(client: TestClient) -> None:
    client.get("/events/acled:5")
    client.get("/events/acled:6")
    text = client.get("/metrics").text
    assert 'vigil_http_requests_total{method="GET",route="/events/{id}",status="404"}' in text
    assert "acled" not in text
    assert 'vigil_http_request_duration_seconds_count{route="/events/{id}"}' in text
    assert "vigil_read_model_lag_records 0.0" in text
    assert "vigil_read_model_lag_seconds 3600.0" in text


def test_the_index_names_what_is_served(client: TestClient) -> None:
    links = client.get("/").json()["links"]
    assert {"timeline", "alerts", "scopes", "openapi"} <= links.keys()


def test_every_metric_stands_in_the_documentation() -> None:
    page = (Path(__file__).parents[4] / "docs" / "http.md").read_text()
    names = [metric.name for metric in Metrics().registry.collect()]
    assert len(names) >= 7
    assert [name for name in names if name not in page] == []
