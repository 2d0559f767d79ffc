"""Telling: the difference between what the public topics say and what stands.

Rules kept here:
- What was told is what the topics hold, never what a process remembers having sent: after a crash the topics are read
  again and compared with what stands, over all scopes.
- An alert that falls while its days overlap standing ones of its rule and scope is superseded by the one with the
  smallest (first day, id), whose record comes first and names what it replaces; else it is cancelled.
- A thread is the id under which people first saw an alert. An heir that was told keeps its own thread, else it takes
  that of its earliest-told predecessor. Two alerts that stand never share a thread.
- A thread that was told while open is never held back afterwards, whatever becomes of its alerts.
- A scope's aggregate stays valid until its next one; the record of `world` always names the newest clock.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import orjson

from schemas.alert import ENDED
from timeline.alerts import Episode, RuleScope
from timeline.correction import Correction
from timeline.rollup import Rollup
from timeline.times import day_number, time_text
from timeline.transitions import RULE_CHANGED, Record, ended, no_longer, raised, superseded, updated

_WINDOWS = b'"windows":'


class ScopeChange(NamedTuple):
    """What has to be told of one scope, together or not at all.

    `aggregate` is None when it stays, (None,) for a tombstone, (value,) for a new value. `alerts` are
    (key, value) in their order.
    """

    scope: str
    aggregate: tuple[bytes | None] | None
    alerts: tuple[tuple[str, bytes], ...]


class _Active(NamedTuple):
    """The alerts of a rule in a scope that were told and have not ended: records by id, and whose each thread is."""

    records: dict[str, Record]
    threads: dict[str, str]


class Told:
    """What the alerts topic and the aggregates topic hold."""

    def __init__(self) -> None:
        self._told: dict[RuleScope, _Active] = {}
        self._first_told: dict[str, int] = {}
        self._last_thread: dict[str, str] = {}
        self._noticed: set[str] = set()
        self._windows: dict[str, bytes] = {}
        self._feeds: set[str] = set()
        self._clock: str | None = None

    def recall_alert(self, value: bytes) -> None:
        """Take in a record of the alerts topic; in the order of the topic."""
        record: Record = orjson.loads(value)
        alert_id, thread = record["id"], record["thread"]
        self._first_told.setdefault(alert_id, len(self._first_told))
        self._last_thread[alert_id] = thread
        told = self._told.setdefault((record["rule"], record["scope"]), _Active({}, {}))
        if record["transition"] in ENDED:
            told.records.pop(alert_id, None)
            if told.threads.get(thread) == alert_id:
                del told.threads[thread]
        else:
            told.records[alert_id] = record
            told.threads[thread] = alert_id
        if record["notify"]:
            self._noticed.add(thread)

    def recall_aggregate(self, scope: str, value: bytes | None) -> None:
        """Take in a record of the aggregates topic; in the order of the topic."""
        if value is None:
            self._windows.pop(scope, None)
            return
        # Quotes inside of a text are escaped, so this is the member and nothing else.
        self._windows[scope] = value[value.index(_WINDOWS) + len(_WINDOWS) : -1]
        if "@" in scope:
            self._feeds.add(scope.rpartition("@")[2])
        if scope == "world":
            self._clock = orjson.loads(value)["clock"]

    def confirm(self, change: ScopeChange) -> None:
        """Take in what was written, once it is committed."""
        if change.aggregate is not None:
            self.recall_aggregate(change.scope, change.aggregate[0])
        for _, value in change.alerts:
            self.recall_alert(value)

    def differences(self, rollup: Rollup, everything: bool) -> Iterator[ScopeChange]:
        """Settle the rollup and yield what has to be told, scope by scope.

        With `everything` all that was told and all that stands is compared (at a takeover), else only what may have
        changed since the last settlement.
        """
        settled = rollup.settle()
        if rollup.clock is None or rollup.clock_day is None:
            return
        clock = time_text(rollup.clock)
        bases = rollup.scopes() if everything else settled.scopes | ({"world"} if clock != self._clock else set())
        pairs = self._everything(rollup) if everything else settled.alerts
        aggregates = self._aggregates(rollup, bases, clock, everything=everything)
        alerts: dict[str, list[tuple[str, bytes]]] = {}
        for rule_scope in sorted(pairs):
            records = [
                (rule_scope[1], orjson.dumps(record))
                for record in self._transitions(rollup, rule_scope, pairs[rule_scope])
            ]
            if records:
                alerts.setdefault(rule_scope[1], []).extend(records)
        for scope in sorted(aggregates.keys() | alerts.keys()):
            yield ScopeChange(scope, aggregates.get(scope), tuple(alerts.get(scope, ())))

    def _aggregates(
        self, rollup: Rollup, bases: Iterable[str], clock: str, *, everything: bool
    ) -> dict[str, tuple[bytes | None]]:
        changes: dict[str, tuple[bytes | None]] = {}
        gone = set(self._windows) if everything else self._told_of(bases)
        for base in bases:
            for scope, text in rollup.windows(base):
                gone.discard(scope)
                windows = text.encode()
                if windows != self._windows.get(scope) or (scope == "world" and clock != self._clock):
                    changes[scope] = (aggregate_json(scope, clock, windows),)
        changes.update(dict.fromkeys(gone, (None,)))
        return changes

    def _told_of(self, bases: Iterable[str]) -> set[str]:
        suffixes = ["", *["@" + feed for feed in self._feeds]]
        return {base + suffix for base in bases for suffix in suffixes if base + suffix in self._windows}

    def _everything(self, rollup: Rollup) -> dict[RuleScope, set[str]]:
        pairs = {pair: set(told.records) for pair, told in self._told.items()}
        for pair in rollup.alerts():
            pairs.setdefault(pair, set()).update(episode.id for episode in rollup.episodes(pair))
        return pairs

    def _transitions(self, rollup: Rollup, rule_scope: RuleScope, ids: set[str]) -> Iterator[Record]:
        """Yield what has to be told of these alerts of a rule in a scope, and of their heirs."""
        told = self._told.get(rule_scope, _NOTHING_TOLD)
        standing = [episode for alert_id in ids if (episode := rollup.episode(alert_id)) is not None]
        stand = {episode.id for episode in standing}
        fallen = [told.records[alert_id] for alert_id in ids if alert_id in told.records and alert_id not in stand]
        fallen.sort(key=lambda record: self._first_told[record["id"]])
        heirs: dict[str, Episode | None] = {}
        if fallen:
            everyone = list(rollup.episodes(rule_scope))
            heirs = {record["id"]: _heir(record, everyone) for record in fallen}
            standing += [heir for heir in _distinct(heirs.values()) if heir.id not in stand]
        threads = _Threads(told, {record["id"] for record in fallen})
        noticed: set[str] = set()
        for episode in sorted(standing, key=lambda episode: (episode.first, episode.id)):
            replaced = [record for record in fallen if (heir := heirs[record["id"]]) and heir.id == episode.id]
            record = self._told_anew(rollup, episode, replaced, threads)
            if record is not None:
                noticed |= {record["thread"]} if record["notify"] else set()
                yield record
        for record in fallen:
            heir, (reason, correction) = heirs[record["id"]], _why(rollup, record)
            if heir is None:
                yield ended(record, reason, correction)
                continue
            notify = record["notify"] or record["thread"] in noticed
            yield superseded(record, heir.id, threads.of(heir.id), notify=notify, correction=correction)

    def _told_anew(self, rollup: Rollup, episode: Episode, replaced: list[Record], threads: _Threads) -> Record | None:
        members = episode.members(rollup.clock_day or 0)
        old = threads.told.records.get(episode.id)
        if old is not None:
            return updated(old, members, replaced)
        wanted = [record["thread"] for record in replaced]
        if episode.id in self._last_thread:
            wanted.append(self._last_thread[episode.id])
        thread = threads.take(episode.id, wanted)
        return raised(members, thread, replaced, noticed=thread in self._noticed)


class _Threads:
    """Which threads are free: two alerts that stand never share one."""

    def __init__(self, told: _Active, fallen: set[str]) -> None:
        self.told = told
        self._fallen = fallen
        self._taken: dict[str, str] = {}

    def take(self, alert_id: str, wanted: list[str]) -> str:
        """Give an alert the first of the wanted threads that is free, else its own id or that with a number."""
        numbered = (f"{alert_id}-{number}" for number in itertools.count(2))
        thread = next(thread for thread in itertools.chain(wanted, [alert_id], numbered) if self._is_free(thread))
        self._taken[thread] = alert_id
        return thread

    def of(self, alert_id: str) -> str:
        """Return the thread of an alert that stands."""
        taken = next((thread for thread, owner in self._taken.items() if owner == alert_id), None)
        return taken if taken is not None else str(self.told.records[alert_id]["thread"])

    def _is_free(self, thread: str) -> bool:
        owner = self.told.threads.get(thread)
        return thread not in self._taken and (owner is None or owner in self._fallen)


_NOTHING_TOLD = _Active({}, {})


def aggregate_json(scope: str, clock: str, windows: bytes) -> bytes:
    """Return the aggregate of a scope as canonical JSON; `windows` is canonical JSON."""
    return b'{"clock":"%s","scope":%s,%s%s}' % (clock.encode(), orjson.dumps(scope), _WINDOWS, windows)


def _heir(record: Record, standing: list[Episode]) -> Episode | None:
    first, last = day_number(record["first_day"]), day_number(record["last_day"])
    overlapping = [episode for episode in standing if episode.first <= last and episode.last >= first]
    return min(overlapping, key=lambda episode: (episode.first, episode.id), default=None)


def _distinct(episodes: Iterable[Episode | None]) -> list[Episode]:
    return list({episode.id: episode for episode in episodes if episode is not None}.values())


def _why(rollup: Rollup, record: Record) -> tuple[str, Correction | None]:
    rule = rollup.rules.by_id.get(record["rule"])
    if rule is None or rule.version != record["rule_version"]:
        return RULE_CHANGED, None
    causes = [(cause["id"], cause["content"]) for cause in record["causes"]]
    days = day_number(record["first_day"]), day_number(record["last_day"])
    correction = rollup.corrections.find(rule, record["scope"], days, causes)
    return no_longer(correction), correction
