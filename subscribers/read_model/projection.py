"""The projection: applies records of the log to the tables, each exactly once, however often it is given.

Rules kept here:
- Rows and positions are written in one transaction: the tables are at every moment those of a prefix of the log.
- A fence: within the transaction the stored positions must be those that the projection expects. When they are not,
  another projection or a rebuild has written; this one writes nothing, and goes on from what is stored. The
  transaction keeps all others from writing meanwhile.
- A record before its partition's position has been applied and is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine, delete, text
from sqlalchemy.exc import DBAPIError

from eventlog.record import Record
from schemas import topics
from schemas.errors import Failed
from subscribers.read_model.alert_tables import apply_aggregates, apply_alerts, apply_commands, apply_rules
from subscribers.read_model.bulk import replace_rows
from subscribers.read_model.database import unreachable
from subscribers.read_model.lag import Place, Position, read_positions
from subscribers.read_model.tables import METADATA, POSITIONS
from subscribers.read_model.timeline_tables import apply_timeline

Apply = Callable[[Connection, Sequence[Record]], None]
APPLIED: Final[dict[str, Apply]] = {
    topics.TIMELINE: apply_timeline,
    topics.AGGREGATES: apply_aggregates,
    topics.ALERTS: apply_alerts,
    topics.COMMANDS: apply_commands,
    topics.RULES: apply_rules,
}
"""By topic, without prefix: what writes its records, given in the order of each partition."""


class Look(NamedTuple):
    """Where each partition ended at a time (microseconds), and by topic the id that the cluster gave it."""

    at: int
    ends: Mapping[Place, int]
    topic_ids: Mapping[str, str]


class Projection:
    """Writes the tables of one log; what it expects of them is their positions, and nothing else."""

    def __init__(self, engine: Engine, *, topic_prefix: str = "") -> None:
        self._engine, self._prefix = engine, topic_prefix
        self._expected: dict[Place, int] = {}

    def positions(self) -> dict[Place, Position]:
        """Read from where on each partition is to be applied; what `apply` is given next goes on from there.

        Raises:
            Transient: the database does not answer.
        """
        try:
            with self._engine.connect() as connection:
                stored = read_positions(connection)
        except DBAPIError as error:
            raise unreachable(self._engine, error) from error
        self._expected = _offsets(stored)
        return stored

    def apply(self, batches: Iterable[Sequence[Record]], read_to: Mapping[Place, int], look: Look) -> bool:
        """Write these records, each batch of one partition in its order, and that all before `read_to` is applied.

        Return False when the fence held it off: then nothing is written, and `positions` tells from where to go on.

        Raises:
            Failed: the tables are another log's.
            Transient: the database does not answer, or refuses; nothing is written, as far as that can be known.
        """
        try:
            with self._engine.begin() as connection:
                lock(connection)
                stored = read_positions(connection)
                require_log(stored, look.topic_ids)
                if _offsets(stored) != self._expected:
                    return False
                self._apply(connection, batches)
                after = {**self._expected, **read_to}
                _write_positions(connection, stored, after, look)
        except DBAPIError as error:
            raise unreachable(self._engine, error) from error
        self._expected = after
        return True

    def _apply(self, connection: Connection, batches: Iterable[Sequence[Record]]) -> None:
        by_topic: dict[str, list[Record]] = {}
        for batch in batches:
            for record in batch:
                if record.offset >= self._expected.get((record.topic, record.partition), 0):
                    by_topic.setdefault(record.topic.removeprefix(self._prefix), []).append(record)
        for topic, records in by_topic.items():
            APPLIED[topic](connection, records)


def require_log(stored: Mapping[Place, Position], topic_ids: Mapping[str, str]) -> None:
    """Check that positions are those of the log whose topics (with prefix) have these ids.

    Raises:
        Failed: they are another log's.
    """
    for (topic, _), position in stored.items():
        if topic_ids.get(topic) != position.topic_id:
            raise Failed(
                f"the read model was made from another log: its topic {topic} is not the one that is there now; "
                "run `vigil projection rebuild`, or name another database"
            )


def empty(engine: Engine) -> None:
    """Delete every row of every table, positions included, at once: what projects goes on from the log's beginning.

    Raises:
        Transient: the database does not answer.
    """
    try:
        with engine.begin() as connection:
            lock(connection)
            for table in METADATA.sorted_tables:
                connection.execute(delete(table))
    except DBAPIError as error:
        raise unreachable(engine, error) from error


def lock(connection: Connection) -> None:
    """Keep all others from writing until the transaction ends; who reads is not held up."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE positions IN EXCLUSIVE MODE"))
    # In SQLite a writer's transaction begins with the only lock there is.


def _offsets(stored: Mapping[Place, Position]) -> dict[Place, int]:
    return {place: position.next_offset for place, position in stored.items()}


def _write_positions(
    connection: Connection, stored: Mapping[Place, Position], after: Mapping[Place, int], look: Look
) -> None:
    rows = []
    for place, offset in after.items():
        complete = _complete_at(stored.get(place), offset, place, look)
        rows.append((*place, look.topic_ids[place[0]], offset, look.ends[place], look.at, complete))
    replace_rows(connection, POSITIONS, rows)


def _complete_at(before: Position | None, offset: int, place: Place, look: Look) -> int | None:
    """Return the latest look whose end has been reached: this one, the one before, or an older one."""
    if offset >= look.ends[place]:
        return look.at
    if before is None:
        return None
    return before.seen_at if offset >= before.seen_end else before.complete_at
