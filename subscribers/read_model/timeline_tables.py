"""The tables of the timeline: reads what is known of a batch's events, folds the batch into it, writes what changed.

A batch costs a handful of statements, however many assertions it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, func, select, update

from eventlog.record import Record
from subscribers.read_model.bulk import delete_rows, insert_rows, replace_rows
from subscribers.read_model.folding import Changes, Feed, Known, fold
from subscribers.read_model.rows import said
from subscribers.read_model.tables import ASSERTION_SCOPES, ASSERTIONS, EVENT_SCOPES, EVENTS, FEEDS
from timeline.identity import Stamp

_MOST_IDS: Final = 5000
"""How many ids are asked for in one statement; databases bound the number of its parameters."""


def apply_timeline(connection: Connection, records: Sequence[Record]) -> None:
    """Write what records of the timeline topic add to what is known."""
    batch = [said(record) for record in records if record.value is not None]
    if not batch:
        return
    known = _read_known(connection, list(dict.fromkeys([one.id for one in batch])))
    _write(connection, fold(known, batch, _next_seq(connection)))


def _next_seq(connection: Connection) -> int:
    greatest: int | None = connection.execute(select(func.max(ASSERTIONS.c.seq))).scalar()
    return 1 if greatest is None else greatest + 1


def _read_known(connection: Connection, ids: list[str]) -> dict[str, Known]:
    known = {key: Known() for key in ids}
    table, event = ASSERTIONS.c, EVENTS.c
    stamps = select(
        table.id, table.sequence, table.publish_time, table.withdrawn, table.content, table.seq, table.ingest_time
    )
    for some in _pieces(ids):
        for row in connection.execute(stamps.where(table.id.in_(some))):
            known[row[0]].stamps[Stamp(*row[1:5])] = row[5], row[6]
        for key, state in connection.execute(select(event.id, event.document).where(event.id.in_(some))):
            known[key].state = state
    return known


def _write(connection: Connection, changes: Changes) -> None:
    insert_rows(connection, ASSERTIONS, changes.assertions)
    insert_rows(connection, ASSERTION_SCOPES, changes.assertion_scopes)
    if changes.earlier:
        earlier = update(ASSERTIONS).where(ASSERTIONS.c.seq == bindparam("key")).values(ingest_time=bindparam("time"))
        connection.execute(earlier, [{"time": time, "key": seq} for time, seq in changes.earlier])
    insert_rows(connection, EVENTS, changes.events)
    replace_rows(connection, EVENTS, changes.changed_events)
    delete_rows(connection, EVENT_SCOPES, changes.left_scopes)
    insert_rows(connection, EVENT_SCOPES, changes.event_scopes)
    _write_feeds(connection, changes.feeds)


def _write_feeds(connection: Connection, added: Mapping[str, Feed]) -> None:
    before = {row[0]: row[1:] for row in connection.execute(select(FEEDS).where(FEEDS.c.source.in_(list(added))))}
    rows = []
    for source, feed in added.items():
        events, assertions, publish, ingest = before.get(source, (0, 0, feed.newest_publish, feed.newest_ingest))
        newest = max(publish, feed.newest_publish), max(ingest, feed.newest_ingest)
        rows.append((source, events + feed.events, assertions + feed.assertions, *newest))
    replace_rows(connection, FEEDS, rows)


def _pieces(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), _MOST_IDS):
        yield ids[start : start + _MOST_IDS]
