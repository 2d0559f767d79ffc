"""`python -m tests.bench.streams [--only NAME]...`: prints a JSON line for each of what it measures of the streams.

`disconnects`: random disconnects while events flow and the server is killed; gaps, repeats, order against the log.
`subscribers`: many at once; memory of the server, and the delay from the send of a transition to each of them.
`alerts`: from the send of an event to its alert at a client, through ledger and roller, beside the raw way of a record
through the same broker at the same time, and the time at which a Kafka client reads the alert.

On an embedded broker of its own. Wall clock depends on what else the machine does.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from eventlog.node.embedded import EmbeddedBroker
from eventlog.topics import create_topics
from eventlog.writing import Writer
from processors.settings import WorkerSettings
from schemas.event import check_event
from schemas.topics import ALERTS, INCIDENTS, RULES, events_topic
from tests.bench.material import attack, coup
from tests.bench.measure import cpu_seconds, peak_mib, percentile, resident_mib
from tests.campaign.material import ROOT
from tests.disconnects import ALERT, Disconnects
from tests.processes import WorkerProcess
from tests.sse import Event, connect
from tests.stream_server import StreamServer
from timeline.cloud_events import headers_of
from timeline.identity import assertion, encode

Report = dict[str, Any]
RAW = "raw."
"""Prefix of the topics on which the raw way of a record is measured."""
ALERT_EVERY = 10
RAW_SECONDS = 0.05
WARM_UP_SECONDS = 8


async def disconnects(bootstrap: str, chosen: argparse.Namespace) -> Report:
    """All of `chosen.disconnects`."""
    campaign = Disconnects(
        bootstrap,
        "disconnects.",
        disconnects=chosen.disconnects,
        kills=chosen.kills,
        clients=24,
        per_second=200,
        seed=chosen.seed,
    )
    return await campaign.run()


async def subscribers(bootstrap: str, chosen: argparse.Namespace) -> Report:
    """So many of the stream of alerts, in two processes; so many transitions a second for so many seconds."""
    prefix, server = "subscribers.", await asyncio.to_thread(StreamServer, bootstrap, "subscribers.")
    pid = server.process.pid
    report: Report = {"subscribers": chosen.subscribers, "per_second": chosen.per_second, "seconds": chosen.seconds}
    report["server_mib_without"] = resident_mib(pid)
    groups = [
        await asyncio.to_thread(_group, f"{server.url}/stream/alerts", (chosen.subscribers + half) // 2)
        for half in (0, 1)
    ]
    try:
        report["server_mib_connected"] = resident_mib(pid)
        cpu = cpu_seconds(pid)
        sent = await _transitions(bootstrap, prefix + ALERTS, chosen.per_second, chosen.seconds)
        await asyncio.sleep(2.0)
        report["server_cpu_share"] = round((cpu_seconds(pid) - cpu) / chosen.seconds, 2)
        report |= {"server_mib_after": resident_mib(pid), "server_mib_peak": peak_mib(pid)}
        heard = [json.loads(group.communicate("")[0].splitlines()[-1]) for group in groups]
    finally:
        server.kill()
    report["delivered"] = round(sum(each["count"] for each in heard) / (sent * chosen.subscribers), 4)
    report["lost_connections"] = sum(each["lost"] for each in heard)
    return report | {f"delay_ms_{name}": max(each[name] for each in heard) for name in ("p50", "p99", "max")}


def _group(url: str, count: int) -> subprocess.Popen[str]:
    group = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.subscribers", url, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert group.stdout is not None
    assert int(group.stdout.readline()) == count
    return group


async def _transitions(bootstrap: str, topic: str, per_second: int, seconds: int) -> int:
    """As the roller tells them, one in a transaction of its own; how many."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id="bench-streams") as producer:
        started = time.perf_counter()
        for number in range(per_second * seconds):
            await asyncio.sleep(max(0.0, started + number / per_second - time.perf_counter()))
            alert = ALERT | {"id": str(number), "scope": f"country:{number % 50}", "title": str(time.monotonic_ns())}
            await producer.begin_transaction()
            await producer.send(topic, json.dumps(alert).encode(), key=alert["scope"].encode())
            await producer.commit_transaction()
    return per_second * seconds


async def alerts(bootstrap: str, chosen: argparse.Namespace) -> Report:
    """At `chosen.events` events a second, of which a tenth raise an alert each."""
    settings = WorkerSettings(bootstrap=bootstrap, prefix="alerts.")
    with Writer(bootstrap) as writer:
        writer.send(settings.topic(RULES), key=None, value=(ROOT / "rules.yaml").read_bytes())
    workers = [WorkerProcess(role, settings) for role in ("roller", "ledger")]
    server = await asyncio.to_thread(StreamServer, bootstrap, settings.prefix)
    sent, seen, on_topic, raw = dict[str, float](), dict[str, float](), dict[str, float](), list[float]()
    try:
        workers[0].wait_for("takeover", step="follow", seconds=120)
        workers[1].wait_for("assigned")
        connection = await connect(f"{server.url}/stream/alerts", lambda block: _note(block, seen))
        async with _raw_way(bootstrap, raw), _topic(bootstrap, settings.topic(ALERTS), on_topic):
            await _events(settings, sent, chosen.events, chosen.seconds)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(60):
                    while not sent.keys() <= seen.keys():
                        await asyncio.sleep(0.05)
        connection.transport.abort()
    finally:
        server.kill()
        for worker in workers:
            worker.kill()
    # The first seconds meet workers, a server and a broker that have just started.
    measured = list(sent.items())[chosen.events // ALERT_EVERY * WARM_UP_SECONDS :]
    waits = [(seen[key] - at) * 1000 for key, at in measured if key in seen]
    report: Report = {"events_a_second": chosen.events, "alerts": len(measured), "missing": len(measured) - len(waits)}
    on_topic_waits = [(on_topic[key] - at) * 1000 for key, at in measured if key in on_topic]
    for share in (0.5, 0.99):
        report[f"publish_to_topic_ms_p{round(100 * share)}"] = round(percentile(on_topic_waits, share), 1)
        report[f"publish_to_client_ms_p{round(100 * share)}"] = round(percentile(waits, share), 1)
        report[f"raw_produce_to_consume_ms_p{round(100 * share)}"] = round(percentile(raw, share), 1)
    return report


def _note(block: Event, seen: dict[str, float]) -> None:
    if block.name == "alert":
        _note_causes(block.json, seen)


def _note_causes(alert: Report, seen: dict[str, float]) -> None:
    now = time.perf_counter()
    for cause in alert["causes"]:
        seen.setdefault(cause["id"], now)


@contextlib.asynccontextmanager
async def _topic(bootstrap: str, topic: str, seen: dict[str, float]) -> AsyncIterator[None]:
    """Note when a Kafka client reads the alerts: what the rest of the way takes is the streams' part."""
    consumer: Any = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, isolation_level="read_committed", auto_offset_reset="latest"
    )
    async with consumer:
        await consumer.seek_to_end()

        async def read() -> None:
            async for record in consumer:
                _note_causes(json.loads(record.value), seen)

        task = asyncio.create_task(read())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _events(settings: WorkerSettings, sent: dict[str, float], per_second: int, seconds: int) -> None:
    async with AIOKafkaProducer(bootstrap_servers=settings.bootstrap, acks="all") as producer:
        started = time.perf_counter()
        for number in range(per_second * (seconds + WARM_UP_SECONDS)):
            await asyncio.sleep(max(0.0, started + number / per_second - time.perf_counter()))
            raises = number % ALERT_EVERY == 0
            event = coup(number) if raises else attack(number)
            statement = assertion(check_event(event))
            if raises:
                sent[event["id"]] = time.perf_counter()
            topic, headers = settings.topic(events_topic(event["type"])), headers_of(statement)
            await producer.send(topic, key=statement.id.encode(), value=encode(statement), headers=headers)


@contextlib.asynccontextmanager
async def _raw_way(bootstrap: str, raw: list[float]) -> AsyncIterator[None]:
    """Send a record now and then, and note in milliseconds when it comes back from the same broker."""
    consumer: Any = AIOKafkaConsumer(RAW + INCIDENTS, bootstrap_servers=bootstrap, auto_offset_reset="latest")
    async with consumer, AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        await consumer.seek_to_end()

        async def write() -> None:
            while True:
                await producer.send(RAW + INCIDENTS, str(time.perf_counter()).encode())
                await asyncio.sleep(RAW_SECONDS)

        async def read() -> None:
            async for record in consumer:
                raw.append((time.perf_counter() - float(record.value)) * 1000)

        tasks = [asyncio.create_task(write()), asyncio.create_task(read())]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


MEASURES = {"disconnects": disconnects, "subscribers": subscribers, "alerts": alerts}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=[*MEASURES])
    parser.add_argument("--disconnects", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--subscribers", type=int, default=1_000)
    parser.add_argument("--per-second", type=int, default=20, help="transitions a second for the subscribers")
    parser.add_argument("--events", type=int, default=500, help="events a second for the alerts")
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vigil-bench-") as folder, EmbeddedBroker(Path(folder)) as broker:
        for prefix in ("disconnects.", "subscribers.", "alerts.", RAW):
            create_topics(broker.bootstrap, prefix=prefix)
        for name in chosen.only or MEASURES:
            report = asyncio.run(MEASURES[name](broker.bootstrap, chosen))
            print(json.dumps({"measure": name, **report, "load": round(os.getloadavg()[0], 2)}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
