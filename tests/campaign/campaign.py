"""Two ledgers and two rollers at work, and what is done to them while they have something left to read.

A victim is frozen, given work, let go, and frozen again at a random moment or at a phase that it has just logged. Only
then is its lag measured, so that a blow that counts is one against a worker that holds partitions with lag. The blow is
`kill -9`, or to stay frozen beyond the session timeout. What ends is started again, as the supervisor would.
"""

from __future__ import annotations

import itertools
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from processors.settings import WorkerSettings
from tests.outcome import apply_rules, is_read, ledger_lag, publish, roller_lag
from tests.processes import Line, WorkerProcess, until

Json = dict[str, Any]
Place = tuple[str, int]

LEDGER_PHASES = ("decided", "written", "acked")
TAKEOVER_STEPS = ("fence", "recall", "rules", "read", "evaluate", "tell", "begin", "written", "follow")
SLICE = 50


class Campaign:
    """Its workers, its material, what was done so far (`blows`), and who ended by himself (`crashes`).

    Of the rule sets the first is in force at the start; each `change_rules` puts the next of them in force.
    """

    def __init__(self, settings: WorkerSettings, events: list[Json], rule_sets: list[list[Json]], *, seed: int) -> None:
        self.settings, self.events = settings, events
        self.chance = random.Random(seed)
        self.blows: list[Json] = []
        self.crashes: list[str] = []
        self.runs: list[WorkerProcess] = []
        self._published = 0
        self._feeding = threading.Lock()
        self._rule_sets = itertools.cycle(rule_sets)
        self.change_rules()
        self.workers = {role: [self._start(role), self._start(role)] for role in ("ledger", "roller")}

    def change_rules(self) -> None:
        """Put the next rule set in force, whatever the workers do."""
        self.rules = next(self._rule_sets)
        apply_rules(self.settings, self.rules)

    def _start(self, role: str) -> WorkerProcess:
        worker = WorkerProcess(role, self.settings)
        self.runs.append(worker)
        return worker

    def revive(self, role: str) -> None:
        """Start again what has ended; by itself only a roller may, one that was fenced."""
        for index, worker in enumerate(self.workers[role]):
            if worker.process.poll() is not None:
                worker.kill()
                self._note_end(worker)
                self.workers[role][index] = self._start(role)

    def _note_end(self, worker: WorkerProcess) -> None:
        ends = worker.find("this worker ends")
        if ends and not (worker.role == "roller" and "Fenced" in str(ends[-1].get("error"))):
            self.crashes.append(f"{worker.role} {worker.process.pid}: {ends[-1]}")

    def feed(self, count: int = SLICE) -> None:
        """Publish the next events; once all are published, some of them again."""
        with self._feeding:
            start, self._published = self._published, self._published + count
        publish(self.settings, self.events[start : start + count] or self.chance.sample(self.events, SLICE))

    def holder(self, role: str) -> WorkerProcess | None:
        """A worker that holds partitions in the newest generation of its group; of two, any."""
        said = [(worker, worker.find("assigned")) for worker in self.workers[role]]
        newest = max([lines[-1]["generation"] for _, lines in said if lines], default=0)
        holding = [
            worker
            for worker, lines in said
            if lines
            and lines[-1]["generation"] == newest
            and worker.process.poll() is None
            and (lines[-1].get("partitions") or lines[-1].get("active"))
        ]
        return self.chance.choice(holding) if holding else None

    def lag_of(self, worker: WorkerProcess) -> int:
        """How much of what the worker holds is not committed."""
        if worker.role == "roller":
            return sum(roller_lag(self.settings).values())
        held = {tuple(place) for place in worker.find("assigned")[-1]["partitions"]}
        return sum(lag for place, lag in ledger_lag(self.settings).items() if place in held)

    def strike(self, role: str, *, phase: str | None = None, frozen_seconds: float = 0.0) -> None:
        """Strike a worker that has lag, at a phase or at a random moment; try until one is met so."""
        deadline = time.monotonic() + 90.0
        while time.monotonic() < deadline:
            self.revive(role)
            victim = self.holder(role)
            if victim is None or not self._give_work(victim):
                time.sleep(0.1)
                continue
            seen = len(victim.lines)
            victim.signal(signal.SIGCONT)
            if phase is None:
                time.sleep(self.chance.uniform(0.0, 0.06))
            elif not _wait_briefly(lambda: any(_phase_of(line) == phase for line in victim.lines[seen:])):  # noqa: B023
                continue
            if self.blow(victim, frozen_seconds=frozen_seconds):
                return
        raise AssertionError(f"no {role} was met with lag, phase {phase}")

    def blow(self, victim: WorkerProcess, *, frozen_seconds: float = 0.0) -> bool:
        """Freeze the worker where it stands; if it has lag, kill it or leave it frozen, and note it."""
        if victim.process.poll() is not None:
            return False
        victim.signal(signal.SIGSTOP)
        lag = self.lag_of(victim)
        if not lag:
            victim.signal(signal.SIGCONT)
            return False
        phase = next((said for line in reversed(list(victim.lines)) if (said := _phase_of(line))), "none")
        note = {"role": victim.role, "pid": victim.process.pid, "lag": lag, "phase": phase}
        self.blows.append(note | {"blow": f"stop {frozen_seconds:g} s" if frozen_seconds else "kill"})
        print(len(self.blows), self.blows[-1], flush=True)
        if frozen_seconds:
            time.sleep(frozen_seconds)
            victim.signal(signal.SIGCONT)
        else:
            victim.kill()
        self.revive(victim.role)
        return True

    def strike_in_takeover(self, step: str) -> None:
        """Kill the active roller, and whoever takes over then at this step of it."""
        for _ in range(5):
            self.strike("roller")
            before = {id(worker): len(worker.lines) for worker in self.workers["roller"]}

            def met() -> list[WorkerProcess]:
                return [
                    worker
                    for worker in self.workers["roller"]
                    if any(_phase_of(line) == step for line in worker.lines[before.get(id(worker), 0) :])  # noqa: B023
                ]

            if _wait_briefly(met, seconds=20.0) and self.blow(met()[0]):
                return
        raise AssertionError(f"no roller was met in the step {step}")

    def _give_work(self, victim: WorkerProcess) -> bool:
        """Freeze the worker until there is something for it to read; not for as long as its session lasts."""
        victim.signal(signal.SIGSTOP)
        if self.lag_of(victim) < SLICE:
            self.feed()
        if _wait_briefly(lambda: self.lag_of(victim), seconds=2.0):
            return True
        victim.signal(signal.SIGCONT)
        return False

    def finish(self, *, seconds: float = 90.0) -> None:
        """Publish the rest, wait until all is read, and stop the workers."""
        self.feed(len(self.events))

        def done() -> bool:
            for role in self.workers:
                self.revive(role)
            return is_read(self.settings)

        until(done, seconds=seconds, poll_seconds=0.3)
        for pair in self.workers.values():
            for worker in pair:
                until(lambda: worker.find("assigned") or worker.process.poll() is not None)  # noqa: B023
                if worker.stop() != 0:
                    # A roller that was stopped may learn only now that it is fenced.
                    self._note_end(worker)

    def close(self) -> None:
        """Leave no process behind."""
        for worker in self.runs:
            worker.kill()


def skipped_ranges(runs: list[WorkerProcess]) -> list[str]:
    """What ledger runs left out: each reads every offset from its committed start on, assignment by assignment."""
    wrong = []
    for run in runs:
        expected: dict[Place, int] = {}
        for line in [line for line in run.lines if run.role == "ledger"]:
            if line["what"] == "state read":
                expected = {(topic, partition): offset for topic, partition, offset in line["starts"]}
            elif line["what"] == "batch" and line["phase"] == "decided":
                for part in line["ranges"]:
                    place = (part["topic"], part["partition"])
                    if expected.get(place) != part["first"]:
                        wrong.append(
                            f"pid {run.process.pid} read {place} from {part['first']}, not {expected.get(place)}"
                        )
                    expected[place] = part["last"] + 1
    return wrong


def counted(blows: list[Json]) -> Counter[str]:
    """How often each kind of blow was dealt."""
    return Counter(f"{blow['role']} {blow['blow'].split()[0]} in {blow['phase']}" for blow in blows)


def _phase_of(line: Line) -> str | None:
    if line["what"] in ("batch", "transaction"):
        return str(line["phase"])
    return str(line["step"]) if line["what"] == "takeover" else None


def _wait_briefly(condition: Callable[[], object], *, seconds: float = 3.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.001)
    return True
