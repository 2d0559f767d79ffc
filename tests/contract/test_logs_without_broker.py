"""The memory and JSON lines forms of the log pass the contract; what only a file can meet is tested here too."""

from pathlib import Path

import pytest

from eventlog.jsonl import JsonlLog, read_jsonl
from eventlog.memory import MemoryLog
from schemas.errors import Failed
from tests.contract.event_log import TOPIC, EventLogContract, OpenLog


class TestMemoryLog(EventLogContract):
    @pytest.fixture
    def new_log(self) -> OpenLog:
        log = MemoryLog()
        return lambda: log


class TestJsonlLog(EventLogContract):
    @pytest.fixture
    def new_log(self, tmp_path: Path) -> OpenLog:
        return lambda: JsonlLog(tmp_path / "log.jsonl")


def _write_two(path: Path) -> None:
    log = JsonlLog(path)
    log.send(TOPIC, key=b"a", value=b"1")
    log.send(TOPIC, key=b"a", value=b"2")
    log.flush()
    log.close()


def test_an_interrupted_last_line_is_passed_over_and_removed_before_the_next_append(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    _write_two(path)
    path.write_bytes(path.read_bytes()[:-9])
    assert [record.value for record in read_jsonl(path)] == [b"1"]
    log = JsonlLog(path)
    log.send(TOPIC, key=b"a", value=b"3")
    log.close()
    assert [(record.offset, record.value) for record in read_jsonl(path)] == [(0, b"1"), (1, b"3")]


def test_a_line_that_is_no_record_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    _write_two(path)
    path.write_bytes(path.read_bytes() + b'{"topic": "x"}\n')
    with pytest.raises(Failed, match=r"line 3 of .*log\.jsonl is not a record"):
        JsonlLog(path)
