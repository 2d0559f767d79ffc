"""Folding: what a batch of assertions changes of what is known of their events. Nothing here knows a database.

Rules kept here:
- What is known of an event is the set of its stamps, however often, in whatever order and cut they arrive.
- An assertion that the log took more than once was taken in at the earliest of those times.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from subscribers.read_model.rows import Row, Said, assertion_row, event_row, scope_keys
from timeline.identity import Document, Stamp
from timeline.states import since
from timeline.times import time_text


@dataclass(slots=True)
class Known:
    """What is known of one event: its state as JSON, None before any, and by stamp (`seq`, ingest time)."""

    state: str | None = None
    stamps: dict[Stamp, tuple[int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class Feed:
    """What a source said: its latest times, ids that nobody had spoken of, and assertions that nobody had made."""

    newest_publish: int
    newest_ingest: int
    events: int = 0
    assertions: int = 0


@dataclass(slots=True)
class Changes:
    """Rows to insert, by table; `changed_events` are rows to replace.

    `earlier` are (ingest time, seq) of assertions that were known and turn out to have been taken in before;
    `left_scopes` are keys of `event_scopes` to delete.
    """

    assertions: list[Row] = field(default_factory=list)
    assertion_scopes: list[Row] = field(default_factory=list)
    earlier: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    changed_events: list[Row] = field(default_factory=list)
    event_scopes: list[Row] = field(default_factory=list)
    left_scopes: list[Row] = field(default_factory=list)
    feeds: dict[str, Feed] = field(default_factory=dict)


def fold(known: Mapping[str, Known], said: Iterable[Said], next_seq: int) -> Changes:
    """Return what these assertions change, numbered from `next_seq`; `known` has each of their ids, and is updated."""
    changes = Changes()
    new: dict[int, Said] = {}
    earlier: dict[int, int] = {}
    for one in said:
        stamps = known[one.id].stamps
        seq, ingest_time = stamps.setdefault(one.stamp, (next_seq, one.ingest_time))
        if seq == next_seq:
            new[seq] = one
            next_seq += 1
        elif one.ingest_time < ingest_time:
            stamps[one.stamp] = seq, one.ingest_time
            earlier[seq] = one.ingest_time
        _note(changes.feeds, one, is_new=new.get(seq) is one, first_of_id=len(stamps) == 1)
    changes.earlier = [(ingest_time, seq) for seq, ingest_time in earlier.items() if seq not in new]
    for seq, one in new.items():
        changes.assertions.append(assertion_row(one, seq, earlier.get(seq, one.ingest_time)))
        changes.assertion_scopes += [(scope, seq) for scope in scope_keys(one.document)]
    for key in dict.fromkeys([one.id for one in new.values()]):
        _change_event(changes, key, known[key], new)
    return changes


def _note(feeds: dict[str, Feed], one: Said, *, is_new: bool, first_of_id: bool) -> None:
    feed = feeds.setdefault(one.document["source"], Feed(one.stamp.publish_time, one.ingest_time))
    feed.newest_publish = max(feed.newest_publish, one.stamp.publish_time)
    feed.newest_ingest = max(feed.newest_ingest, one.ingest_time)
    if is_new:
        feed.assertions += 1
        feed.events += first_of_id


def _change_event(changes: Changes, key: str, known: Known, new: Mapping[int, Said]) -> None:
    """Note the state that follows from all stamps of an event."""
    stamp = max(known.stamps)
    seq, _ = known.stamps[stamp]
    begin = since(list(known.stamps))
    before: Document = {} if known.state is None else orjson.loads(known.state)
    document = new[seq].document if seq in new else before
    state = {**document, "revision": len(known.stamps), "since": time_text(begin), "content": stamp.content}
    rows = changes.changed_events if before else changes.events
    rows.append(event_row(key, seq, state, begin))
    if document is not before:
        left, entered = scope_keys(before) if before else [], scope_keys(document)
        changes.left_scopes += [(scope, key) for scope in left if scope not in entered]
        changes.event_scopes += [(scope, key) for scope in entered if scope not in left]
