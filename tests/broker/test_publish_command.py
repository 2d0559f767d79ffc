"""`vigil publish` on a real broker: records arrive whole, and a second time with the same bytes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cli.main import run
from eventlog.broker import BrokerLog
from schemas.topics import DEADLETTERS, INCIDENTS, POLITICAL

SAMPLES = Path(__file__).parents[2] / "samples"
pytestmark = pytest.mark.broker


def test_a_file_arrives_whole_and_twice_the_same(
    broker: str, topic_prefix: str, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    damaged = tmp_path / "mali.jsonl"
    damaged.write_bytes((SAMPLES / "mali-2021.jsonl").read_bytes() + b'{"cut\n')
    where = ["--bootstrap-servers", broker, "--topic-prefix", topic_prefix]
    for _ in range(2):
        assert run(["publish", "vigil", str(damaged), *where]) == 0
        summary = json.loads(capfd.readouterr().out.splitlines()[-1])
        assert (summary["read"], summary["published"], summary["dead_lettered"]) == (12, 11, 1)
    log = BrokerLog(broker)
    try:
        events = [record for topic in (INCIDENTS, POLITICAL) for record in log.read(topic_prefix + topic)]
        letters = list(log.read(topic_prefix + DEADLETTERS))
    finally:
        log.close()
    assert len(events) == 22
    assert len({(record.topic, record.key, record.value, tuple(record.headers)) for record in events}) == 11
    assert [record.value for record in letters] == [b'{"cut', b'{"cut']


def test_without_the_topics_there_is_one_clear_line(broker: str, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["--bootstrap-servers", broker, "--topic-prefix", f"absent-{os.getpid()}."]
    assert run(["publish", "vigil", str(SAMPLES / "mali-2021.jsonl"), *arguments]) == 1
    assert "does not exist" in capfd.readouterr().err
