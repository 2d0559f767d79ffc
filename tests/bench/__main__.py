"""`python -m tests.bench [--events N] [--only NAME]`: prints a table to stderr and one JSON report to stdout.

Wall clock depends on what else the machine does; CPU per event hardly does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from eventlog.node.embedded import EmbeddedBroker
from eventlog.reading import end_offsets
from eventlog.topics import create_topics
from eventlog.writing import Writer
from processors.running import raise_gc_thresholds
from processors.settings import WorkerSettings
from schemas.event import check_event, parse_event
from schemas.rule_text import parse_rules
from schemas.topics import AGGREGATES, ALERTS, INCIDENTS, POLITICAL, RULES, TIMELINE, events_topic
from tests.bench.material import attack, coup, many, ready, real_rows
from tests.bench.measure import Progress, cpu_seconds, peak_mib, percentile, wait_until
from tests.campaign.material import ROOT
from tests.outcome import records
from tests.processes import WorkerProcess
from timeline.cloud_events import headers_of
from timeline.identity import assertion, decode, encode
from timeline.ordering import Known
from timeline.rollup import Rollup
from timeline.telling import Told

Report = dict[str, Any]
RULES_FILE = ROOT / "rules.yaml"
PER_SECOND, LATENCY_SECONDS = 500, 12


def stages(events: list[Report]) -> Report:
    """CPU microseconds an event of each part of the core, in this process."""
    raw = [json.dumps(event).encode() for event in events]
    spent: Report = {}
    raise_gc_thresholds()

    def timed(name: str, work: Callable[[], Any]) -> Any:
        started = time.process_time()
        result = work()
        spent[name] = round((time.process_time() - started) / len(raw) * 1e6, 1)
        return result

    parsed = timed("validate", lambda: [parse_event(value) for value in raw])
    said = timed("hash", lambda: [assertion(event) for event in parsed])
    known = Known()

    def decide() -> None:
        for one in said:
            if known.decide(one):
                known.add(one)

    timed("decide", decide)
    values = timed("encode", lambda: [encode(one) for one in said])
    contents = [one.stamp.content for one in said]
    read = timed("decode", lambda: [decode(*pair) for pair in zip(values, contents, strict=True)])
    rollup, told = Rollup(parse_rules(RULES_FILE.read_text())), Told()

    def follow() -> None:
        for start in range(0, len(read), 2000):
            for one in read[start : start + 2000]:
                rollup.apply(one)
            for change in list(told.differences(rollup, everything=False)):
                told.confirm(change)

    timed("apply, settle and tell, 2,000 at a time", follow)
    spent["scopes"] = len(list(rollup.scopes()))
    return spent


class Bench:
    """One broker, one log, and the measurements on it, in order."""

    def __init__(self, bootstrap: str, count: int, *, broker_pid: int) -> None:
        self.settings = WorkerSettings(bootstrap=bootstrap)
        self.broker_pid = broker_pid
        self.count = count
        self.rows = real_rows()
        self.report: Report = {"rows": len(self.rows), "events": count}

    def start(self, role: str) -> WorkerProcess:
        return WorkerProcess(role, self.settings)

    def ledger_progress(self) -> Progress:
        return Progress(self.settings, self.settings.ledger_group, [INCIDENTS, POLITICAL])

    def roller_progress(self) -> Progress:
        return Progress(self.settings, self.settings.progress_group, [TIMELINE])

    async def start_up(self) -> None:
        """From a process that does not exist to one that consumes, on an empty log."""
        with Writer(self.settings.bootstrap) as writer:
            writer.send(RULES, key=None, value=RULES_FILE.read_bytes())
        for role in ("ledger", "roller"):
            worker = self.start(role)
            if role == "ledger":
                worker.wait_for("assigned")
            else:
                worker.wait_for("takeover", step="follow")
            self.report[f"{role}: start-up until ready, seconds"] = round(time.monotonic() - worker.started, 2)
            worker.stop()

    async def publish(self) -> None:
        """All events, as fast as one process sends them; kafka-python, as `vigil publish` does."""
        outgoing = ready(many(self.rows, self.count), "")
        started, cpu = time.perf_counter(), time.process_time()
        with Writer(self.settings.bootstrap) as writer:
            for (topic, partition), waiting in outgoing.items():
                for key, value, headers in waiting:
                    writer.send(topic, key=key, value=value, headers=headers, partition=partition)
        self._rate("publish", self.count, time.perf_counter() - started, time.process_time() - cpu)

    async def pipeline(self) -> None:
        """Ledger and roller together, from the first event to the last alert."""
        workers = {role: self.start(role) for role in ("roller", "ledger")}
        workers["roller"].wait_for("takeover", step="follow")
        workers["ledger"].wait_for("assigned")
        started = time.perf_counter()
        before = {role: cpu_seconds(worker.process.pid) for role, worker in workers.items()}
        broker_before = cpu_seconds(self.broker_pid)
        async with self.ledger_progress() as ledger, self.roller_progress() as roller:
            ledger_done = await ledger.wait_for(self.count)
            spent = cpu_seconds(workers["ledger"].process.pid) - before["ledger"]
            self._rate("pipeline: ledger", self.count, ledger_done - started, spent)
            accepted = await self._timeline_length()
            done = await roller.wait_for(accepted)
        spent = cpu_seconds(workers["roller"].process.pid) - before["roller"]
        self._rate("pipeline: roller", accepted, done - started, spent)
        self.report["pipeline: events a second"] = round(self.count / (done - started))
        broker_cpu = cpu_seconds(self.broker_pid) - broker_before
        self.report["pipeline: broker, CPU us an event"] = round(broker_cpu / self.count * 1e6, 1)
        for role, worker in workers.items():
            self.report[f"{role}: peak memory, MiB"] = peak_mib(worker.process.pid)
            worker.stop()
        told = {name: len(await asyncio.to_thread(records, self.settings, name)) for name in (ALERTS, AGGREGATES)}
        self.report |= {f"records of {name}": count for name, count in told.items()}

    async def restart(self) -> None:
        """Each worker again, with all of its state to be read."""
        roller = self.start("roller")
        roller.wait_for("takeover", step="follow", seconds=120)
        self.report["roller: restart with full state, seconds"] = round(time.monotonic() - roller.started, 2)
        self.report["roller: restart, MiB"] = peak_mib(roller.process.pid)
        roller.stop()
        ledger = self.start("ledger")
        with Writer(self.settings.bootstrap) as writer:
            event = assertion(parse_event(json.dumps(attack(-1)).encode()))
            writer.send(INCIDENTS, key=event.id.encode(), value=encode(event))
        ledger.wait_for("state read", seconds=120)
        self.report["ledger: restart with full state, seconds"] = round(time.monotonic() - ledger.started, 2)
        ledger.stop()

    async def latency(self) -> None:
        """From the send of an event to its alert, at 500 events a second of which a tenth raise one."""
        workers = [self.start(role) for role in ("roller", "ledger")]
        workers[0].wait_for("takeover", step="follow", seconds=120)
        workers[1].wait_for("assigned")
        sent: dict[str, float] = {}
        seen: dict[str, float] = {}
        follower: Any = AIOKafkaConsumer(
            ALERTS,
            bootstrap_servers=self.settings.bootstrap,
            isolation_level="read_committed",
            auto_offset_reset="latest",
            fetch_max_wait_ms=100,
        )
        await follower.start()
        await follower.seek_to_end()
        try:
            reading = asyncio.create_task(_note_alerts(follower, seen))
            await self._send_steadily(sent)
            await wait_until(lambda: _all_seen(sent, seen), seconds=60)
            reading.cancel()
        finally:
            await follower.stop()
        for worker in workers:
            worker.stop()
        # The first second meets workers that have just started and the ledger's reading of its state.
        waits = [(seen[key] - at) * 1000 for key, at in list(sent.items())[PER_SECOND // 10 * 2 :]]
        for share in (0.5, 0.99):
            name = f"publish to alert at {PER_SECOND}/s, p{round(share * 100)}, ms"
            self.report[name] = round(percentile(waits, share), 1)

    async def _send_steadily(self, sent: dict[str, float]) -> None:
        producer: Any = AIOKafkaProducer(bootstrap_servers=self.settings.bootstrap, acks="all")
        await producer.start()
        started = time.perf_counter()
        for number in range(PER_SECOND * LATENCY_SECONDS):
            await asyncio.sleep(max(0.0, started + number / PER_SECOND - time.perf_counter()))
            event = coup(number) if number % 10 == 0 else attack(number)
            statement = assertion(check_event(event))
            if number % 10 == 0:
                sent[event["id"]] = time.perf_counter()
            topic, headers = events_topic(event["type"]), headers_of(statement)
            await producer.send(topic, key=statement.id.encode(), value=encode(statement), headers=headers)
        await producer.stop()

    async def _timeline_length(self) -> int:
        return sum((await end_offsets(self.settings.bootstrap, TIMELINE)).values())

    def _rate(self, name: str, count: int, seconds: float, cpu: float) -> None:
        self.report[f"{name}, events a second"] = round(count / seconds)
        self.report[f"{name}, CPU us an event"] = round(cpu / count * 1e6, 1)


async def _note_alerts(follower: Any, seen: dict[str, float]) -> None:
    while True:
        for batch in (await follower.getmany(timeout_ms=100)).values():
            now = time.perf_counter()
            for record in batch:
                for cause in json.loads(record.value)["causes"]:
                    seen.setdefault(cause["id"], now)


async def _all_seen(sent: dict[str, float], seen: dict[str, float]) -> bool:
    return sent.keys() <= seen.keys()


async def measure(bench: Bench) -> None:
    """All of it, in order."""
    await bench.start_up()
    await bench.publish()
    await bench.pipeline()
    await bench.restart()
    await bench.latency()


def main() -> int:
    """Run on an embedded broker of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vigil-bench-") as folder:
        broker, started = EmbeddedBroker(Path(folder)), time.perf_counter()
        with broker:
            assert broker.state is not None
            create_topics(broker.bootstrap)
            ready_after = round(time.perf_counter() - started, 2)
            bench = Bench(broker.bootstrap, chosen.events, broker_pid=broker.state.pid)
            bench.report["broker: start-up until ready, topics created, seconds"] = ready_after
            asyncio.run(measure(bench))
    report = bench.report | {
        "core, CPU us an event": stages(list(many(bench.rows, min(chosen.events, 20_000)))),
        "machine": f"{os.cpu_count()} x {platform.machine()}, Python {platform.python_version()}",
        "load": os.getloadavg()[0],
    }
    for name, value in report.items():
        for part, number in value.items() if isinstance(value, dict) else [("", value)]:
            print(f"{f'{name}: {part}' if part else name:<70} {number:>12}", file=sys.stderr)
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
