"""The projection as a process of its own on a real broker: the tables are the log's, whatever is done to it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, select

from eventlog.node.embedded import EmbeddedBroker
from eventlog.topics import create_topics
from processors.settings import WorkerSettings
from schemas.topics import AGGREGATES as AGGREGATES_TOPIC
from schemas.topics import ALERTS as ALERTS_TOPIC
from subscribers.aggregates import take_in
from subscribers.alerts import decode_transition, in_order_of_telling, standing
from subscribers.read_model.database import migrate, newest_revision, open_database
from subscribers.read_model.lag import lag_of, read_holdings
from subscribers.read_model.tables import AGGREGATES, ALERTS, EVENTS
from tests.events import event
from tests.outcome import apply_rules, is_read, publish, records, timeline, write_timeline
from tests.processes import ROOT, WorkerProcess, until
from tests.read_model import dump

pytestmark = pytest.mark.broker
RULE = {
    "id": "attack", "kind": "match", "title": "An attack", "scope": "country", "severity": "severe",
    "where": {"type": "attack"},
}  # fmt: skip


def vigil(settings: WorkerSettings, url: str, *words: str) -> list[str]:
    """The command line, for this log and this database."""
    log = ["--bootstrap-servers", settings.bootstrap, "--topic-prefix", settings.prefix]
    return [sys.executable, "-m", "cli", *log, "--database-url", url, *words]


class Projector:
    """`vigil worker projection` as a process, and what it said on stderr once it has ended."""

    def __init__(self, settings: WorkerSettings, url: str) -> None:
        command = vigil(settings, url, "worker", "projection")
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, cwd=ROOT, text=True)
        self.said = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.said = self.process.stderr.read()

    def wait(self, seconds: float = 30.0) -> int:
        """Wait until it has ended by itself."""
        code = self.process.wait(seconds)
        self._reader.join(5)
        if self.process.stderr is not None:
            self.process.stderr.close()
        return code

    def last_words(self) -> str:
        """The one line that is no line of its log."""
        [line] = [each for each in self.said.splitlines() if not each.startswith("{")]
        return line

    def stop(self) -> int:
        """SIGTERM."""
        self.process.terminate()
        return self.wait()

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.wait()


Start = Callable[[], Projector]


@pytest.fixture
def start(settings: WorkerSettings, database_url: str) -> Iterator[Start]:
    running: list[Projector] = []

    def begin() -> Projector:
        running.append(Projector(settings, database_url))
        return running[-1]

    yield begin
    for each in running:
        each.kill()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    migrate(engine)
    yield engine
    engine.dispose()


@contextmanager
def log_of(folder: Path, numbers: Iterable[int]) -> Iterator[WorkerSettings]:
    """A log on a broker of its own, whose timeline has these events."""
    with EmbeddedBroker(folder) as broker:
        create_topics(broker.bootstrap)
        settings = WorkerSettings(bootstrap=broker.bootstrap)
        write_timeline(settings, map(event, numbers))
        yield settings


def is_level(engine: Engine, count: int) -> bool:
    """Whether the tables hold what the log does, which has at least so many assertions."""
    rows, positions = read_holdings(engine)
    return bool(positions) and rows["assertions"] >= count and not lag_of(positions, 0).records


def compare(engine: Engine, settings: WorkerSettings) -> None:
    """The tables say what readers of the topics say."""
    newest: dict[str, Any] = {}
    take_in(newest, records(settings, AGGREGATES_TOPIC))
    told = [decode_transition(record) for record in in_order_of_telling(records(settings, ALERTS_TOPIC))]
    with engine.connect() as connection:
        states = connection.execute(select(EVENTS.c.document).order_by(EVENTS.c.id)).scalars()
        assert [state.encode() for state in states] == timeline(settings)
        windows = connection.execute(select(AGGREGATES.c.scope, AGGREGATES.c.windows))
        assert {scope: json.loads(text) for scope, text in windows} == {
            scope: each["windows"] for scope, each in newest.items()
        }
        stand = connection.execute(select(ALERTS.c.alert).where(ALERTS.c.stands)).scalars()
        assert set(stand) == {each["id"] for each in standing(told)}


def attack(number: int) -> dict[str, Any]:
    title = f"number {number}"
    return event(number % 400, title=title, sequence=f"{number:06}", place={"country": ("MLI", "NER")[number % 2]})


def let_flow(settings: WorkerSettings, count: int) -> None:
    """Publish so many attacks, a hundred at a time."""
    for first in range(0, count, 100):
        publish(settings, map(attack, range(first, first + 100)))


def test_a_projection_that_is_killed_while_records_flow_loses_nothing_and_repeats_nothing(
    settings: WorkerSettings, start: Start, engine: Engine, ledger: WorkerProcess
) -> None:
    apply_rules(settings, [RULE])
    roller, random, count = WorkerProcess("roller", settings), Random(7), 1500
    try:
        flowing = threading.Thread(target=let_flow, args=(settings, count))
        flowing.start()
        projector = start()
        for _ in range(4):
            time.sleep(random.uniform(0.6, 1.6))
            projector.kill()
            projector = start()
        flowing.join()
        until(lambda: is_read(settings), seconds=60, poll_seconds=0.2)
    finally:
        roller.kill()
    until(lambda: is_level(engine, count), seconds=60, poll_seconds=0.2)
    compare(engine, settings)
    before = dump(engine)

    rebuilt = subprocess.run(
        vigil(settings, str(engine.url.render_as_string(hide_password=False)), "projection", "rebuild"),
        stdout=subprocess.PIPE, cwd=ROOT, check=True,
    )  # fmt: skip
    assert json.loads(rebuilt.stdout)["rebuilt_by"] == "the running projection"
    assert dump(engine) == before
    assert projector.stop() == 0

    alone = subprocess.run(
        vigil(settings, str(engine.url.render_as_string(hide_password=False)), "projection", "rebuild"),
        stdout=subprocess.PIPE, cwd=ROOT, check=True,
    )  # fmt: skip
    assert json.loads(alone.stdout)["rebuilt_by"] == "this command"
    assert dump(engine) == before


def test_the_lag_is_told_while_a_projection_idles_and_after_it_is_dead(
    settings: WorkerSettings, start: Start, engine: Engine, database_url: str
) -> None:
    write_timeline(settings, map(event, range(10)))
    projector = start()
    until(lambda: is_level(engine, 10))
    idle_from = time.time_ns() // 1000
    until(lambda: all(each.seen_at > idle_from for each in read_holdings(engine)[1].values()), seconds=3)
    assert projector.stop() == 0
    write_timeline(settings, map(event, range(10, 15)))
    time.sleep(1.5)
    command = vigil(settings, database_url, "projection", "status")
    said = json.loads(subprocess.run(command, stdout=subprocess.PIPE, cwd=ROOT, check=True).stdout)
    assert said["rows"]["assertions"] == 10
    assert said["schema"] == newest_revision()
    # Nobody has looked since: how many came is not known, but that is said.
    assert said["lag"]["records"] == 0
    assert said["lag"]["seconds"] >= 1.5
    assert said["looked_seconds_ago"] >= 1.5


def test_a_log_that_was_replaced_is_refused_until_the_read_model_is_rebuilt(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'read-model.db'}"
    engine = open_database(url)
    migrate(engine)
    with log_of(tmp_path / "first", range(20)) as settings:
        projector = Projector(settings, url)
        until(lambda: is_level(engine, 20))
        assert projector.stop() == 0
    with log_of(tmp_path / "second", range(5, 40)) as settings:
        refused = Projector(settings, url)
        assert refused.wait() == 1
        assert "another log" in refused.last_words()
        assert "vigil projection rebuild" in refused.last_words()
        subprocess.run(vigil(settings, url, "projection", "rebuild"), cwd=ROOT, check=True, stdout=subprocess.PIPE)
        compare(engine, settings)
    engine.dispose()


def test_a_projection_without_its_broker_ends_with_one_line(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'read-model.db'}"
    engine = open_database(url)
    migrate(engine)
    with log_of(tmp_path / "broker", range(1)) as settings:
        projector = Projector(settings, url)
        until(lambda: is_level(engine, 1))
    assert projector.wait(60) == 1
    assert settings.bootstrap in projector.last_words()
    engine.dispose()
