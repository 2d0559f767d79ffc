"""Changes of the rules on a log: which, who tells them, and whether they were told, once and no more.

What has to be told is computed twice: as a roller that nobody disturbs would tell it, to the byte, and by what may be
said of a change of rules at all, without the code that tells.
"""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import yaml

from cli.ruling.files import default_rules
from eventlog.reading import read_to_end
from eventlog.record import Record
from processors.settings import WorkerSettings
from schemas.topics import AGGREGATES, ALERTS
from tests.outcome import apply_rules, roller_lag, shown, statements
from tests.processes import WorkerProcess, until
from tests.simulation import ENDED, rule_set
from timeline.replay import alerts_lines, fold, standing_lines
from timeline.rollup import Rollup
from timeline.telling import Told

Json = dict[str, Any]

REMOVED, LOWERED, REWORDED, ADDED = "attackers-new-in-province", "deadly-week-province", "coup", "attack-kills-ten"
_RULE_CHANGED = "the rule changed"
_TELL_SECONDS = 180.0
_MOMENTS = ("takeover", "transaction")


def default_set() -> list[Json]:
    """The rules that Vigil starts with."""
    rules: list[Json] = yaml.safe_load(default_rules())["rules"]
    return rules


def changed_set() -> list[Json]:
    """The same with one rule removed, one threshold lowered, one rule reworded only, and one added."""
    rules = [rule for rule in default_set() if rule["id"] != REMOVED]
    by_id = {rule["id"]: rule for rule in rules}
    by_id[LOWERED]["reaches"] = 40
    by_id[REWORDED]["rationale"] = "Said in other words."
    added = {"id": ADDED, "kind": "match", "title": "An attack kills ten", "scope": "country", "severity": "moderate"}
    return [*rules, added | {"where": {"type": "attack", "killed.total.best": {"at_least": 10}}}]


class Blow(NamedTuple):
    """Kill whoever is active where it comes to this step or phase for so manyth time, or so much later."""

    moment: str
    number: int = 1
    later_seconds: float = 0.0


class Pair:
    """Two rollers, one active and one standing by; for one that is killed another is started."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._runs = [WorkerProcess("roller", settings)]
        self._runs[0].wait_for("takeover", step="follow", seconds=_TELL_SECONDS)
        self._start().wait_for("assigned", active=False)

    def change(self, rules: Sequence[Json], blows: Sequence[Blow] = ()) -> tuple[float, list[str]]:
        """Apply a rule set, deal the blows, and wait until it is told.

        Returns the seconds from the acknowledged application until then, and the last phase of each that was killed.
        """
        self._arm(blows[:1])
        before = self._takeovers()
        apply_rules(self._settings, rules)
        started = time.monotonic()
        died_in = [self._strike(blow, blows[number + 1 :]) for number, blow in enumerate(blows)]
        until(lambda: self._takeovers() > before, seconds=_TELL_SECONDS)
        seconds = time.monotonic() - started
        until(lambda: not any(roller_lag(self._settings).values()), poll_seconds=0.1)
        return seconds, died_in

    def active(self) -> WorkerProcess:
        """The one that holds the ticks; of two that believe to, the one that learnt it last."""

        def holders() -> list[tuple[int, WorkerProcess]]:
            said = [(worker.find("assigned")[-1:], worker) for worker in self._living()]
            return [(line["generation"], worker) for lines, worker in said for line in lines if line["active"]]

        until(holders)
        return max(holders(), key=lambda each: each[0])[1]

    def close(self) -> None:
        """Leave no process behind."""
        for worker in self._runs:
            worker.kill()

    def _start(self) -> WorkerProcess:
        self._runs.append(WorkerProcess("roller", self._settings))
        return self._runs[-1]

    def _living(self) -> list[WorkerProcess]:
        return [worker for worker in self._runs if worker.process.poll() is None]

    def _takeovers(self) -> int:
        return sum(len(worker.find("takeover", step="follow")) for worker in self._runs)

    def _arm(self, blows: Sequence[Blow]) -> None:
        for worker in self._living():
            worker.halt_at(*(blows[0][:2] if blows else ("", 0)))

    def _strike(self, blow: Blow, following: Sequence[Blow]) -> str:
        def halted() -> list[WorkerProcess]:
            return [worker for worker in self._living() if worker.is_halted()]

        until(halted, seconds=_TELL_SECONDS)
        [victim] = halted()
        if blow.later_seconds:
            victim.signal(signal.SIGCONT)
            time.sleep(blow.later_seconds)
        victim.kill()
        self._start()
        self._arm(following)
        phases = [line.get("phase") or line.get("step") for line in victim.lines if line["what"] in _MOMENTS]
        # One that was frozen at a moment could not log it any more.
        return str(phases[-1]) if blow.later_seconds else blow.moment


class Telling:
    """What the alerts topic has told up to now, and what a change of rules has to add to it.

    The timeline stays as it is; everything of it has been told when this is made.
    """

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._statements = statements(settings)
        self._rollups: dict[str, Rollup] = {}
        self._ends: dict[tuple[str, int], int] = {}
        self._told = Told()
        self._active: dict[str, Json] = {}
        for record in self._news(AGGREGATES):
            self._told.recall_aggregate((record.key or b"").decode(), record.value)
        for record in self._news(ALERTS):
            self._take(record)

    def threads(self) -> dict[str, str]:
        """The thread of each alert that stands."""
        return {alert_id: record["thread"] for alert_id, record in self._active.items()}

    def check(self, before: Sequence[Json], after: Sequence[Json]) -> tuple[Counter[str], list[str]]:
        """Read what was told since the last check, which has to be the change between two rule sets.

        Returns how many transitions there were of each kind, and what is wrong, in sentences.
        """
        rollup = self._fold(after)
        changes = list(self._told.differences(rollup, everything=True))
        expected = Counter(value for change in changes for _, value in change.alerts)
        news = self._news(ALERTS)
        told = Counter(record.value or b"" for record in news)
        troubles = [f"told, but not due: {value!r}" for value in (told - expected).elements()]
        troubles += [f"due, but not told: {value!r}" for value in (expected - told).elements()]
        troubles += [f"an aggregate changed: {record.key!r}" for record in self._news(AGGREGATES)]
        seen: Counter[str] = Counter()
        versions = _versions(before), _versions(after)
        for record in news:
            said = json.loads(record.value or b"")
            seen[said["id"]] += 1
            troubles += [f"{said['id']}: {what}" for what in self._wrong(said, *versions)]
            self._take(record)
        troubles += [f"{alert_id}: told {times} times" for alert_id, times in seen.items() if times > 1]
        troubles += self._wrong_in_the_end(rollup)
        return Counter(json.loads(value)["transition"] for value in told.elements()), troubles

    def _wrong(self, said: Json, before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
        """What a change of rules may not say, in the light of what was said before."""
        old, new = before.get(said["rule"]), after.get(said["rule"])
        stood, transition = self._active.get(said["id"]), said["transition"]
        if old == new:
            yield f"{said['rule']} did not change"
        if (stood is None) != (transition == "raised"):
            yield f"{transition}, but it {'did not stand' if stood is None else 'stood'}"
        if said["rule_version"] != (old if transition in ENDED else new):
            yield f"{transition} under another version of the rule"
        if said["correction"] is not None:
            yield "no correction made it fall"
        if transition in ("updated", "resolved", "cancelled") and _RULE_CHANGED not in said["reason"]:
            yield f"{transition} because {said['reason']!r}"
        if stood is not None and stood["thread"] != said["thread"]:
            yield f"its thread was {stood['thread']}"
        if transition == "superseded" and said["survivor"] != self._active.get(said["heir"], {}).get("thread"):
            yield f"its survivor {said['survivor']} is not the thread of its heir"

    def _wrong_in_the_end(self, rollup: Rollup) -> Iterator[str]:
        if list(standing_lines(map(shown, self._active.values()))) != list(alerts_lines(rollup)):
            yield "what stands is not what the timeline gives"
        if len(set(self.threads().values())) < len(self._active):
            yield "two alerts that stand share a thread"

    def _take(self, record: Record) -> None:
        self._told.recall_alert(record.value or b"")
        said = json.loads(record.value or b"")
        if said["transition"] in ENDED:
            self._active.pop(said["id"], None)
        else:
            self._active[said["id"]] = said

    def _fold(self, rules: Sequence[Json]) -> Rollup:
        rules_as_one = rule_set(rules)
        if rules_as_one.version not in self._rollups:
            self._rollups[rules_as_one.version] = fold(self._statements, rules_as_one)
        return self._rollups[rules_as_one.version]

    def _news(self, topic: str) -> list[Record]:
        """What was committed since the last time; records of one partition in their order."""
        name = self._settings.topic(topic)
        start = {number: end for (known, number), end in self._ends.items() if known == name}

        async def read() -> list[Record]:
            return [
                record async for batch in read_to_end(self._settings.bootstrap, name, start=start) for record in batch
            ]

        found = asyncio.run(read())
        for record in found:
            self._ends[name, record.partition] = record.offset + 1
        return found


def _versions(rules: Sequence[Json]) -> dict[str, str]:
    return {rule.id: rule.version for rule in rule_set(rules).rules}
