"""Releases on a real broker: in any order, killed with `kill -9` on the way, and two at once."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from cli.main import run
from cli.publishing.releasing import decode
from eventlog.broker import BrokerLog
from eventlog.topics import create_topics
from schemas.topics import INCIDENTS, POLITICAL, RELEASES
from timeline.identity import Assertion
from timeline.replay import timeline_lines

pytestmark = pytest.mark.broker

RECORDED = Path(__file__).parents[1] / "recorded" / "ucdp-ged.global-49.csv"
ONE, TWO, THREE = "ged-22.1", "ged-23.1", "a cut@2024-03-01"


class Releases:
    """Three releases made from one recorded file, and the log that they go to."""

    def __init__(self, folder: Path, broker: str, prefix: str) -> None:
        self.where = ["--bootstrap-servers", broker, "--topic-prefix", prefix]
        self._broker = broker
        self._prefix = prefix
        with RECORDED.open(newline="") as lines:
            self.header, *rows = list(csv.reader(lines))
        self.files = {
            ONE: self._write(folder / "one.csv", rows),
            TWO: self._write(folder / "two.csv", [row for number, row in enumerate(rows) if number % 5]),
            THREE: self._write(folder / "three.csv", rows[10:30:2]),
        }

    def _write(self, path: Path, rows: list[list[str]]) -> str:
        with path.open("w", newline="") as out:
            csv.writer(out).writerows([self.header, *rows])
        return str(path)

    def command(self, release: str) -> list[str]:
        return ["publish", "ucdp-ged", self.files[release], "--release", release, *self.where]

    def publish(self, release: str, capfd: pytest.CaptureFixture[str]) -> tuple[dict[str, int], str]:
        """The summary, and what was told."""
        assert run(self.command(release)) == 0
        printed = capfd.readouterr()
        return json.loads(printed.out.splitlines()[-1]), printed.err

    def start(self, release: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "cli", *self.command(release)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )

    def assertions(self) -> list[Assertion]:
        log = BrokerLog(self._broker)
        try:
            records = [record for topic in (INCIDENTS, POLITICAL) for record in log.read(self._prefix + topic)]
        finally:
            log.close()
        found = [decode(record) for record in records]
        return [each for each in found if each is not None]

    def state(self) -> list[bytes]:
        return list(timeline_lines(self.assertions()))

    def pieces(self) -> list[dict[str, object]]:
        log = BrokerLog(self._broker)
        try:
            return [orjson.loads(record.value or b"") for record in log.read(self._prefix + RELEASES)]
        finally:
            log.close()


@pytest.fixture
def prefixes(broker: str, fresh_name: Callable[[str], str]) -> list[str]:
    """Three empty logs."""
    names = [f"{fresh_name('releases')}." for _ in range(3)]
    for name in names:
        create_topics(broker, prefix=name)
    return names


def test_the_state_does_not_depend_on_the_order_of_releases(
    broker: str, prefixes: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """No ledger runs here: what was published earlier is what the events topics have acknowledged."""
    states = []
    for prefix, order in zip(prefixes, ((ONE, TWO, THREE), (THREE, TWO, ONE), (TWO, THREE, ONE)), strict=True):
        log = Releases(tmp_path, broker, prefix)
        for release in order:
            log.publish(release, capfd)
        states.append(log.state())
    assert all(state == states[0] for state in states)
    withdrawn = [json.loads(line) for line in states[0] if b'"state":"withdrawn"' in line]
    assert len(withdrawn) >= 12
    assert {each["sequence"] for each in withdrawn} <= {"2023-06-01", "2024-03-01"}


def test_a_release_tells_counts_and_leaves_its_manifest_and_twice_changes_nothing(
    broker: str, topic_prefix: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = Releases(tmp_path, broker, topic_prefix)
    log.publish(ONE, capfd)
    summary, told = log.publish(TWO, capfd)
    assert (summary["read"], summary["published"]) == (48, 48)
    assert f"0 new, 0 changed, {summary['withdrawn']} withdrawn, 48 as they were" in told
    assert summary["withdrawn"] > 5
    first, second = log.pieces()
    assert (first["feed"], first["sequence"], second["release"]) == ("ucdp-ged", "2022-06-01", "ged-23.1")
    assert isinstance(second["ids"], list)
    assert len(second["ids"]) == 48
    before = log.state()
    for release in (TWO, ONE):
        summary, told = log.publish(release, capfd)
        assert summary["withdrawn"] == 0
        assert "0 new, 0 changed, 0 withdrawn" in told
    assert log.state() == before
    assert len(log.pieces()) == 2


def test_a_release_that_is_killed_is_completed_by_the_same_command(
    broker: str, prefixes: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole: list[bytes] = []
    moments = ("never", "once it has told what it will do", "once it has sent some")
    for moment, prefix in zip(moments, prefixes, strict=True):
        log = Releases(tmp_path, broker, prefix)
        log.publish(ONE, capfd)
        if moment != "never":
            with log.start(TWO) as process:
                assert process.stderr is not None
                while b"as they were" not in process.stderr.readline():
                    assert process.poll() is None
                deadline = time.monotonic() + 10
                while "sent" in moment and len(log.assertions()) == 60 and time.monotonic() < deadline:
                    time.sleep(0.01)
                process.kill()
        log.publish(TWO, capfd)
        whole = whole or log.state()
        assert log.state() == whole


def test_two_publishers_at_once_leave_what_they_leave_one_after_the_other(
    broker: str, prefixes: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    apart, together, _ = (Releases(tmp_path, broker, prefix) for prefix in prefixes)
    for release in (ONE, TWO, THREE):
        apart.publish(release, capfd)
    with together.start(TWO) as one, together.start(ONE) as other, together.start(THREE) as third:
        assert [process.wait(60) for process in (one, other, third)] == [0, 0, 0]
    assert together.state() == apart.state()
