"""`vigil alerts --format` on a real broker: documents on stdout, files, feeds, and what comes after now."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import orjson
import pytest

from cli.main import run
from eventlog.writing import Writer
from schemas.topics import ALERTS, TIMELINE
from tests.cap import Json, parsed, texts, told

HOME = Path(__file__).parents[2]
pytestmark = pytest.mark.broker
MATCH = told(id="0a", thread="0a")
MERGED = [
    told("threshold"),
    told("threshold", id="77aa", replaces=["3f0ff5b2"]),
    told("threshold", "superseded"),
]
ACTUAL = ("--format", "cap", "--status", "actual", "--sender", "desk@ops.example")


class Desk:
    """The command on a log of its own."""

    def __init__(self, broker: str, prefix: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        self.log = ["--bootstrap-servers", broker, "--topic-prefix", prefix]
        self.broker, self.prefix, self.capfdbinary = broker, prefix, capfdbinary

    def tell(self, *transitions: Json) -> None:
        with Writer(self.broker) as writer:
            for transition in transitions:
                said = {name: value for name, value in transition.items() if name != "told"}
                key = said["scope"].encode()
                writer.send(self.prefix + ALERTS, key=key, value=orjson.dumps(said), headers=[])

    def lines(self, *arguments: str) -> list[bytes]:
        assert run(["alerts", *arguments, *self.log]) == 0
        return self.capfdbinary.readouterr().out.splitlines()

    def follow(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "cli", "alerts", "--follow", *arguments, *self.log],
            cwd=HOME,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )


@pytest.fixture
def desk(broker: str, topic_prefix: str, capfdbinary: pytest.CaptureFixture[bytes]) -> Desk:
    return Desk(broker, topic_prefix, capfdbinary)


def _types(lines: list[bytes]) -> list[str]:
    return [text for line in lines for text in texts(parsed(line), "msgType")]


def test_every_transition_is_a_document_on_a_line_and_what_stands_its_last(desk: Desk) -> None:
    desk.tell(*MERGED, MATCH)
    everything = desk.lines("--format", "cap", "--all")
    assert sorted(_types(everything)) == ["Alert", "Alert", "Update", "Update"]
    standing = desk.lines("--format", "cap")
    assert len(standing) == len(desk.lines()) == 2
    assert set(standing) < set(everything)
    # Across scopes the order is that of the milliseconds in which the log took them.
    of_the_country = desk.lines("--format", "cap", "--all", "--scope", "country:MLI")
    assert len(of_the_country) == 3
    assert desk.lines("--format", "cap", "--rule", "deadly-week") == of_the_country[-1:]
    assert desk.lines("--format", "cap", "--from", "2022-01-01") == []


def test_a_file_holds_a_message_and_sources_are_linked(desk: Desk, tmp_path: Path) -> None:
    content = b"a1b2c3d4e5f6" + b"0" * 52
    event = {"id": "vigil:7", "links": [{"url": "https://wire.example/7"}]}
    with Writer(desk.broker) as writer:
        headers = [("vigil_content", content)]
        writer.send(desk.prefix + TIMELINE, key=b"vigil:7", value=orjson.dumps(event), headers=headers)
    desk.tell(told())
    [line] = map(json.loads, desk.lines("--format", "cap", "--output", str(tmp_path)))
    root = parsed(Path(line["file"]).read_bytes())
    assert texts(root, "identifier") == [line["identifier"]]
    assert texts(root, "uri") == ["https://wire.example/7"]
    assert [each.name for each in tmp_path.iterdir()] == [f"{line['identifier']}.xml"]


def test_a_scope_where_nothing_is_open_any_more_has_an_empty_feed(desk: Desk, tmp_path: Path) -> None:
    def feeds(*arguments: str) -> list[Any]:
        lines = desk.lines("--format", "atom", "--output", str(tmp_path), *arguments)
        return [(line["scope"], line["entries"], feedparser.parse(line["file"])) for line in map(json.loads, lines)]

    over = told("threshold", id="0b", thread="0b", scope="country:BFA", status="resolved", notify=False)
    desk.tell(*MERGED, MATCH, over)
    first = feeds()
    assert [(scope, entries, len(feed.entries)) for scope, entries, feed in first] == [
        ("country:MLI", 1, 1),
        ("mission:MINUSMA", 1, 1),
    ]
    for _, _, feed in first:
        [address] = [link.href for link in feed.entries[0].links]
        assert texts(parsed((tmp_path / address).read_bytes()), "msgType")
    desk.tell(told(transition="cancelled", id="0a", thread="0a"))
    [(_, entries, feed)] = feeds("--scope", "mission:MINUSMA")
    assert (entries, feed.entries, feed.feed.id) == (0, [], first[1][2].feed.id)
    assert feed.feed.updated > first[1][2].feed.updated


@pytest.fixture
def followed(desk: Desk) -> Iterator[tuple[Desk, subprocess.Popen[bytes]]]:
    desk.tell(*MERGED)
    process = desk.follow(*ACTUAL)
    try:
        yield desk, process
    finally:
        process.kill()
        process.communicate(timeout=30)


def test_what_is_told_from_now_on_refers_to_what_was_told_before(
    followed: tuple[Desk, subprocess.Popen[bytes]],
) -> None:
    desk, process = followed
    assert process.stdout is not None and process.stderr is not None
    assert b"following" in process.stderr.readline()
    desk.tell(told("threshold", "cancelled", id="77aa"), MATCH)
    lines = [process.stdout.readline().rstrip(b"\n") for _ in range(2)]
    assert sorted(_types(lines)) == ["Alert", "Cancel"]
    before = desk.lines(*ACTUAL, "--all")
    assert set(lines) < set(before)
    [cancel] = [parsed(line) for line in lines if b"<msgType>Cancel<" in line]
    assert texts(cancel, "status") == ["Actual"]
    [reference] = texts(cancel, "references")
    assert reference.split(",")[1] == texts(parsed(before[2]), "identifier")[0]
