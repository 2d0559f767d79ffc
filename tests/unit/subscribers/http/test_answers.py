"""What every answer has in common: forms, ETag, HEAD, lag, cursors, and one shape of errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from subscribers.http.negotiation import MEDIA_TYPES, Form, preferred
from subscribers.http.problems import Problem
from tests.http_service import NOW, make_told_log, service
from tests.read_model import START

ROUTES = ("/timeline", "/aggregates/world", "/alerts", "/scopes", "/feeds", "/rules", "/status", "/events/acled:5")
FORMS: tuple[Form, ...] = ("json", "geojson", "csv")
OFFERED = {form: MEDIA_TYPES[form] for form in FORMS}


@pytest.mark.parametrize("path", ROUTES)
def test_an_answer_that_is_had_already_is_not_sent_again(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    tag = answer.headers["etag"]
    assert tag == client.get(path).headers["etag"]
    assert tag.startswith('"')
    for given in (tag, f'"other", W/{tag}', "*"):
        again = client.get(path, headers={"If-None-Match": given})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize("path", [*ROUTES, "/", "/metrics", "/openapi.json"])
def test_head_is_get_without_the_body(client: TestClient, path: str) -> None:
    head, got = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    if path != "/metrics":
        assert head.headers["content-length"] == str(len(got.content))


@pytest.mark.parametrize("path", ROUTES)
def test_the_lag_is_told_with_every_answer(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["vigil-lag-records"] == "0"
    assert float(headers["vigil-lag-seconds"]) == (NOW - START) / 1_000_000


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("text/html, */*;q=0.1", "json"),
        ("application/*", "json"),
        ("application/geo+json", "geojson"),
        ("text/csv;q=0.5, application/geo+json;q=0.9", "geojson"),
        ("application/json;q=0, */*", "geojson"),
        ("TEXT/CSV", "csv"),
        ("text/csv; q=0.2, text/*;q=1", "csv"),
    ],
)
def test_the_form_is_the_one_that_is_wanted_most(accept: str, form: str) -> None:
    assert preferred(accept, OFFERED) == form


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "text/csv;q=nonsense", "image/*"])
def test_what_cannot_be_given_is_not_acceptable(accept: str) -> None:
    with pytest.raises(Problem) as refused:
        preferred(accept, OFFERED)
    assert refused.value.status == 406


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("/timeline?contry=MLI", "contry"),
        ("/timeline?country=Mali", "country"),
        ("/timeline?type=war", "type"),
        ("/timeline?scope=mali", "scope"),
        ("/timeline?from=1.10.2021", "from"),
        ("/timeline?until=", "until"),
        ("/timeline?as_of=now", "as_of"),
        ("/timeline?as_of=2021-10-02T18:00:00", "as_of"),
        ("/timeline?as_of=0001-01-01T00:00:00%2B14:00", "as_of"),
        ("/timeline?axis=ingest", "axis"),
        ("/timeline?as_of=2021-10-02&axis=event", "axis"),
        ("/timeline?limit=0", "limit"),
        ("/timeline?limit=1001", "limit"),
        ("/timeline?limit=2&limit=3", "limit"),
        ("/timeline?order=random", "order"),
        ("/alerts?status=maybe", "status"),
        ("/alerts?type=attack", "type"),
        ("/alerts?all=perhaps", "all"),
        ("/feeds?limit=3", "limit"),
    ],
)
def test_what_is_wrong_is_named_with_its_reason(client: TestClient, question: str, field: str) -> None:
    answer = client.get(question)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["type"] == "/problems/invalid"
    assert said["instance"] == question.partition("?")[0]
    (error,) = said["errors"]
    assert error["field"] == field
    assert error["reason"]


@pytest.mark.parametrize("path", ["/timeline", "/alerts", "/scopes", "/aggregates/world?from=2021-01-01"])
def test_a_cursor_of_another_question_is_refused(client: TestClient, path: str) -> None:
    join = "&" if "?" in path else "?"
    cursor = client.get(f"{path}{join}limit=1").json()["next"]
    assert client.get(f"{path}{join}limit=1&cursor={cursor}").status_code == 200
    other = "until=2031-01-01" if path != "/scopes" else "q=mali"
    for bad in (f"{other}&cursor={cursor}", "cursor=abc", "cursor=W10", "cursor=%F0%9F%98%80", f"cursor={cursor[:-2]}"):
        answer = client.get(f"{path}{join}{bad}")
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-cursor"), bad


def test_what_is_not_served_is_a_problem_too(client: TestClient) -> None:
    assert client.get("/nothing").json()["status"] == 404
    refused = client.post("/timeline")
    assert (refused.status_code, refused.json()["type"]) == (405, "/problems/method-not-allowed")
    assert refused.headers["allow"] == "GET"
    assert client.head("/stream/alerts").status_code == 405


def test_an_address_of_several_routes_allows_the_methods_of_all(client: TestClient) -> None:
    assert client.options("/silences").headers["allow"] == "GET, POST"
    assert client.put("/silences/1").headers["allow"] == "DELETE"


def test_nul_and_strange_letters_choose_nothing_and_break_nothing(client: TestClient) -> None:
    for question in ("actor=%00", "feed=a%00b", "scope=country:%00", "actor=%ED%A0%80", "scope=actor:" + "x" * 900):
        assert client.get(f"/timeline?{question}").json() == {"items": [], "next": None}, question
    for path in ("/events/%00", "/aggregates/actor:%00", "/alerts/abcd%00", "/events/" + "x" * 3000):
        assert client.get(path).status_code == 404, path


def test_a_database_that_is_gone_is_told_and_not_hidden(tmp_path: Path) -> None:
    client, writer = service(tmp_path, make_told_log())
    writer.dispose()
    client.app.state.parts.engine.dispose()  # type: ignore[attr-defined]
    for file in tmp_path.glob("read-model.db*"):
        file.unlink()
    for path in ROUTES:
        answer = client.get(path)
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable"), path
        assert answer.headers["retry-after"]
    assert client.get("/healthz").json()["database"] is False
    assert "vigil_read_model_lag_records NaN" in client.get("/metrics").text


def test_an_error_that_nobody_foresaw_says_nothing_of_the_inside(tmp_path: Path) -> None:
    client, _ = service(tmp_path, make_told_log(), now=lambda: json.loads("no time"))
    answer = client.get("/feeds")
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/unexpected")
    assert "JSON" not in answer.text
