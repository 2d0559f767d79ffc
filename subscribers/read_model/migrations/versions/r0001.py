"""The tables as they were at first."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _columns(*names: str, kind: Any = _TEXT, null: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=null) for name in names]


def _whole(*names: str, null: bool = False) -> list[sa.Column[Any]]:
    return _columns(*names, kind=sa.BigInteger(), null=null)


def _place() -> list[sa.Column[Any]]:
    return [sa.Column("log_partition", sa.Integer(), nullable=False), *_whole("log_offset")]


def _when_and_where() -> list[sa.Column[Any]]:
    return [
        *_columns("first_day", "last_day", null=True),
        *_whole("start_time", null=True),
        *_columns("country", null=True),
    ]


def _alert() -> list[sa.Column[Any]]:
    names = ("alert", "thread", "scope", "rule", "feed", "transition", "status", "severity", "first_day", "last_day")
    return [*_whole("told"), *_columns(*names, "document")]


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def upgrade() -> None:
    """Make all tables and their indexes."""
    _make_timeline()
    _make_alerts()
    op.create_table(
        "positions",
        *_columns("topic"),
        sa.Column("partition", sa.Integer(), nullable=False),
        *_columns("topic_id"),
        *_whole("next_offset", "seen_end", "seen_at"),
        *_whole("complete_at", null=True),
        sa.PrimaryKeyConstraint("topic", "partition", name="pk_positions"),
    )
    op.create_table(
        "aggregates",
        *_columns("scope", "base"),
        *_columns("feed", null=True),
        *_whole("clock"),
        *_columns("windows"),
        sa.PrimaryKeyConstraint("scope", name="pk_aggregates"),
    )
    _index("aggregates", "base")
    op.create_table(
        "feeds",
        *_columns("source"),
        *_whole("events", "assertions", "newest_publish", "newest_ingest"),
        sa.PrimaryKeyConstraint("source", name="pk_feeds"),
    )


def _make_timeline() -> None:
    op.create_table(
        "assertions",
        sa.Column("seq", _ROW_ID, nullable=False, autoincrement=False),
        *_columns("id", "sequence"),
        *_whole("publish_time"),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        *_columns("content", "type", "source"),
        *_whole("ingest_time"),
        *_place(),
        *_when_and_where(),
        *_columns("latitude", "longitude", kind=sa.Double(), null=True),
        *_columns("document"),
        sa.PrimaryKeyConstraint("seq", name="pk_assertions"),
        sa.UniqueConstraint("id", "sequence", "publish_time", "withdrawn", "content", name="uq_assertions"),
    )
    op.create_table(
        "assertion_scopes",
        *_columns("scope"),
        *_whole("seq"),
        sa.PrimaryKeyConstraint("scope", "seq", name="pk_assertion_scopes"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "events",
        *_columns("id"),
        *_whole("seq"),
        *_columns("state", "type", "source"),
        *_when_and_where(),
        *_whole("revision", "since"),
        *_columns("content", "document"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
    )
    _index("events", "source", "id")
    _index("events", "type", "id")
    _index("events", "first_day", "id")
    op.create_table(
        "event_scopes",
        *_columns("scope", "id"),
        sa.PrimaryKeyConstraint("scope", "id", name="pk_event_scopes"),
        sqlite_with_rowid=False,
    )


def _make_alerts() -> None:
    op.create_table(
        "transitions",
        *_place(),
        *_alert(),
        sa.PrimaryKeyConstraint("log_partition", "log_offset", name="pk_transitions"),
    )
    _index("transitions", "told", "log_partition", "log_offset")
    _index("transitions", "alert")
    _index("transitions", "thread")
    op.create_table(
        "alerts",
        *_place(),
        sa.Column("stands", sa.Boolean(), nullable=False),
        *_alert(),
        sa.PrimaryKeyConstraint("alert", name="pk_alerts"),
    )
    _index("alerts", "stands", "first_day", "rule", "scope", "alert")
    _index("alerts", "thread")
    op.create_table(
        "commands",
        *_place(),
        *_whole("time"),
        *_columns("command"),
        *_columns("thread", "silence", "scope", "rule", "by", null=True),
        *_columns("document"),
        sa.PrimaryKeyConstraint("log_partition", "log_offset", name="pk_commands"),
    )
    _index("commands", "thread")
    op.create_table(
        "rule_sets",
        *_whole("log_offset", "time"),
        *_columns("version", "document"),
        sa.PrimaryKeyConstraint("log_offset", name="pk_rule_sets"),
    )
