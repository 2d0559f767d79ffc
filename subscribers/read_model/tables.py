"""The tables of the read model, the same in SQLite and PostgreSQL.

Times are microseconds since 1970 UTC, days text such as `2021-10-02`, JSON is text as it is given to people. Text sorts
by code point in both databases. What is compared or searched for is kept as `subscribers.read_model.keys.key_text`
makes it. All of it is a function of the log: nothing here is ever changed by hand.

- `positions`: of each partition the offset of the next record that has not been applied. It is written in the
  transaction of the rows, so it never tells anything else than they do. `topic` has its prefix, `topic_id` is what the
  cluster calls it: another log under the same name is not taken for this one. `seen_end` is where the partition ended
  at `seen_at`; `complete_at` the latest such time whose end has been reached: the rows hold all that the partition held
  then, null before that was ever so. See `subscribers.read_model.lag`.
- `assertions`: every accepted assertion once. (`sequence`, `publish_time`, `withdrawn`, `content`) is its stamp, the
  greatest of an id is current. `ingest_time` is when the log first took it, `log_partition` and `log_offset` its first
  record on the timeline topic, `document` that record's value. `seq` numbers them as they came, which says nothing.
- `assertion_scopes`: the scopes, without feed, that its document belongs to (`timeline.scopes.scopes_of`): a withdrawal
  too, whose document mostly says nothing and belongs to `world`. Only asserted ones are counted.
- `events`: the current state of each id, withdrawn ones too: `document` is its line in `vigil timeline`, `seq` its
  current assertion, `revision` how many are known, `since` from when on its content has been known without a break.
- `event_scopes`: the scopes, without feed, that its document belongs to, withdrawn or not, as `timeline.filters` asks.
- `aggregates`: the newest windows of each scope that has current events; `base` and `feed` are the parts of its name
  around the `@`, `windows` is JSON. A scope is written only when its windows change: the row `world` has the newest
  clock, which holds for all.
- `transitions`: every transition of every alert; `told` is when the log took it. `document` is its line in
  `vigil alerts --all`, `told` included. They were told in the order of (told, log_partition, log_offset).
- `alerts`: of each alert the last transition, and whether the alert stands.
- `commands`: what people decided, and what became of dead letters; `silence` is the id of the silence that is begun or
  ended. `document` is the command as the topic has it.
- `rule_sets`: every valid rule set that was applied, `document` is its YAML; the last is in force.
- `feeds`: of each source how many ids it has in `events` (withdrawn ones too), how many assertions it made, the latest
  publish time of those, and when the log last took a record of it, repeats included.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

# By code point, as Python and SQLite sort; PostgreSQL would sort by the language of whoever made the database.
_TEXT: Final = Text().with_variant(Text(collation="C"), "postgresql")
# Only a column of this very type is SQLite's row id.
_ROW_ID: Final = BigInteger().with_variant(Integer(), "sqlite")


def _text(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, _TEXT, nullable=null)


def _whole(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=null)


def _place_in_the_log() -> tuple[Column[int], Column[int]]:
    return Column("log_partition", Integer, nullable=False), _whole("log_offset")


def _alert_columns() -> tuple[Column[str] | Column[int], ...]:
    names = ("alert", "thread", "scope", "rule", "feed", "transition", "status", "severity", "first_day", "last_day")
    return _whole("told"), *map(_text, names), _text("document")


METADATA: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s",
    }
)

POSITIONS: Final = Table(
    "positions",
    METADATA,
    _text("topic"),
    Column("partition", Integer, nullable=False),
    _text("topic_id"),
    _whole("next_offset"),
    _whole("seen_end"),
    _whole("seen_at"),
    _whole("complete_at", null=True),
    PrimaryKeyConstraint("topic", "partition"),
)

ASSERTIONS: Final = Table(
    "assertions",
    METADATA,
    Column("seq", _ROW_ID, nullable=False, autoincrement=False),
    _text("id"),
    _text("sequence"),
    _whole("publish_time"),
    Column("withdrawn", Boolean, nullable=False),
    _text("content"),
    _text("type"),
    _text("source"),
    _whole("ingest_time"),
    *_place_in_the_log(),
    _text("first_day", null=True),
    _text("last_day", null=True),
    _whole("start_time", null=True),
    _text("country", null=True),
    Column("latitude", Double, nullable=True),
    Column("longitude", Double, nullable=True),
    _text("document"),
    PrimaryKeyConstraint("seq"),
    UniqueConstraint("id", "sequence", "publish_time", "withdrawn", "content"),
)
# The order of the pages of the timeline, as known at any time.
Index(None, ASSERTIONS.c.first_day, ASSERTIONS.c.id)

ASSERTION_SCOPES: Final = Table(
    "assertion_scopes",
    METADATA,
    _text("scope"),
    _whole("seq"),
    PrimaryKeyConstraint("scope", "seq"),
    sqlite_with_rowid=False,
)

EVENTS: Final = Table(
    "events",
    METADATA,
    _text("id"),
    _whole("seq"),
    _text("state"),
    _text("type"),
    _text("source"),
    _text("country", null=True),
    _whole("start_time", null=True),
    _text("first_day", null=True),
    _text("last_day", null=True),
    _whole("revision"),
    _whole("since"),
    _text("content"),
    _text("document"),
    PrimaryKeyConstraint("id"),
)
Index(None, EVENTS.c.source, EVENTS.c.id)
Index(None, EVENTS.c.type, EVENTS.c.id)
Index(None, EVENTS.c.first_day, EVENTS.c.id)

EVENT_SCOPES: Final = Table(
    "event_scopes",
    METADATA,
    _text("scope"),
    _text("id"),
    PrimaryKeyConstraint("scope", "id"),
    sqlite_with_rowid=False,
)

AGGREGATES: Final = Table(
    "aggregates",
    METADATA,
    _text("scope"),
    _text("base"),
    _text("feed", null=True),
    _whole("clock"),
    _text("windows"),
    PrimaryKeyConstraint("scope"),
)
Index(None, AGGREGATES.c.base)

TRANSITIONS: Final = Table(
    "transitions",
    METADATA,
    *_place_in_the_log(),
    *_alert_columns(),
    PrimaryKeyConstraint("log_partition", "log_offset"),
)
Index(None, TRANSITIONS.c.told, TRANSITIONS.c.log_partition, TRANSITIONS.c.log_offset)
Index(None, TRANSITIONS.c.alert)
Index(None, TRANSITIONS.c.thread)
Index(None, TRANSITIONS.c.scope, TRANSITIONS.c.rule)
# The order in which standing alerts are given.
Index(None, TRANSITIONS.c.first_day, TRANSITIONS.c.rule, TRANSITIONS.c.scope, TRANSITIONS.c.alert)

ALERTS: Final = Table(
    "alerts",
    METADATA,
    *_place_in_the_log(),
    Column("stands", Boolean, nullable=False),
    *_alert_columns(),
    PrimaryKeyConstraint("alert"),
)
# The order in which standing alerts are given.
Index(None, ALERTS.c.stands, ALERTS.c.first_day, ALERTS.c.rule, ALERTS.c.scope, ALERTS.c.alert)
Index(None, ALERTS.c.thread)

COMMANDS: Final = Table(
    "commands",
    METADATA,
    *_place_in_the_log(),
    _whole("time"),
    _text("command"),
    _text("thread", null=True),
    _text("silence", null=True),
    _text("scope", null=True),
    _text("rule", null=True),
    _text("by", null=True),
    _text("document"),
    PrimaryKeyConstraint("log_partition", "log_offset"),
)
Index(None, COMMANDS.c.thread)

RULE_SETS: Final = Table(
    "rule_sets",
    METADATA,
    _whole("log_offset"),
    _whole("time"),
    _text("version"),
    _text("document"),
    PrimaryKeyConstraint("log_offset"),
)

FEEDS: Final = Table(
    "feeds",
    METADATA,
    _text("source"),
    _whole("events"),
    _whole("assertions"),
    _whole("newest_publish"),
    _whole("newest_ingest"),
    PrimaryKeyConstraint("source"),
)
