"""What people decide, on a real broker with a real roller: recorded once, heard by followers, changing no alert."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from cli.main import run
from eventlog.writing import Writer
from processors.settings import WorkerSettings
from schemas.topics import ALERTS, COMMANDS
from subscribers.notifications import read_notifications
from tests.broker.test_roller import event, wait_until_read
from tests.outcome import apply_rules, records, standing, write_timeline
from tests.processes import ROOT, WorkerProcess, until
from tests.unit.timeline.people_parts import transition
from timeline.notices import notification_members

pytestmark = pytest.mark.broker
Json = dict[str, Any]

RULES: list[Json] = [
    {
        "id": "attack", "kind": "match", "title": "An attack that kills ten", "scope": "country", "severity": "severe",
        "where": {"type": "attack", "killed.total.best": {"at_least": 10}}, "inhibits": ["week"], "hold": 20,
    },
    {
        "id": "week", "kind": "threshold", "title": "Over 20 killed in a week", "scope": "country", "hold": 20,
        "severity": "moderate", "measure": "killed", "window": "7d", "reaches": 20,
    },
]  # fmt: skip


class Desk:
    """The command, on a log of its own."""

    def __init__(self, settings: WorkerSettings, capfd: pytest.CaptureFixture[str]) -> None:
        self.where = ["--bootstrap-servers", settings.bootstrap, "--topic-prefix", settings.prefix]
        self.capfd = capfd
        self.said = ""

    def __call__(self, *arguments: str, code: int = 0) -> list[Json]:
        return [json.loads(line) for line in self.text(*arguments, code=code).splitlines()]

    def text(self, *arguments: str, code: int = 0) -> str:
        self.capfd.readouterr()
        assert run([*arguments, *self.where]) == code
        captured = self.capfd.readouterr()
        self.said = captured.err
        return captured.out


class Follower:
    """`vigil alerts --notifications --follow` as a process of its own."""

    def __init__(self, desk: Desk) -> None:
        command = [sys.executable, "-c", "from cli.main import main; main()", "alerts", "--notifications", "--follow"]
        self.process = subprocess.Popen(
            [*command, *desk.where], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
        )
        self.lines: list[str] = []
        assert self.process.stderr is not None
        assert "following" in self.process.stderr.readline()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.reader.join()
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

    def wait_for(self, number: int) -> list[Json]:
        until(lambda: len(self.lines) >= number, seconds=20)
        time.sleep(0.3)  # and no more than these
        assert len(self.lines) == number, self.lines
        return [json.loads(line) for line in self.lines]


@pytest.fixture
def desk(settings: WorkerSettings, capfd: pytest.CaptureFixture[str]) -> Desk:
    return Desk(settings, capfd)


@pytest.fixture
def roller(settings: WorkerSettings) -> Iterator[WorkerProcess]:
    apply_rules(settings, RULES)
    worker = WorkerProcess("roller", settings)
    try:
        yield worker
    finally:
        worker.kill()


@pytest.fixture
def follower(desk: Desk, roller: WorkerProcess) -> Iterator[Follower]:
    following = Follower(desk)
    try:
        yield following
    finally:
        following.end()


def withdrawal(number: int) -> Json:
    said: Json = {"id": f"vigil:{number}", "source": "vigil", "type": "attack", "state": "withdrawn"}
    return said | {"publish_time": "2021-04-02T00:00:00Z"}


def heard(line: Json) -> tuple[str, str, list[str], bool]:
    return line["scope"], line["rule"], [alert["transition"] for alert in line["alerts"]], line["quiet"]


def test_whoever_follows_hears_across_a_silence_what_whoever_reads_at_once_hears(
    settings: WorkerSettings, desk: Desk, follower: Follower
) -> None:
    write_timeline(settings, [event(1, killed=12)])
    [first] = follower.wait_for(1)
    assert heard(first) == ("country:MLI", "attack", ["raised"], False)

    [silence] = desk("silences", "add", "--scope", "country:MLI", "--until", "7d", "--comment", "known", "--by", "Awa")
    assert (silence["open_now"], silence["by"], silence["ended"]) == (1, "Awa", None)
    before = desk.text("alerts")
    write_timeline(settings, [event(2, killed=30), event(3, killed=15, country="TCD")])
    wait_until_read(settings)
    assert heard(follower.wait_for(2)[1]) == ("country:TCD", "attack", ["raised"], False)
    assert desk.text("alerts") != before
    assert desk.text("alerts").encode().splitlines() == standing(settings)

    hidden, *others = desk("alerts", "--suppressed")
    assert (hidden["by"], hidden["silence"]["id"], others) == ("silence", silence["id"], [])
    # Both rules of the scope: it is the silence that hides them, though one would be redundant too.
    assert sorted((each["rule"], each["transition"], each["released"]) for each in hidden["hid"]) == [
        ("attack", "raised", None), ("week", "raised", None),
    ]  # fmt: skip
    [listed] = desk("silences", "list")
    assert (listed["hid"], listed["state"]) == (2, "in force")

    [ended] = desk("silences", "end", silence["id"][:8], "--by", "Ben")
    assert ended["ended"]["by"] == "Ben"
    released = follower.wait_for(3)[2]
    assert heard(released) == ("country:MLI", "attack", ["raised"], False)
    assert released["alerts"][0]["held"] == {"reason": "silenced", "by": silence["id"]}
    assert desk("silences", "list") == []
    assert [each["state"] for each in desk("silences", "list", "--all")] == ["over"]
    [hidden] = desk("alerts", "--suppressed")
    known, redundant = sorted(hidden["hid"], key=lambda each: each["rule"])
    assert known["released"] is not None and known["held"] is None
    assert redundant["released"] is None and redundant["held"]["reason"] == "inhibited"

    alert = released["alerts"][0]["id"]
    [said] = desk("alerts", "acknowledge", alert[:10], "--by", "Awa", "--comment", "patrol sent")
    assert (said["thread"], said["text"], said["by"]) == (alert, "patrol sent", "Awa")
    desk("alerts", "acknowledge", alert[:10], "--by", "Ben", code=1)
    assert "Awa acknowledged" in desk.said and "vigil alerts comment" in desk.said
    assert [row.split()[-1] for row in desk.text("alerts", "--table").splitlines() if alert[:12] in row] == ["Awa"]
    [remark] = desk("alerts", "comment", alert[:10], "confirmed", "--by", "Ben")
    assert (remark["said"], remark["text"], remark["by"]) == ("comment", "confirmed", "Ben")
    [shown] = desk("alerts", "show", alert[:10])
    assert (shown["acknowledged"], [each["text"] for each in shown["people"]]) == (
        ["Awa"],
        ["patrol sent", "confirmed"],
    )
    assert "acknowledged: patrol sent" in desk.text("alerts", "show", alert[:10], "--format", "text")
    write_timeline(settings, [withdrawal(2)])
    gone = follower.wait_for(4)[3]
    assert heard(gone) == ("country:MLI", "attack", ["updated", "superseded"], True)
    assert [each["acknowledged"] for each in gone["alerts"]] == [["Awa"], ["Awa"]]
    desk("alerts", "acknowledge", alert[:10], "--by", "Ben", code=1)
    assert f"goes on as {first['alerts'][0]['id'][:12]}" in desk.said and "Awa acknowledged" in desk.said
    write_timeline(settings, [withdrawal(3)])
    cancelled = follower.wait_for(5)[4]
    assert heard(cancelled) == ("country:TCD", "attack", ["cancelled"], False)
    desk("alerts", "acknowledge", cancelled["alerts"][0]["id"][:10], "--by", "Ben", code=1)
    assert "was cancelled" in desk.said

    assert desk.text("alerts", "--notifications").splitlines() == [line.rstrip("\n") for line in follower.lines]
    assert len(desk("alerts", "--notifications", "--country", "TCD")) == 2
    assert len(records(settings, COMMANDS)) == 4
    for table in (("alerts", "--notifications"), ("alerts", "--suppressed"), ("silences", "list", "--all")):
        assert "country:MLI" in desk.text(*table, "--table")


def test_a_silence_hides_until_its_time_without_anything_else_happening(
    settings: WorkerSettings, desk: Desk, follower: Follower
) -> None:
    until_then = datetime.fromtimestamp(int(time.time()) + 6, UTC).isoformat().replace("+00:00", "Z")
    desk("silences", "add", "--rule", "attack", "--until", until_then, "--comment", "a short one", "--by", "Awa")
    write_timeline(settings, [event(1, killed=12)])
    wait_until_read(settings)
    assert [each["reason"] for each in _decisions(settings)] == ["silenced"]
    assert follower.lines == []
    [released] = follower.wait_for(1)
    assert (released["told"], released["alerts"][0]["transition"]) == (until_then, "raised")


def _decisions(settings: WorkerSettings) -> list[Json]:
    heard, _ = asyncio.run(
        read_notifications(
            settings.bootstrap, now=time.time_ns() // 1000, on_unreadable=print, topic_prefix=settings.prefix
        )
    )
    return [{"reason": decided.reason} for decided in heard.decisions]


def test_told_together_is_what_one_transaction_holds(settings: WorkerSettings) -> None:
    async def tell(transactions: list[list[Json]], *, commit: bool = True) -> None:
        producer: Any = AIOKafkaProducer(
            bootstrap_servers=settings.bootstrap, transactional_id=settings.prefix + "tell"
        )
        await producer.start()
        try:
            for alerts in transactions:
                await producer.begin_transaction()
                for alert in alerts:
                    # Each in a batch of its own: batches are no measure of what belongs together.
                    await producer.send_and_wait(
                        settings.topic(ALERTS), json.dumps(alert).encode(), key=alert["scope"].encode()
                    )
                await (producer.commit_transaction() if commit else producer.abort_transaction())
        finally:
            await producer.stop()

    names = iter("abcdefgh")

    def some(number: int) -> list[Json]:
        return [
            {name: value for name, value in transition(next(names)).items() if name != "told"} for _ in range(number)
        ]

    asyncio.run(tell([some(2), some(1)]))
    asyncio.run(tell([some(1)], commit=False))
    asyncio.run(tell([some(3)]))
    heard, _ = asyncio.run(
        read_notifications(settings.bootstrap, now=0, on_unreadable=print, topic_prefix=settings.prefix)
    )
    told = [[alert["id"] for alert in notification_members(each)["alerts"]] for each in heard.notifications]
    assert told == [["a", "b"], ["c"], ["e", "f", "g"]]


def test_mistakes_are_one_line_that_says_what_to_do(
    settings: WorkerSettings, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIGIL_USER", raising=False)
    apply_rules(settings, RULES)
    silence = ("silences", "add", "--until", "4h", "--comment", "known")
    for code, expected, arguments in [
        (1, "no alert 3f0ff5b2 was ever told", ("alerts", "acknowledge", "3f0ff5b2", "--by", "Awa")),
        (1, "no alert 3f0ff5b2 was ever told", ("alerts", "comment", "3f0ff5b2", "seen", "--by", "Awa")),
        (2, "at least 4 digits", ("alerts", "acknowledge", "3f0", "--by", "Awa")),
        (2, "VIGIL_USER", ("alerts", "acknowledge", "3f0ff5b2")),
        (2, "1 to 4000 letters", ("alerts", "comment", "3f0ff5b2", " ", "--by", "Awa")),
        (2, "VIGIL_USER", (*silence, "--rule", "week")),
        (2, "--scope, --rule, or both", (*silence, "--by", "Awa")),
        (2, "no scope such as", (*silence, "--scope", "MLI", "--by", "Awa")),
        (1, "vigil rules list", (*silence, "--rule", "wek", "--by", "Awa")),
        (1, "vigil silences list --all", ("silences", "end", "3f0ff5b2", "--by", "Awa")),
        (2, "--suppressed is a list of its own", ("alerts", "--suppressed", "--all")),
    ]:
        assert desk(*arguments, code=code) == []
        assert expected in desk.said
        assert "bug" not in desk.said
    assert records(settings, COMMANDS) == []

    monkeypatch.setenv("VIGIL_USER", "Awa Traoré")
    [begun] = desk(*silence, "--rule", "week")
    assert begun["by"] == "Awa Traoré"
    desk("silences", "end", begun["id"])
    desk("silences", "end", begun["id"], code=1)
    assert "nothing is left to end" in desk.said


def test_what_is_no_command_counts_for_nothing_and_is_told_of(settings: WorkerSettings, desk: Desk) -> None:
    apply_rules(settings, RULES)
    with Writer(settings.bootstrap) as writer:
        for value in (b"no JSON", b'{"command":"silence"}', None):
            writer.send(settings.topic(COMMANDS), key=b"k", value=value)
    assert desk("silences", "list") == []
    assert desk.said.count("is no command") == 3
    desk("silences", "add", "--rule", "week", "--until", "4h", "--comment", "known", "--by", "Awa")
    assert len(desk("silences", "list")) == 1
