"""The service over one log for all tests that only ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from tests.http_service import make_told_log, service
from tests.read_model import Log


@pytest.fixture(scope="session")
def log() -> Log:
    return make_told_log()


@pytest.fixture(scope="session")
def served(log: Log, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Engine]]:
    client, writer = service(tmp_path_factory.mktemp("http"), log)
    yield client, writer
    client.app.state.parts.engine.dispose()  # type: ignore[attr-defined]
    writer.dispose()


@pytest.fixture(scope="session")
def client(served: tuple[TestClient, Engine]) -> TestClient:
    return served[0]
