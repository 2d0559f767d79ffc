"""The OpenAPI document: valid, complete, and true of what is answered; and the page about it."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.testclient import TestClient

from tests.http_service import make_told_log, service

DOCS = Path(__file__).parents[4] / "docs"
EXAMPLES = 40
GIVEN: dict[str, list[dict[str, Any]]] = {
    "/timeline": [
        *({}, {"limit": 2, "order": "oldest"}, {"format": "geojson"}, {"format": "csv"}),
        {"as_of": "2021-10-05", "axis": "publish"},
    ],
    "/events/{id}": [{}],
    "/aggregates/{scope}": [{}, {"at": "2021-10-05"}, {"from": "2021-10-01"}, {"from": "2021-10-01", "format": "csv"}],
    "/alerts": [
        *({}, {"all": True, "limit": 2}, {"format": "geojson"}, {"format": "csv"}, {"format": "cap"}),
        *({"format": "atom", "country": ["MLI"]}, {"as_of": "2021-10-05", "axis": "publish", "scope": ["country:MLI"]}),
    ],
    "/alerts/{id}": [{}, {"format": "geojson"}, {"format": "cap"}, {"format": "atom"}],
    "/scopes": [{}, {"q": "mali"}],
    "/feeds": [{}],
    "/rules": [{}],
    "/status": [{}],
    "/": [{}],
    "/healthz": [{}],
    "/metrics": [{}],
}


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service whose log can be reached."""
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as listening:
        client, _ = service(tmp_path_factory.mktemp("healthy"), make_told_log())
        parts: Any = client.app.state.parts  # type: ignore[attr-defined]
        object.__setattr__(parts, "bootstrap", f"127.0.0.1:{listening.getsockname()[1]}")
        yield client


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_document_is_of_openapi_3_1_and_its_schemas_are_schemas(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    for name, schema in document["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert schema.get("title") or schema.get("description"), name
    referred = set(re.findall(r"#/components/schemas/([\w.-]+)", str(document)))
    assert referred <= document["components"]["schemas"].keys()


def test_every_operation_has_a_summary_and_tells_its_errors_as_problems(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        assert operation["summary"], path
        assert operation["description"], path
        responses = operation["responses"]
        assert {"401", "403", "422", "429", "431", "500", "503"} <= responses.keys(), (path, method)
        for status, said in responses.items():
            if status.startswith(("4", "5")) and (path, status) != ("/healthz", "503"):
                assert set(said["content"]) == {"application/problem+json"}, (path, status)
                assert said["description"], (path, status)


def test_the_interface_is_shown_by_nothing_that_a_third_party_serves(client: TestClient) -> None:
    assert client.get("/docs").status_code == 404
    assert client.get("/redoc").status_code == 404


def test_known_questions_are_answered_as_documented(healthy: TestClient) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", healthy.app)
    alert = healthy.get("/alerts").json()["items"][0]["id"]
    names = {
        "/events/{id}": {"id": "ucdp-ged:4"},
        "/aggregates/{scope}": {"scope": "world"},
        "/alerts/{id}": {"id": alert},
    }
    for path, questions in GIVEN.items():
        for question in questions:
            case = schema[path]["GET"].Case(path_parameters=names.get(path, {}), query=question)
            assert case.call_and_validate().status_code == 200, (path, question)


@pytest.mark.parametrize("path", sorted(GIVEN))
def test_whatever_is_asked_is_answered_as_documented(healthy: TestClient, path: str) -> None:
    operation = schemathesis.openapi.from_asgi("/openapi.json", healthy.app)[path]["GET"]

    @seed(2021)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def asked(case: Any) -> None:
        # Raises where the status, the media type or the body is not documented, and of every 5xx. No schema can say
        # which days, countries and cursors there are, so what fits it may be refused.
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    asked()


def test_every_route_and_parameter_stands_on_a_page(document: dict[str, Any]) -> None:
    page = (DOCS / "http.md").read_text()
    others = "".join((DOCS / name).read_text() for name in ("push.md", "subscribe.md"))
    for path, method, operation in operations(document):
        if path not in GIVEN:
            # What a placeholder is called is for each page to say.
            assert path.partition("{")[0] in others, (method, path)
            continue
        section = page.split(f"## `GET {path}`")[1].split("\n## ")[0]
        assert f"127.0.0.1:8420{path.partition('{')[0]}" in section, path
        for parameter in operation.get("parameters", ()):
            assert f"`{parameter['name']}`" in page, (path, parameter["name"])
