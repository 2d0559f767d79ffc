"""The alerts topic: every transition of every alert, whole state each time.

Written in transactions, so it is read committed: what a fenced roller wrote before it noticed was never told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import orjson

from eventlog.reading import LogReader, read_to_end
from eventlog.record import Record
from schemas.topics import ALERTS
from timeline.transitions import standing_alert

Alert = dict[str, Any]
"""An alert as JSON types; a transition has `transition`, `thread`, `replaces`, `reason` and `told` on top."""


async def read_transitions(bootstrap: str, *, topic_prefix: str = "") -> list[Alert]:
    """Return every transition up to the topic's present end, in the order in which they were told."""
    records: list[Record] = []
    async for batch in read_to_end(bootstrap, topic_prefix + ALERTS):
        records += batch
    return [decode_transition(record) for record in in_order_of_telling(records) if record.value is not None]


async def follow_transitions(
    bootstrap: str, *, topic_prefix: str = "", replay: bool = False, on_start: Callable[[], None] = lambda: None
) -> AsyncIterator[Alert]:
    """Yield transitions as they are told: from now on, or with `replay` from the first one ever.

    `on_start` is called when "now" is: what is told after it is yielded.
    """
    async with LogReader(bootstrap) as reader:
        await reader.assign([topic_prefix + ALERTS], from_end=not replay)
        on_start()
        while True:
            batches = await reader.poll(timeout_seconds=1.0)
            for record in sorted((record for batch in batches for record in batch), key=_told):
                if record.value is not None:
                    yield decode_transition(record)


def in_order_of_telling(records: Iterable[Record]) -> list[Record]:
    """Return records of the alerts topic sorted; scopes lie in different partitions, within one its order holds."""
    return sorted(records, key=_told)


def standing(transitions: Iterable[Alert]) -> list[Alert]:
    """Return the alerts that these transitions, in their order, leave standing, without how they were told."""
    last = {transition["id"]: transition for transition in transitions}
    alerts = []
    for transition in last.values():
        alert = standing_alert(transition)
        if alert is not None:
            alert.pop("told", None)
            alerts.append(alert)
    return alerts


def decode_transition(record: Record) -> Alert:
    """Return the transition of a record; `told` is when the log took it."""
    told = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return {**orjson.loads(record.value or b""), "told": told.replace("+00:00", "Z")}


def _told(record: Record) -> tuple[int, int, int]:
    return record.timestamp_ms, record.partition, record.offset
