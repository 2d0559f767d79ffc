"""Workers on a log of the test's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from processors.settings import WorkerSettings
from tests.processes import WorkerProcess


@pytest.fixture
def settings(broker: str, topic_prefix: str) -> WorkerSettings:
    """How workers find the log; a killed one is missed soon."""
    return WorkerSettings(bootstrap=broker, prefix=topic_prefix, session_seconds=6.0, log_level="debug")


@pytest.fixture
def ledger(settings: WorkerSettings) -> Iterator[WorkerProcess]:
    """A ledger that runs until the test is over."""
    worker = WorkerProcess("ledger", settings)
    try:
        yield worker
    finally:
        worker.kill()
