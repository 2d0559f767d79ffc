"""HTTP answers the same bytes from PostgreSQL as from SQLite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.http_service import make_told_log, service
from tests.postgres import Cluster

QUESTIONS = (
    *("/timeline", "/timeline?order=oldest&limit=4", "/timeline?scope=country:MLI@ucdp-ged&format=csv"),
    *("/timeline?actor=jnim&as_of=2021-10-05&axis=publish", "/timeline?from=2021-10-03&format=geojson"),
    *("/timeline?actor=%00", "/events/unsc:S/RES/2584(2021)", "/events/ucdp-ged:4"),
    *("/aggregates/world", "/aggregates/country:MLI?at=2021-10-05", "/aggregates/country:MLI?from=2021-10-02"),
    *("/aggregates/mission:MINUSMA?as_of=2021-10-05&axis=publish", "/aggregates/country:ISL"),
    *("/alerts", "/alerts?order=oldest&status=resolved&country=MLI", "/alerts?all=true", "/alerts?format=cap"),
    *("/alerts?all=true&format=cap&limit=3", "/alerts?format=atom&country=MLI", "/alerts?format=geojson"),
    *("/alerts?as_of=2021-10-05&axis=publish&scope=country:MLI", "/alerts?as_of=2026-11-24T12:00:20Z"),
    *("/scopes", "/scopes?q=mali", "/feeds", "/rules"),
)


@pytest.fixture(scope="module")
def clients(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, TestClient]]:
    log = make_told_log()
    pairs = [service(tmp_path_factory.mktemp("both"), log, url=url) for url in (None, postgres.database())]
    yield pairs[0][0], pairs[1][0]
    for client, writer in pairs:
        client.app.state.parts.engine.dispose()  # type: ignore[attr-defined]
        writer.dispose()


@pytest.mark.parametrize("question", QUESTIONS)
def test_both_databases_answer_alike(clients: tuple[TestClient, TestClient], question: str) -> None:
    ours, theirs = (client.get(question) for client in clients)
    assert (theirs.status_code, theirs.content) == (ours.status_code, ours.content)
    assert ours.status_code == (404 if "ISL" in question else 200)


@pytest.mark.parametrize("path", ["/timeline", "/alerts", "/alerts?all=true", "/scopes"])
def test_both_walk_through_the_same_pages(clients: tuple[TestClient, TestClient], path: str) -> None:
    join = "&" if "?" in path else "?"
    walks = []
    for client in clients:
        page = client.get(f"{path}{join}limit=1").json()
        pages = [page]
        while page["next"]:
            page = client.get(f"{path}{join}limit=1&cursor={page['next']}").json()
            pages.append(page)
        walks.append(pages)
    assert len(walks[0]) > 1
    assert walks[0] == walks[1]


def test_one_alert_is_explained_alike(clients: tuple[TestClient, TestClient]) -> None:
    for alert in clients[0].get("/alerts").json()["items"]:
        for form in ("json", "cap", "atom", "geojson"):
            ours, theirs = (client.get(f"/alerts/{alert['id'][:7]}?format={form}") for client in clients)
            assert ours.status_code == 200
            assert ours.content == theirs.content
