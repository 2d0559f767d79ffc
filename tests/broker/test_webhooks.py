"""Webhooks on a real broker: the worker as a process of its own, receivers that behave and others that do not."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from cli.main import run
from eventlog.writing import Writer
from processors.settings import WorkerSettings
from schemas.topics import ALERTS, COMMANDS
from subscribers.commands import command_record
from subscribers.notifications import read_notifications
from subscribers.webhooks.messages import message_id
from tests.outcome import apply_rules
from tests.processes import ROOT, until
from tests.receiver import Answer, Receiver
from tests.unit.timeline.people_parts import START, end_silence, silence, transition
from timeline.notices import names
from timeline.notification import Heard
from timeline.times import time_text

pytestmark = pytest.mark.broker
Json = dict[str, Any]
RULES: list[Json] = [
    {
        "id": "deadly-week", "kind": "threshold", "title": "Over 20 killed in a week", "scope": "country",
        "severity": "moderate", "measure": "killed", "window": "7d", "reaches": 20,
    },
]  # fmt: skip
SCOPES = ("country:MLI", "country:TCD", "country:SDN", "country:NER", "mission:MINUSMA")


LIFE = [("raised", "open", 100), ("updated", "open", 120), ("updated", "open", 140), ("resolved", "resolved", 140)]


class Roller:
    """Tells alerts as a roller does, in transactions."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._numbers = itertools.count()

    def tell(self, number: int, *, steps: int = len(LIFE), **members: Any) -> None:
        """Tell so many alerts, each with so many steps of its life, in a transaction each."""
        ids = [f"{next(self._numbers):08x}" for _ in range(number)]
        asyncio.run(self._tell(ids, LIFE[:steps], members))

    async def _tell(self, ids: list[str], steps: list[tuple[str, str, int]], members: Json) -> None:
        producer: Any = AIOKafkaProducer(
            bootstrap_servers=self._settings.bootstrap, transactional_id=self._settings.prefix + "roller"
        )
        await producer.start()
        try:
            for name in ids:
                said = {"scope": SCOPES[int(name, 16) % len(SCOPES)], **members}
                for how, status, value in steps:
                    alert = transition(name, how, status=status, value=value, peak=value, **said)
                    del alert["told"]
                    async with producer.transaction():
                        await producer.send_and_wait(
                            self._settings.topic(ALERTS), json.dumps(alert).encode(), key=alert["scope"].encode()
                        )
        finally:
            await producer.stop()


class Hooks:
    """The worker as a process of its own, and the commands about it."""

    def __init__(self, settings: WorkerSettings, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.settings, self.folder, self._capfd = settings, folder, capfd
        self.process: subprocess.Popen[bytes] | None = None
        self.log = folder / "worker.log"

    def __call__(self, *arguments: str, code: int = 0) -> list[Json]:
        self._capfd.readouterr()
        assert run(["webhook", *arguments, "--dir", str(self.folder)]) == code
        return [json.loads(line) for line in self._capfd.readouterr().out.splitlines()]

    def add(self, name: str, receiver: Receiver | str, *options: str) -> str:
        url = receiver if isinstance(receiver, str) else receiver.url
        [added] = self("add", url, "--name", name, *options)
        secret: str = added["secret"]
        if isinstance(receiver, Receiver):
            receiver.secret = secret
        return secret

    def of(self, name: str) -> Json:
        [found] = [each for each in self("list") if each["name"] == name]
        return found

    def start(self) -> None:
        where = ["--bootstrap-servers", self.settings.bootstrap, "--topic-prefix", self.settings.prefix]
        code = "from cli.main import main; main()"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code, "worker", "webhooks", "--dir", str(self.folder), *where],
                stdout=log, stderr=log, cwd=ROOT,
            )  # fmt: skip

    def end(self, number: int) -> int:
        assert self.process is not None
        os.kill(self.process.pid, number)
        return self.process.wait(20)

    def lines(self) -> list[Json]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]


@pytest.fixture
def roller(settings: WorkerSettings) -> Roller:
    apply_rules(settings, RULES)
    return Roller(settings)


@pytest.fixture
def hooks(settings: WorkerSettings, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Hooks]:
    found = Hooks(settings, tmp_path, capfd)
    yield found
    if found.process is not None and found.process.poll() is None:
        found.end(signal.SIGKILL)


@pytest.fixture
def receive() -> Iterator[Callable[..., Receiver]]:
    with contextlib.ExitStack() as stack:
        yield lambda *how: stack.enter_context(Receiver(*how))


def heard(settings: WorkerSettings) -> Heard:
    decisions, _ = asyncio.run(
        read_notifications(
            settings.bootstrap, now=time.time_ns() // 1000, on_unreadable=print, topic_prefix=settings.prefix
        )
    )
    return decisions


def wanted(settings: WorkerSettings) -> dict[str, Json]:
    """By id what people are told by `vigil alerts --notifications`: the transition, and what is said beside it."""
    return {
        message_id(entry.transition): {
            "data": entry.transition, "timestamp": time_text(notification.at), "first": entry.first,
            "quiet": entry.quiet, "acknowledged": names(entry.acknowledged),
        }
        for notification in heard(settings).notifications
        for entry in notification.entries
    }  # fmt: skip


def command(settings: WorkerSettings, said: Any) -> None:
    with Writer(settings.bootstrap) as writer:
        key, value, headers = command_record(said)
        writer.send(settings.topic(COMMANDS), key=key, value=value, headers=headers)


def in_order(receiver: Receiver) -> bool:
    """Whether each alert came as it was told, and everything of a scope in the order of the log."""
    told = [(request.said["data"]["scope"], request.said["data"]["told"]) for request in receiver.taken]
    return all(
        [time for scope, time in told if scope == each] == sorted(time for scope, time in told if scope == each)
        for each in SCOPES
    )


def in_an_hour() -> float:
    """So many seconds after the noon that commands of tests count from."""
    return time.time() - START / 1_000_000 + 3600


def dead_address() -> str:
    with Receiver() as receiver:
        return receiver.url


def test_the_good_get_everything_in_order_while_others_fail_in_every_way(
    settings: WorkerSettings, roller: Roller, hooks: Hooks, receive: Callable[..., Receiver]
) -> None:
    good, other = receive(), receive()
    recovering = receive(lambda number: Answer(500 if number < 2 else 202))
    slow = receive(lambda number: Answer(204, after_seconds=0.05))
    hanging = receive(lambda number: Answer(after_seconds=1000.0))
    gone = receive(lambda number: Answer(200 if number < 3 else 410))
    receivers = {
        "good": good, "other": other, "recovering": recovering, "slow": slow, "hanging": hanging, "gone": gone,
    }  # fmt: skip
    secrets = {name: hooks.add(name, receiver) for name, receiver in receivers.items()}
    hooks.add("dead", dead_address())
    hooks.add("chad", chad := receive(), "--country", "TCD")
    hooks.start()
    begun = time.monotonic()
    roller.tell(25)
    expected = wanted(settings)
    assert len(expected) == 100
    for receiver in (good, other, slow, recovering):
        until(lambda receiver=receiver: len(receiver.taken) >= 100, seconds=60)  # type: ignore[misc]
        assert set(receiver.ids()) == expected.keys() and len(receiver.ids()) == 100
        assert in_order(receiver)
    assert good.taken[-1].at - begun < 20
    assert good.ids() == other.ids() == slow.ids() == recovering.ids()
    for receiver in (*receivers.values(), chad):
        assert receiver.secret is not None and receiver.refused == []
        for request in receiver.requests:
            said = request.said
            assert request.headers["Content-Type"] == "application/json"
            why = said["data"].pop("notification")
            assert {**said, **{each: why[each] for each in ("first", "quiet", "acknowledged")}} == {
                "type": f"alert.{said['data']['transition']}", **expected[request.id],
            }  # fmt: skip
            assert (why["decision"], why["held"], why["group_size"]) == ("notified", None, 1)
    assert {request.said["data"]["scope"] for request in chad.taken} == {"country:TCD"} and len(chad.taken) == 20

    assert [request.id for request in gone.requests] == good.ids()[:4]
    assert {request.id for request in hanging.requests} == {good.ids()[0]}
    standing = {each["name"]: each for each in hooks("list")}
    assert {name: each["state"] for name, each in standing.items()} == {
        "good": "ok", "other": "ok", "recovering": "ok", "slow": "ok", "chad": "ok", "gone": "gone", "dead": "failing",
        "hanging": standing["hanging"]["state"],
    }  # fmt: skip
    assert standing["dead"]["behind"] == 100 and standing["dead"]["failing_since"] and standing["dead"]["next_try"]
    assert (standing["gone"]["behind"], standing["gone"]["last_status"]) == (97, 410)
    assert (standing["good"]["behind"], standing["good"]["delivered"]) == (0, 100)
    assert secrets["good"] not in hooks.log.read_text()

    hooks("enable", "gone")
    until(lambda: len(gone.requests) == 5, seconds=20)
    assert gone.requests[4].id == good.ids()[3]
    hooks("remove", "gone")
    hooks("disable", "other")
    time.sleep(2.5)
    roller.tell(1)
    until(lambda: len(good.taken) == 104, seconds=20)
    assert (len(other.taken), len(gone.requests)) == (100, 5)
    hooks("enable", "other")
    until(lambda: len(other.taken) == 104, seconds=20)
    assert other.ids() == good.ids()
    assert hooks.end(signal.SIGTERM) == 0


def test_what_is_held_back_is_sent_to_those_who_ask_and_what_a_silence_hid_when_it_ends(
    settings: WorkerSettings, roller: Roller, hooks: Hooks, receive: Callable[..., Receiver]
) -> None:
    roller.tell(2)
    names = {"plain": [], "late": ["--late"], "silenced": ["--silenced"], "all": ["--all-transitions"]}
    receivers = {name: receive() for name in names}
    for name, options in names.items():
        hooks.add(name, receivers[name], *options)
    hooks.add("whole", whole := receive(), "--from-start")
    hooks.start()
    until(lambda: len(whole.taken) == 8, seconds=30)
    # The order of what is told in several scopes at nearly one time is not promised, so one after the other.
    roller.tell(1, notify=False, late=True)
    until(lambda: len(receivers["all"].taken) == 4, seconds=20)
    roller.tell(1, notify=False)
    until(lambda: len(receivers["all"].taken) == 8, seconds=20)
    command(settings, silence(0, "s", until=in_an_hour(), scope="country:MLI").command)
    # Over before the silence is; the next stays open.
    roller.tell(1, scope="country:MLI")
    roller.tell(1, scope="country:MLI", steps=1)
    until(lambda: len(receivers["all"].taken) == 13, seconds=20)
    assert receivers["plain"].taken == []
    command(settings, end_silence(0, "s").command)
    sent = {"plain": 1, "late": 9, "silenced": 6, "all": 14}
    until(lambda: all(len(receivers[name].taken) >= number for name, number in sent.items()), seconds=20)
    until(lambda: len(whole.taken) == 9, seconds=20)
    time.sleep(0.5)  # and no more than these

    decided = {
        name: [request.said["data"]["notification"] for request in each.taken] for name, each in receivers.items()
    }
    reasons = {name: [why["decision"] for why in each] for name, each in decided.items()}
    assert reasons["plain"] == ["notified"]
    assert reasons["late"] == ["late"] * 4 + ["history"] * 4 + ["notified"]
    assert reasons["silenced"] == ["silenced"] * 5 + ["notified"]
    assert reasons["all"] == ["late"] * 4 + ["history"] * 4 + ["silenced"] * 5 + ["notified"]
    [released] = receivers["plain"].taken
    assert released.said["data"]["id"] == "00000005"
    assert (decided["plain"][0]["held"]["reason"], decided["plain"][0]["first"]) == ("silenced", True)
    assert decided["silenced"][0]["by"] == decided["plain"][0]["held"]["by"]
    assert released.said["timestamp"] > released.said["data"]["told"]
    assert {request.id for request in whole.taken} == wanted(settings).keys()
    assert all(len(set(each.ids())) == len(each.taken) for each in receivers.values())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_random_nothing_is_missing_and_repeats_have_the_same_id(
    settings: WorkerSettings, roller: Roller, hooks: Hooks, receive: Callable[..., Receiver]
) -> None:
    chance = random.Random(7)
    # Slow enough that kills meet messages that were taken and of which nothing is known yet.
    everyday, late = receive(lambda number: Answer(after_seconds=0.1)), receive()
    shaky = receive(lambda number: Answer({5: 503, 11: 0}.get(number % 12, 200)))
    for name, receiver in (("everyday", everyday), ("shaky", shaky)):
        hooks.add(name, receiver)
    hooks.add("late", late, "--late")
    hooks.add("dead", dead_address())
    hooks.start()
    for number in range(KILLS):
        if number == KILLS // 4:
            command(settings, silence(0, "s", until=in_an_hour(), rule="deadly-week").command)
        if number == KILLS // 2:
            command(settings, end_silence(0, "s").command)
        roller.tell(3, **({"notify": False, "late": True} if number % 5 == 4 else {}))
        roller.tell(1, steps=1)
        count = len(everyday.requests) + chance.randrange(4)
        with contextlib.suppress(AssertionError):  # nothing comes while the silence is in force
            until(lambda count=count: len(everyday.requests) > count, seconds=3)  # type: ignore[misc]
        time.sleep(chance.random() * 0.3)
        hooks.end(signal.SIGKILL)
        hooks.start()
    expected = wanted(settings)
    until(lambda: set(everyday.ids()) >= expected.keys(), seconds=60)
    until(lambda: set(shaky.ids()) >= expected.keys(), seconds=200)
    until(lambda: hooks.of("late")["behind"] == 0, seconds=60)
    for receiver in (everyday, shaky):
        assert set(receiver.ids()) == expected.keys()
        assert first_times(receiver.ids()) == first_times(everyday.ids())
    lates = {message_id(each.transition, held=True) for each in heard(settings).decisions if each.reason == "late"}
    assert set(late.ids()) == expected.keys() | lates and lates
    for receiver in (everyday, shaky, late):
        assert receiver.secret is not None and receiver.refused == []
        bodies = {request.id: request.body for request in receiver.requests}
        assert all(bodies[request.id] == request.body for request in receiver.requests)
    repeats = len(everyday.ids()) - len(expected)
    assert repeats > 0, "no kill met a message on its way, so this showed little"
    print(f"{KILLS} kills, {len(expected)} messages, {repeats} repeats, {len(lates)} late")
    assert hooks.end(signal.SIGTERM) == 0


KILLS = 8


def first_times(ids: list[str]) -> list[str]:
    return list(dict.fromkeys(ids))
