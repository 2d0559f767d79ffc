"""`python -m tests.bench.rule_change [--events N]`: what a change of the rules costs on a full state, and whether it is
told once, undisturbed and with kills at several moments of taking it in and of telling it.

An embedded broker of its own, the default rules, N events published and told; then one rule is removed, one threshold
lowered, one rule reworded and one added, and all of it taken back, again and again. Every change is checked on the
alerts topic as `tests.rule_changes` says. Prints a table to stderr and one JSON report to stdout; exit 1 if anything is
wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eventlog.node.embedded import EmbeddedBroker
from eventlog.topics import create_topics
from eventlog.writing import Writer
from processors.settings import WorkerSettings
from schemas.topics import ALERTS, INCIDENTS, POLITICAL
from tests.bench.material import many, ready, real_rows
from tests.bench.measure import Progress, resident_mib
from tests.outcome import apply_rules, is_read, records
from tests.processes import WorkerProcess, until
from tests.rule_changes import Blow, Pair, Telling, changed_set, default_set

Report = dict[str, Any]

# What is done to each change, in turn: kills in the takeover, in the middle of a transaction and between two; of one,
# and of whoever comes after it. A transaction is written in some 100 ms, so a short while after its begin is amid it.
PLAN: list[list[Blow]] = [
    [],
    [],
    [],
    [],
    [Blow("fence")],
    [Blow("recall")],
    [Blow("read")],
    [Blow("evaluate")],
    [Blow("tell")],
    [Blow("begin", 1, 0.03)],
    [Blow("written", 1)],
    [Blow("committed", 1)],
    [Blow("begin", 2, 0.05)],
    [Blow("written", 2), Blow("committed", 1)],
    [Blow("committed", 2), Blow("written", 1)],
    [Blow("written", 1), Blow("evaluate"), Blow("begin", 1, 0.05)],
]
_EXAMPLES = 5


def load(settings: WorkerSettings, count: int) -> None:
    """Publish so many events under the default rules, and wait until all of it is told."""
    apply_rules(settings, default_set())
    with Writer(settings.bootstrap) as writer:
        for (topic, partition), waiting in ready(many(real_rows(), count), settings.prefix).items():
            for key, value, headers in waiting:
                writer.send(topic, key=key, value=value, headers=headers, partition=partition)
    workers = [WorkerProcess(role, settings) for role in ("roller", "ledger")]

    async def all_taken() -> None:
        async with Progress(settings, settings.ledger_group, [INCIDENTS, POLITICAL]) as ledger:
            await ledger.wait_for(count)

    asyncio.run(all_taken())
    until(lambda: is_read(settings), seconds=300, poll_seconds=0.5)
    for worker in workers:
        worker.stop()


def changes(settings: WorkerSettings) -> Iterator[Report]:
    """Carry the plan out; yield what each change of rules was like."""
    telling = Telling(settings)
    pair = Pair(settings)
    sets, threads = [default_set(), changed_set()], [telling.threads(), {}]
    try:
        for number, blows in enumerate(PLAN):
            before, after = sets[number % 2], sets[(number + 1) % 2]
            seconds, died_in = pair.change(after, blows)
            told, troubles = telling.check(before, after)
            known = threads[(number + 1) % 2]
            threads[(number + 1) % 2] = now = telling.threads()
            yield {
                "blows": [_text(blow) for blow in blows],
                "died in": died_in,
                "seconds": round(seconds, 1),
                "told": dict(sorted(told.items())),
                "standing": len(now),
                "threads that were others before": sum(1 for each in known if known[each] != now.get(each)),
                "takeover": _steps(pair.active()) if not blows else {},
                "roller, MiB": resident_mib(pair.active().process.pid),
                "wrong": len(troubles),
                "examples": troubles[:_EXAMPLES],
            }
    finally:
        pair.close()


def _text(blow: Blow) -> str:
    later = f" + {blow.later_seconds * 1000:g} ms" if blow.later_seconds else ""
    return f"{blow.moment} {blow.number}{later}"


def _steps(roller: WorkerProcess) -> Report:
    """Seconds of each step of its last takeover."""
    lines = roller.find("takeover")
    last = max(index for index, line in enumerate(lines) if line["step"] == "fence")
    steps = [line["step"] for line in lines[last:]]
    return {step: line["since_last"] for step, line in zip(steps, lines[last + 1 :], strict=False)}


def main() -> int:
    """Run on an embedded broker of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    chosen = parser.parse_args()
    done: list[Report] = []
    # A small state has to be told in several transactions as well.
    most = min(WorkerSettings(bootstrap="").transaction, chosen.events // 20)
    with tempfile.TemporaryDirectory(prefix="vigil-bench-") as folder, EmbeddedBroker(Path(folder)) as broker:
        create_topics(broker.bootstrap)
        settings = WorkerSettings(bootstrap=broker.bootstrap, transaction=most, session_seconds=6.0, log_level="debug")
        started = time.perf_counter()
        load(settings, chosen.events)
        loaded = round(time.perf_counter() - started, 1)
        for change in changes(settings):
            done.append(change)
            _show(change)
        seen = {committed: len(records(settings, ALERTS, committed=committed)) for committed in (True, False)}
    wrong = sum(change["wrong"] for change in done)
    report = {"events": chosen.events, "load seconds": loaded, "changes": done, "load": os.getloadavg()[0]}
    report |= {"records": seen[True], "records of aborted transactions": seen[False] - seen[True], "wrong": wrong}
    print(json.dumps(report))
    return 1 if wrong else 0


def _show(change: Report) -> None:
    blows = ", ".join(change["blows"]) or "-"
    told = ", ".join(f"{count} {name}" for name, count in change["told"].items())
    print(
        f"{blows:<45} {'/'.join(change['died in']):<30} {change['seconds']:>6} s  {told:<70} wrong: {change['wrong']}"
        f"  {change['takeover'] or ''}",
        file=sys.stderr,
        flush=True,
    )
    for example in change["examples"]:
        print(f"  {example[:300]}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
