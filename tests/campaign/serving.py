"""Kills of projection and server under load: `python -m tests.campaign.serving [--seed N] [--kills N] [--postgres]`.

A ledger and a roller work while events come in; projection and server are killed with `kill -9` at random moments, and
started again. Listeners follow the streams and go on from the last id that they were given. In the end the read model
has to answer what the log holds, and each listener has to have heard each record once, in the order of its partition.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import orjson

from eventlog.node.embedded import EmbeddedBroker
from eventlog.topics import create_topics
from processors.settings import WorkerSettings
from schemas.topics import ALERTS, TIMELINE
from subscribers.alerts import decode_transition, in_order_of_telling
from tests.campaign.material import Json, everything, with_changes
from tests.outcome import apply_rules, is_read, publish, records, shown, standing, timeline, windows
from tests.postgres import run_postgres
from tests.processes import WorkerProcess, until
from tests.rule_changes import default_set

ROOT = Path(__file__).parents[2]
SLICE = 40
# A server that is killed before it listens proves little.
PAUSE_SECONDS = (0.5, 6.0)


class ServingProcess:
    """`vigil worker projection` or `server` as a process that is started again when it ends."""

    def __init__(self, role: str, arguments: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.role = role
        self._command = [sys.executable, "-P", "-m", "cli", "worker", role, *arguments]
        self._environment, self._log = environment, log
        self.ends: list[int] = []
        self._start()

    def _start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._command, cwd=ROOT, env=self._environment, stdout=log, stderr=log)

    def kill(self) -> None:
        """kill -9, and start again."""
        self.process.kill()
        self.process.wait()
        self._start()

    def revive(self) -> None:
        """Start it again when it has ended by itself, and note that."""
        if self.process.poll() is not None:
            self.ends.append(self.process.returncode)
            self._start()

    def stop(self) -> int:
        """SIGTERM; return the exit code."""
        self.process.terminate()
        return self.process.wait(20)


class Listener(threading.Thread):
    """Follows one stream whatever happens to the server; `heard` is what it was sent, in order."""

    def __init__(self, url: str, path: str) -> None:
        super().__init__(daemon=True)
        self._url, self.path = url, path
        self.heard: list[Json] = []
        self.connections, self.refused = 0, Counter[int]()
        self._last_id = ""
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.is_set():
            try:
                self._listen()
            except httpx.HTTPError:
                time.sleep(0.05)

    def _listen(self) -> None:
        headers = {"Last-Event-ID": self._last_id} if self._last_id else {}
        timeout = httpx.Timeout(5.0, read=20.0)
        with httpx.stream("GET", self._url + self.path, headers=headers, timeout=timeout) as answer:
            if answer.status_code != httpx.codes.OK:
                self.refused[answer.status_code] += 1
                time.sleep(0.1)
                return
            self.connections += 1
            for event_id, name, data in events_of(answer.iter_lines()):
                self._last_id = event_id or self._last_id
                if name in ("alert", "timeline"):
                    self.heard.append(json.loads(data))
                if self._over.is_set():
                    return

    def stop(self) -> None:
        """Hear no more."""
        self._over.set()


def events_of(lines: Iterator[str]) -> Iterator[tuple[str, str, str]]:
    """(id, event, data) of each block of a stream, as far as it came whole."""
    fields: dict[str, str] = {}
    for line in lines:
        if not line:
            if "data" in fields or "id" in fields:
                yield fields.get("id", ""), fields.get("event", ""), fields.get("data", "")
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")


def run(
    settings: WorkerSettings, events: list[Json], *, seed: int, kills: int, folder: Path, database: str
) -> list[str]:
    """Run one campaign; return what is wrong in the end."""
    chance = random.Random(seed)
    said = with_changes(events, chance)
    apply_rules(settings, default_set())
    url = f"http://127.0.0.1:{_free_port()}"
    workers = [WorkerProcess(role, settings) for role in ("ledger", "roller")]
    serving = _serving(settings, url=url, database=database, folder=folder)
    listeners = [Listener(url, path) for path in ("/stream/alerts?all=true", "/stream/timeline?all=true")]
    try:
        for listener in listeners:
            listener.start()
        _strike(settings, said, serving, chance, kills=kills)
        until(lambda: is_read(settings), seconds=120, poll_seconds=0.3)
        wrong = [*_answers_differ(settings, url, serving), *_streams_differ(settings, listeners)]
        _report(listeners, serving, kills)
        return [*wrong, *(f"{each.role} ended by itself with {each.ends}" for each in serving if each.ends)]
    finally:
        for listener in listeners:
            listener.stop()
        for each in serving:
            each.process.kill()
            each.process.wait()
        for worker in workers:
            worker.kill()


def _serving(settings: WorkerSettings, *, url: str, database: str, folder: Path) -> list[ServingProcess]:
    where = ["--bootstrap-servers", settings.bootstrap, "--topic-prefix", settings.prefix, "--dir", str(folder)]
    environment = {**os.environ, "VIGIL_DATABASE_URL": database}
    options = {"projection": [], "server": ["--port", url.rpartition(":")[2]]}
    return [
        ServingProcess(role, [*where, *more], environment, folder / f"{role}.log") for role, more in options.items()
    ]


def _strike(
    settings: WorkerSettings, said: list[Json], serving: list[ServingProcess], chance: random.Random, *, kills: int
) -> None:
    """Publish slice after slice, and kill one or the other at random moments meanwhile."""
    slices = [said[start : start + SLICE] for start in range(0, len(said), SLICE)]
    feeding = threading.Thread(target=_feed, args=(settings, slices, kills * sum(PAUSE_SECONDS) / 2), daemon=True)
    feeding.start()
    for number in range(kills):
        time.sleep(chance.uniform(*PAUSE_SECONDS))
        for each in serving:
            each.revive()
        victim = serving[number % 2]
        victim.kill()
        print(number + 1, victim.role, "killed", flush=True)
    feeding.join()


def _feed(settings: WorkerSettings, slices: list[list[Json]], seconds: float) -> None:
    """Publish all slices within about so many seconds."""
    for part in slices:
        publish(settings, part)
        time.sleep(seconds / len(slices))


def _answers_differ(settings: WorkerSettings, url: str, serving: list[ServingProcess]) -> list[str]:
    """In what the answers differ from the log, once the read model has come up with it."""
    projection = next(each for each in serving if each.role == "projection")

    def is_projected() -> bool:
        projection.revive()
        return _lag(url) == 0

    until(is_projected, seconds=60, poll_seconds=0.2)
    told = [decode_transition(each) for each in in_order_of_telling(records(settings, ALERTS))]
    expected = {
        "/timeline?order=oldest": sorted(map(_line, timeline(settings))),
        "/alerts": sorted(map(_line, standing(settings))),
        "/alerts?all=true": sorted(map(_line, told)),
    }
    wrong = []
    for path, lines in expected.items():
        tidy = _standing if path == "/alerts" else dict
        found = sorted(_line(tidy(item)) for item in pages(url, path))
        if found != lines:
            wrong.append(f"{path}: {len(set(lines) - set(found))} missing, {len(set(found) - set(lines))} spurious")
    for text in windows(settings):
        aggregate = json.loads(text)
        answer = httpx.get(f"{url}/aggregates/{aggregate['scope']}")
        if answer.status_code != httpx.codes.OK or _line(answer.json()) != _line(aggregate):
            wrong.append(f"/aggregates/{aggregate['scope']}: {answer.status_code} {answer.text[:200]}")
    return wrong


def pages(url: str, path: str) -> Iterator[Json]:
    """Every item of a list, page by page."""
    cursor: str | None = ""
    while cursor is not None:
        more = {"cursor": cursor} if cursor else {}
        answer = httpx.get(httpx.URL(url + path).copy_merge_params({"limit": "500", **more}), timeout=30.0)
        answer.raise_for_status()
        page = answer.json()
        yield from page["items"]
        cursor = page["next"]


def _lag(url: str) -> int | None:
    try:
        answer = httpx.get(f"{url}/feeds")
    except httpx.HTTPError:
        return None
    lag = answer.headers.get("Vigil-Lag-Records")
    return int(lag) if lag is not None and lag.isdecimal() else None


def _streams_differ(settings: WorkerSettings, listeners: list[Listener]) -> list[str]:
    """What the listeners did not hear, heard twice, or out of the order of its partition."""
    wrong = []
    for listener, topic in zip(listeners, (ALERTS, TIMELINE), strict=True):
        logged = records(settings, topic)
        decode = decode_transition if topic == ALERTS else _stated
        by_partition: dict[int, list[str]] = {}
        for each in sorted(logged, key=lambda record: (record.partition, record.offset)):
            by_partition.setdefault(each.partition, []).append(_line(decode(each)))
        until(lambda: len(listener.heard) >= len(logged), seconds=30, poll_seconds=0.1)  # noqa: B023
        heard = list(map(_line, listener.heard))
        counts, expected = Counter(heard), Counter(line for lines in by_partition.values() for line in lines)
        if missing := expected - counts:
            wrong.append(f"{listener.path}: {missing.total()} not heard")
        if spurious := counts - expected:
            wrong.append(f"{listener.path}: {spurious.total()} heard too often, or never said")
        for partition, lines in by_partition.items():
            own = set(lines)
            if [line for line in heard if line in own] != lines and not missing and not spurious:
                wrong.append(f"{listener.path}: partition {partition} out of order")
    return wrong


def _stated(record: Any) -> Json:
    from timeline.times import microseconds, time_text

    headers = dict(record.headers)
    ingest = time_text(microseconds(headers["vigil_ingest_time"].decode()))
    return {**orjson.loads(record.value), "ingest_time": ingest}


def _standing(alert: Json) -> Json:
    """A standing alert without how and when it was told, which is more than its line in `vigil alerts` says."""
    return {name: member for name, member in shown(alert).items() if name != "told"}


def _line(value: Json | bytes) -> str:
    said = json.loads(value) if isinstance(value, bytes) else value
    return json.dumps(said, sort_keys=True)


def _report(listeners: list[Listener], serving: list[ServingProcess], kills: int) -> None:
    heard = {each.path: {"heard": len(each.heard), "connections": each.connections} for each in listeners}
    refused = {each.path: dict(each.refused) for each in listeners if each.refused}
    ends = {each.role: each.ends for each in serving}
    print(json.dumps({"kills": kills, "streams": heard, "refused": refused, "ended by themselves": ends}), flush=True)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    """Run one campaign on an embedded broker of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--postgres", action="store_true", help="the read model in PostgreSQL, not in SQLite")
    chosen = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vigil-serving-")))
        broker = stack.enter_context(EmbeddedBroker(folder / "broker"))
        create_topics(broker.bootstrap)
        settings = WorkerSettings(bootstrap=broker.bootstrap, session_seconds=6.0)
        database = f"sqlite:///{folder / 'read-model.db'}"
        if chosen.postgres:
            database = stack.enter_context(run_postgres()).database()
        wrong = run(settings, everything(), seed=chosen.seed, kills=chosen.kills, folder=folder, database=database)
        print(json.dumps({"seed": chosen.seed, "wrong": wrong}), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
