"""The short form of the kills of projection and server; `python -m tests.campaign.serving` is the long one."""

from pathlib import Path

import pytest

from processors.settings import WorkerSettings
from tests.campaign.material import everything
from tests.campaign.serving import run

pytestmark = [pytest.mark.broker, pytest.mark.slow]


def test_kills_of_projection_and_server_leave_no_gap_and_no_repeat(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    settings = WorkerSettings(bootstrap=broker, prefix=topic_prefix, session_seconds=6.0)
    database = f"sqlite:///{tmp_path / 'read-model.db'}"
    assert run(settings, everything()[::5], seed=3, kills=4, folder=tmp_path, database=database) == []
