"""`vigil replay --to-topic-prefix` on a real broker: an old crisis told once more, and nothing else touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cli.main import run
from eventlog.topics import create_topics
from eventlog.writing import Writer
from schemas.topics import ALERTS, COMMANDS, INCIDENTS, TIMELINE
from tests.archives import archive_of, event
from tests.cap import parsed, texts

HOME = Path(__file__).parents[2]
RULES = """rules:
  - {id: attack, kind: match, title: An attack, scope: country, severity: minor, where: {type: attack}, hold: 2}
  - {id: deadly, kind: threshold, title: Over 5 killed, scope: country, severity: severe, measure: killed, window: 7d,
     reaches: 6}
"""
Lines = list[dict[str, Any]]
pytestmark = pytest.mark.broker


class Theatre:
    """An archive with a correction in it, and a prefix to rehearse it under."""

    def __init__(self, broker: str, prefix: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.broker, self.prefix, self._capfd = broker, prefix, capfd
        corrected = event(2, killed={"total": {"best": 0}}, sequence="2022", publish_time="2021-10-12T06:00:00Z")
        said = [event(number) for number in (1, 2, 3, 4, 9)]
        self.archive = str(archive_of(folder / "history.archive", [*said, corrected]))
        self.rules = str(folder / "rules.yaml")
        Path(self.rules).write_text(RULES)

    def replay(self, *arguments: str, code: int = 0) -> str:
        """Return what it printed, on stdout or if it failed on stderr."""
        command = ["replay", "--archive", self.archive, "--rules", self.rules, "--bootstrap-servers", self.broker]
        assert run([*command, *arguments]) == code
        told = self._capfd.readouterr()
        return told.err if code else told.out

    def rehearse(self, *arguments: str, code: int = 0) -> str:
        return self.replay("--to-topic-prefix", self.prefix, *arguments, code=code)

    def read(self, *arguments: str) -> Lines:
        assert run([*arguments, "--bootstrap-servers", self.broker, "--topic-prefix", self.prefix]) == 0
        return lines(self._capfd.readouterr().out)

    def write(self, topic: str, value: bytes) -> None:
        create_topics(self.broker, prefix=self.prefix)
        with Writer(self.broker) as writer:
            writer.send(self.prefix + topic, key=b"k", value=value)


def lines(text: str) -> Lines:
    return [json.loads(line) for line in text.splitlines()]


def without_when(told: Lines) -> Lines:
    return [{name: value for name, value in each.items() if name not in ("told", "as_of")} for each in told]


@pytest.fixture
def theatre(
    broker: str, tmp_path: Path, fresh_name: Callable[[str], str], capfd: pytest.CaptureFixture[str]
) -> Theatre:
    return Theatre(broker, fresh_name("rehearsal") + ".", tmp_path, capfd)


def test_a_subscriber_is_told_what_history_says_and_holds_the_end(theatre: Theatre) -> None:
    history = lines(theatre.replay("--history"))
    assert {each["transition"] for each in history} == {"raised", "updated", "resolved", "superseded"}
    [summary] = lines(theatre.rehearse())
    assert (summary["to_topic_prefix"], summary["timeline"], summary["alerts"]) == (theatre.prefix, 6, len(history))
    assert without_when(theatre.read("alerts", "--all")) == without_when(history)
    end = ("--clock", "2021-10-12T23:59:59.999999Z")
    assert theatre.read("alerts") == lines(theatre.replay("--output", "alerts", *end))
    assert theatre.read("aggregates") == lines(theatre.replay("--output", "windows", *end))
    assert theatre.read("timeline") == lines(theatre.replay("--output", "timeline"))


def test_the_log_of_topics_replays_as_its_archive_does_by_the_rules_and_at_the_clock_of_the_log(
    theatre: Theatre,
) -> None:
    theatre.rehearse()
    for output, command in (("timeline", "timeline"), ("windows", "aggregates"), ("alerts", "alerts")):
        assert theatre.read("replay", "--output", output) == theatre.read(command) != []
    for axis in ("publish", "ingest"):
        history = lines(theatre.replay("--history", "--axis", axis))
        assert theatre.read("replay", "--history", "--axis", axis) == history != []


def test_a_second_rehearsal_takes_the_place_of_the_first_and_of_what_was_said_of_it(theatre: Theatre) -> None:
    theatre.rehearse()
    [first, *_] = theatre.read("alerts")
    assert theatre.read("alerts", "acknowledge", first["id"], "--by", "Awa")
    assert theatre.read("alerts", "show", first["id"], "--format", "json")
    theatre.rehearse("--until", "2021-10-02")
    assert [each["id"] for each in theatre.read("timeline")] == ["vigil:1"]
    assert {each["clock"] for each in theatre.read("aggregates")} == {"2021-10-02T23:59:59.999999Z"}
    assert [each["transition"] for each in theatre.read("alerts", "--all")] == ["raised"]
    [shown] = theatre.read("alerts", "show", first["id"], "--format", "json")
    assert "Awa" not in json.dumps(shown)


@pytest.mark.parametrize("topic", [TIMELINE, ALERTS, INCIDENTS, COMMANDS])
def test_a_prefix_that_holds_anything_else_is_left_as_it_is(theatre: Theatre, topic: str) -> None:
    theatre.write(topic, b"{}")
    assert f"{theatre.prefix}{topic}:" in theatre.rehearse(code=1)
    with Writer(theatre.broker) as writer:
        writer.send(theatre.prefix + topic, key=b"k", value=b"{}", headers=[("vigil_rehearsal", b"1")])
    assert "was written by no rehearsal" in theatre.rehearse(code=1)


def test_the_prefix_of_a_log_and_none_are_refused_before_anything_is_read(theatre: Theatre) -> None:
    assert run(["replay", "--to-topic-prefix", ""]) == 2
    assert run(["replay", "--to-topic-prefix", "a/b"]) == 2
    assert run(["--topic-prefix", "live.", "replay", "--to-topic-prefix", "live."]) == 2
    assert "--from" in theatre.rehearse("--speed", "60x", code=2)


def test_a_service_that_works_with_the_topics_keeps_them(theatre: Theatre) -> None:
    create_topics(theatre.broker, prefix=theatre.prefix)
    worker = subprocess.Popen(
        [sys.executable, "-m", "cli", "worker", "roller", "--bootstrap-servers", theatre.broker],
        cwd=HOME,
        env={**os.environ, "VIGIL_TOPIC_PREFIX": theatre.prefix},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert worker.stderr is not None
        assert any("took_over" in line or "active" in line for line in worker.stderr)
        assert "a service works with the topics" in theatre.rehearse(code=1)
    finally:
        worker.kill()
        worker.communicate(timeout=30)


@contextmanager
def following(theatre: Theatre, *arguments: str) -> Iterator[Any]:
    """A subscriber as people start one: by the variable."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "alerts", "--follow", *arguments, "--bootstrap-servers", theatre.broker],
        cwd=HOME,
        env={**os.environ, "VIGIL_TOPIC_PREFIX": theatre.prefix, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None and "following" in process.stderr.readline()
        yield process.stdout
    finally:
        process.kill()
        process.communicate(timeout=30)


def test_a_subscriber_follows_an_old_crisis_as_an_exercise_at_the_speed_that_is_asked_for(theatre: Theatre) -> None:
    create_topics(theatre.broker, prefix=theatre.prefix)
    with following(theatre, "--format", "cap", "--status", "exercise") as documents:
        theatre.rehearse("--from", "2021-10-03", "--until", "2021-10-05", "--speed", "172800x")
        first = parsed(documents.readline().encode())
        assert texts(first, "status") == ["Exercise"]
        assert texts(first, "msgType") == ["Alert"]
    told = [each for each in theatre.read("alerts", "--all") if each["rule"] == "attack"]
    raised = {each["first_day"]: each["told"] for each in told if each["transition"] == "raised"}
    assert sorted(raised) == ["2021-10-01", "2021-10-02", "2021-10-03", "2021-10-04"]
    # What was known before is there at once; then two days pass in a second.
    times = [datetime.fromisoformat(raised[day]) for day in sorted(raised)]
    assert all(earlier < later for earlier, later in pairwise(times))
    assert times[3] - times[1] > timedelta(seconds=0.8)
