"""No question goes through a whole table that grows with the log: SQLite tells how it would answer each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from tests.http_service import make_told_log, service

GROWING = ("assertions", "a", "other", "events", "transitions", "t", "later", "commands")


@pytest.fixture
def planned(tmp_path: Path) -> tuple[TestClient, list[str]]:
    client, _ = service(tmp_path, make_told_log())
    plans: list[str] = []

    @event.listens_for(client.app.state.parts.engine, "before_cursor_execute")  # type: ignore[attr-defined]
    def note(connection: Any, _: Any, statement: str, parameters: Any, *__: Any) -> None:
        cursor = connection.connection.cursor()
        plans.extend(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    return client, plans


@pytest.mark.parametrize(
    "question",
    [
        "/timeline",
        "/timeline?scope=country:MLI&order=oldest",
        "/timeline?country=MLI&from=2021-10-01&until=2021-10-05",
        "/timeline?actor=jnim&as_of=2021-10-05&axis=publish",
        "/timeline?as_of=2021-10-05&axis=ingest&limit=2",
        "/events/ucdp-ged:4",
        "/aggregates/country:MLI?at=2021-10-05",
        "/aggregates/country:MLI?from=2021-10-01&as_of=2021-10-05&axis=publish",
        "/alerts",
        "/alerts?country=MLI&limit=1",
        "/alerts?all=true&order=oldest&limit=1",
        "/alerts?format=cap",
        "/alerts?as_of=2021-10-05&axis=publish&scope=country:MLI",
    ],
)
def test_no_question_reads_a_whole_table(planned: tuple[TestClient, list[str]], question: str) -> None:
    client, plans = planned
    assert client.get(question).status_code == 200
    assert any("INDEX" in step or "PRIMARY KEY" in step for step in plans)
    # Along an index in the order of the page it is a scan too, which ends with the page.
    whole = [step for step in plans if re.match(rf"SCAN ({'|'.join(GROWING)})\b(?! USING INDEX ix_)", step)]
    assert whole == []


def test_one_alert_reads_no_whole_table(planned: tuple[TestClient, list[str]]) -> None:
    client, plans = planned
    alert = client.get("/alerts").json()["items"][0]["id"]
    plans.clear()
    assert client.get(f"/alerts/{alert[:8]}").status_code == 200
    assert [step for step in plans if re.match(rf"SCAN ({'|'.join(GROWING)})\b", step)] == []
