"""The tables of aggregates, alerts, commands and rules: each record replaces what its key had."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from eventlog.record import Record
from subscribers.log_lines import tell
from subscribers.read_model.bulk import delete_rows, replace_rows
from subscribers.read_model.rows import (
    Row,
    aggregate_key,
    aggregate_row,
    alert_row,
    command_row,
    rule_set_row,
    transition_row,
)
from subscribers.read_model.tables import AGGREGATES, ALERTS, COMMANDS, RULE_SETS, TRANSITIONS


def apply_aggregates(connection: Connection, records: Sequence[Record]) -> None:
    """Keep the newest windows of each scope; a tombstone deletes them."""
    newest = {aggregate_key(record): aggregate_row(record) for record in records}
    delete_rows(connection, AGGREGATES, [(key,) for key, row in newest.items() if row is None])
    replace_rows(connection, AGGREGATES, [row for row in newest.values() if row is not None])


def apply_alerts(connection: Connection, records: Sequence[Record]) -> None:
    """Keep every transition, and the last of each alert."""
    transitions = [transition_row(record) for record in records if record.value is not None]
    last: dict[str, Row] = {}
    for transition in transitions:
        row = alert_row(transition)
        last[row[_ALERT]] = row
    replace_rows(connection, TRANSITIONS, transitions)
    replace_rows(connection, ALERTS, list(last.values()))


def apply_commands(connection: Connection, records: Sequence[Record]) -> None:
    """Keep every command; what is none is told in the log and left out."""
    replace_rows(connection, COMMANDS, [row for record in records if (row := _told(record, command_row(record)))])


def apply_rules(connection: Connection, records: Sequence[Record]) -> None:
    """Keep every valid rule set; what is none is told in the log and left out."""
    replace_rows(connection, RULE_SETS, [row for record in records if (row := _told(record, rule_set_row(record)))])


def _told(record: Record, row: Row | None) -> Row | None:
    if row is None:
        tell("left out", topic=record.topic, partition=record.partition, offset=record.offset)
    return row


_ALERT = list(ALERTS.columns.keys()).index("alert")
