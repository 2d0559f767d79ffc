"""`vigil deadletters` on a real broker: rows and records that were refused, and their replay after a fix."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.main import run
from eventlog.broker import BrokerLog
from eventlog.writing import Writer
from schemas.topics import COMMANDS, DEADLETTERS, INCIDENTS, POLITICAL

HOME = Path(__file__).parents[2]
TABLE = (HOME / "tests" / "recorded" / "ucdp-ged.global-49.csv").read_bytes().splitlines()
EVENT = (HOME / "samples" / "mali-2021.jsonl").read_bytes().splitlines()[-1]
pytestmark = pytest.mark.broker


class Deadletters:
    """The command on a log of its own."""

    def __init__(self, broker: str, prefix: str, capfd: pytest.CaptureFixture[str]) -> None:
        self.broker, self.prefix, self.capfd = broker, prefix, capfd

    def __call__(self, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
        assert run([*arguments, "--bootstrap-servers", self.broker, "--topic-prefix", self.prefix]) == code
        return [json.loads(line) for line in self.capfd.readouterr().out.splitlines()]

    def sizes(self) -> list[int]:
        log = BrokerLog(self.broker)
        try:
            return [len(list(log.read(self.prefix + name))) for name in (INCIDENTS, POLITICAL, DEADLETTERS, COMMANDS)]
        finally:
            log.close()


@pytest.fixture
def vigil(broker: str, topic_prefix: str, capfd: pytest.CaptureFixture[str]) -> Deadletters:
    return Deadletters(broker, topic_prefix, capfd)


def test_letters_are_listed_shown_and_replayed_once(vigil: Deadletters, tmp_path: Path) -> None:
    damaged = tmp_path / "ged.csv"
    damaged.write_bytes(b"\n".join([TABLE[0], TABLE[1], b"x" + TABLE[2]]) + b"\n")
    for _ in range(2):
        vigil("publish", "ucdp-ged", str(damaged))
    # As an earlier version of us would have refused them: both are good now.
    headers = [("vigil_reason", b"refused of old"), ("vigil_field", b"key")]
    row = [*headers, ("vigil_position", b'{"file":"ged.csv","record":2,"line":3}'), ("vigil_feed", b"ucdp-ged")]
    record = [*headers, ("vigil_position", f"{vigil.prefix}{INCIDENTS}:0:5".encode()), ("ce_source", b"vigil:vigil")]
    key = json.loads(EVENT)["id"].encode()
    with Writer(vigil.broker) as writer:
        topic = vigil.prefix + DEADLETTERS
        writer.send(topic, key=None, value=TABLE[2], headers=[*row, ("vigil_context", TABLE[0])])
        writer.send(topic, key=key, value=EVENT, headers=record)

    listed = vigil("deadletters", "list")
    assert sorted((each["feed"], each["origin"], each["times"], each["replayed"]) for each in listed) == [
        ("ucdp-ged", "producer", 1, None),
        ("ucdp-ged", "producer", 2, None),
        ("vigil", "ledger", 1, None),
    ]
    assert len(vigil("deadletters", "list", "--feed", "ucdp-ged", "--reason", "KEY")) == 1
    broken = next(each for each in listed if each["times"] == 2)
    [shown] = vigil("deadletters", "show", broken["id"][:8])
    assert (shown["value"], shown["context"]) == ("x" + TABLE[2].decode(), TABLE[0].decode().lower())
    assert shown["position"] == {"file": str(damaged), "record": 2, "line": 3}

    *outcomes, counted = vigil("deadletters", "replay", "--all")
    assert counted == {"already": 0, "failed": 1, "published": 2, "skipped": 0}
    assert {each["id"]: each["outcome"] for each in outcomes}[broken["id"]] == "failed"
    after = vigil.sizes()
    *outcomes, counted = vigil("deadletters", "replay", "--all")
    assert counted == {"already": 2, "failed": 1, "published": 0, "skipped": 0}
    assert vigil.sizes() == after == [4, 0, 4, 2]
    assert sum(each["replayed"] is not None for each in vigil("deadletters", "list")) == 2


def test_an_unknown_letter_is_one_clear_line(vigil: Deadletters) -> None:
    assert vigil("deadletters", "list") == []
    assert run(["deadletters", "show", "abcdef", "--bootstrap-servers", vigil.broker]) == 1
    vigil("deadletters", "replay", "abcdef", code=1)
    vigil("deadletters", "replay", code=2)
    vigil("deadletters", "replay", "abcdef", "--all", code=2)
    vigil("deadletters", "show", "abc", code=2)
