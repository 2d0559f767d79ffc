"""A log of the topics that the read model is made of, in memory, and what its tables hold in a form to compare."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zlib import crc32

from sqlalchemy import Engine, select

from eventlog.record import Header, Record
from processors.assertions import Accepted, timeline_headers
from schemas.topics import AGGREGATES, ALERTS, COMMANDS, RULES, TIMELINE
from subscribers.read_model import tables
from subscribers.read_model.lag import Place
from subscribers.read_model.projection import APPLIED, Look, Projection
from tests.simulation import Roller, Topics, rule_set, statement
from timeline.identity import Assertion, encode
from timeline.times import microseconds

Json = dict[str, Any]
PARTITIONS = 2
START = microseconds("2026-11-24T12:00:00Z")
"""When the log takes its first record; each later one a second after the one before."""


class Taking(NamedTuple):
    """An assertion that a log takes at a second; the same one may be taken more than once."""

    said: Json
    second: int


class Log:
    """Records by topic and partition; the offsets of one partition have gaps, as transactions leave them."""

    def __init__(self) -> None:
        self.records: dict[Place, list[Record]] = {}
        self.ends: dict[Place, int] = {
            (topic, number): 0 for topic in APPLIED for number in range(1 if topic == RULES else PARTITIONS)
        }
        self._taken = 0

    @property
    def topic_ids(self) -> dict[str, str]:
        """The id of each topic."""
        return {topic: f"id of {topic}" for topic in APPLIED}

    def look(self, at: int = START) -> Look:
        """A look at the log's end."""
        return Look(at, self.ends, self.topic_ids)

    def append(self, topic: str, key: str, value: bytes | None, headers: Sequence[Header] = ()) -> None:
        """Append a record to the partition of its key, and now and then a marker after it."""
        place = (topic, 0 if topic == RULES else crc32(key.encode()) % PARTITIONS)
        offset, self._taken = self.ends[place], self._taken + 1
        timestamp = START // 1000 + self._taken * 1000
        self.records.setdefault(place, []).append(Record(*place, offset, timestamp, key.encode(), value, headers))
        self.ends[place] = offset + (2 if self._taken % 3 == 0 else 1)

    def append_assertion(self, one: Assertion, second: int) -> None:
        """Append to the timeline, as a ledger does what the log took at this second."""
        taken = Accepted(one, datetime.fromtimestamp(START / 1_000_000 + second, UTC), {})
        self.append(TIMELINE, one.id, encode(one), timeline_headers(taken, f"vigil.events.incidents.v1:0:{second}"))

    def append_told(self, told: Topics, done: tuple[int, int] = (0, 0)) -> tuple[int, int]:
        """Append what a roller told since `done`; return what is done now."""
        for scope, value in told.aggregates[done[0] :]:
            self.append(AGGREGATES, scope, value)
        for key, alert in told.alerts[done[1] :]:
            self.append(ALERTS, key, alert)
        return len(told.aggregates), len(told.alerts)


def make_log(takings: Iterable[Taking], rules: list[Json], commands: Iterable[Json] = (), settle_every: int = 3) -> Log:
    """Return the log that these leave, with the aggregates and alerts that a roller tells now and then on the way."""
    log, told = Log(), Topics()
    log.append(RULES, "", json.dumps({"rules": rules}).encode())
    log.append(RULES, "", b"rules: none of ours")
    roller, done = Roller(told, rule_set(rules)), (0, 0)
    for number, (said, second) in enumerate(takings, start=1):
        one = statement(said)
        log.append_assertion(one, second)
        roller.follow([one])
        if number % settle_every == 0:
            roller.settle(everything=False)
            done = log.append_told(told, done)
    roller.settle(everything=True)
    log.append_told(told, done)
    for command in commands:
        log.append(COMMANDS, command["thread"] if "thread" in command else command["id"], json.dumps(command).encode())
    log.append(COMMANDS, "", b"no command")
    return log


def dump(engine: Engine, *, places: bool = True) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, sorted, an assertion's number replaced by what it numbers.

    Without `places` also without what tells where in the log something stands.
    """
    found: dict[str, list[tuple[Any, ...]]] = {}
    with engine.connect() as connection:
        rows = {table.name: connection.execute(select(table)).all() for table in tables.METADATA.sorted_tables}
    stamps = {row.seq: f"{row.id} {row.sequence} {row.publish_time} {row.content}" for row in rows["assertions"]}
    for name, said in rows.items():
        hidden = {"seen_end", "seen_at", "complete_at"} | (set() if places else {"log_partition", "log_offset"})
        columns = [each.name for each in tables.METADATA.tables[name].columns if each.name not in hidden]
        plain = [tuple(stamps[row.seq] if each == "seq" else getattr(row, each) for each in columns) for row in said]
        found[name] = sorted(plain, key=repr)
    return found


def apply_all(engine: Engine, log: Log) -> None:
    """Apply all of a log to empty tables in one go."""
    assert Projection(engine).apply(log.records.values(), log.ends, log.look())
