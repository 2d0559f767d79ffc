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

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson

from timeline.alerts import Episode, RuleScope
from timeline.correction import Correction
from timeline.rollup import Rollup
from timeline.times import DAY, day_text, time_text

Record = dict[str, Any]
"""A record of the alerts topic as JSON types."""

TELLING = ("transition", "thread", "replaces", "reason", "heir", "survivor", "notify", "correction")
"""Members that say how an alert was told; without them it is the standing alert."""

_ENDED = ("cancelled", "superseded")
_WINDOWS = b'"windows":'


class ScopeChange(NamedTuple):
    """What has to be told of one scope, together or not at all.

    `aggregate` is None when it stays, (None,) for a tombstone, (value,) for a new value. `alerts` are
    (key, value) in their order.
    """

    scope: str
    aggregate: tuple[bytes | None] | None
    alerts: tuple[tuple[str, bytes], ...]


class Told:
    """What the alerts topic and the aggregates topic hold."""

    def __init__(self) -> None:
        self._alerts: dict[RuleScope, dict[str, Record]] = {}
        self._noticed: set[str] = set()
        self._windows: dict[str, bytes] = {}
        self._feeds: set[str] = set()
        self._clock: str | None = None

    def recall_alert(self, value: bytes) -> None:
        """Take in a record of the alerts topic; in the order of the topic."""
        record: Record = orjson.loads(value)
        # A key keeps its place in a dict: the order is that of the first telling.
        self._alerts.setdefault((record["rule"], record["scope"]), {})[record["id"]] = record
        if record["notify"]:
            self._noticed.add(record["thread"])

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
        pairs = [*rollup.alerts(), *self._alerts] if everything else settled.alerts
        aggregates = self._aggregates(rollup, bases, clock, everything=everything)
        alerts: dict[str, list[tuple[str, bytes]]] = {}
        for rule_scope in sorted(set(pairs)):
            records = [
                (rule_scope[1], orjson.dumps(record))
                for record in self._transitions(rollup, rule_scope, rollup.clock_day)
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

    def _transitions(self, rollup: Rollup, rule_scope: RuleScope, day: int) -> Iterator[Record]:
        told = self._alerts.get(rule_scope, {})
        active = {told_id: record for told_id, record in told.items() if record["transition"] not in _ENDED}
        standing = sorted(rollup.episodes(rule_scope), key=lambda episode: (episode.first, episode.id))
        stand = {episode.id for episode in standing}
        fallen = [record for told_id, record in active.items() if told_id not in stand]
        heirs = {record["id"]: _heir(record, standing) for record in fallen}
        threads = {episode.id: active[episode.id]["thread"] for episode in standing if episode.id in active}
        noticed: set[str] = set()
        for episode in standing:
            replaced = [record for record in fallen if heirs[record["id"]] == episode.id]
            members = episode.members(day)
            old = active.get(episode.id)
            if old is not None:
                record = _updated(old, members, replaced)
            else:
                thread = _free_thread(episode.id, replaced, told, taken=set(threads.values()))
                threads[episode.id] = thread
                record = _raised(members, thread, replaced, noticed=thread in self._noticed)
            if record is not None:
                noticed |= {record["thread"]} if record["notify"] else set()
                yield record
        rule = rollup.rules.by_id.get(rule_scope[0])
        for record in fallen:
            heir = heirs[record["id"]]
            stands = rule is not None and rule.version == record["rule_version"]
            correction = rollup.correction(rule_scope[1], _causes(record)) if stands else None
            notify = record["notify"] or record["thread"] in noticed
            if heir is None:
                yield _ended(record, _why(correction) if stands else _RULE_CHANGED, correction)
            else:
                yield _superseded(record, heir, threads[heir], notify=notify, correction=correction)


_NO_LONGER = "the condition no longer holds"
_RULE_CHANGED = "the rule changed"


def aggregate_json(scope: str, clock: str, windows: bytes) -> bytes:
    """Return the aggregate of a scope as canonical JSON; `windows` is canonical JSON."""
    return b'{"clock":"%s","scope":%s,%s%s}' % (clock.encode(), orjson.dumps(scope), _WINDOWS, windows)


def standing_alert(record: Record) -> Record | None:
    """Return the alert that a record of the alerts topic leaves standing, without how it was told; None if it ended."""
    if record["transition"] in _ENDED:
        return None
    return {name: value for name, value in record.items() if name not in TELLING}


def _heir(record: Record, standing: list[Episode]) -> str | None:
    overlapping = [
        (episode.first, episode.id)
        for episode in standing
        if day_text(episode.first) <= record["last_day"] and day_text(episode.last) >= record["first_day"]
    ]
    return min(overlapping)[1] if overlapping else None


def _free_thread(alert_id: str, replaced: list[Record], told: dict[str, Record], *, taken: set[str]) -> str:
    wanted: list[str] = [record["thread"] for record in replaced]
    if alert_id in told:
        wanted.append(told[alert_id]["thread"])
    wanted += [alert_id, *[f"{alert_id}-{number}" for number in range(2, len(taken) + 3)]]
    return next(thread for thread in wanted if thread not in taken)


def _raised(members: Record, thread: str, replaced: list[Record], *, noticed: bool) -> Record:
    replaces = sorted(record["id"] for record in replaced)
    reason = f"it continues {', '.join(replaces)}" if replaces else "the condition holds"
    notify = members["status"] == "open" or noticed or any(record["notify"] for record in replaced)
    return {**members, **_telling("raised", thread, reason, replaces=replaces, notify=notify)}


def _updated(old: Record, members: Record, replaced: list[Record]) -> Record | None:
    changed = [name for name, value in members.items() if old.get(name) != value]
    replaces = sorted(record["id"] for record in replaced)
    if not changed and not replaces:
        return None
    over = old["status"] == "open" and members["status"] == "resolved"
    why = [f"it continues {', '.join(replaces)}"] if replaces else []
    if "rule_version" in changed:
        why.append(_RULE_CHANGED)
    if changed:
        why.append(f"changed: {', '.join(changed)}")
    notify = old["notify"] or members["status"] == "open" or any(record["notify"] for record in replaced)
    transition = "resolved" if over else "updated"
    reason = "its last day is over" if over and changed == ["status"] else "; ".join(why)
    return {**members, **_telling(transition, old["thread"], reason, replaces=replaces, notify=notify)}


def _causes(record: Record) -> list[tuple[str, str]]:
    return [(cause["id"], cause["content"]) for cause in record["causes"]]


def _why(correction: Correction | None) -> str:
    if correction is None:
        return _NO_LONGER
    what = "withdrawn" if correction.withdrawn else "published"
    return f"{_NO_LONGER}: {correction.id} was {what} on {day_text(correction.publish_time // DAY)}"


def _ended(old: Record, reason: str, correction: Correction | None) -> Record:
    said = _telling("cancelled", old["thread"], reason, replaces=[], notify=old["notify"], correction=correction)
    return {**old, **said}


def _superseded(old: Record, heir: str, survivor: str, *, notify: bool, correction: Correction | None) -> Record:
    reason = f"it goes on as {heir}"
    said = _telling("superseded", old["thread"], reason, replaces=[], notify=notify, correction=correction)
    return {**old, **said, "heir": heir, "survivor": survivor}


def _telling(
    transition: str,
    thread: str,
    reason: str,
    *,
    replaces: list[str],
    notify: bool,
    correction: Correction | None = None,
) -> Record:
    return {
        "transition": transition,
        "thread": thread,
        "replaces": replaces,
        "reason": reason,
        "heir": None,
        "survivor": None,
        "notify": notify,
        "correction": None if correction is None else correction.members(),
    }
