"""Acceptance: which assertions are news, and which times cannot be.

Rules kept here:
- The same stamp of an id again is a repeat. Every other assertion is accepted, reaffirmations included: an assertion
  dated in between must lose in every order.
- What is known is the union of all stamps ever recorded, never the last record: a worker that was cut off may
  append late.
- A publish time, or a sequence that starts with a date, more than a day after ingestion is refused: it would win,
  or move the clock, for ever.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from schemas.errors import BadInput
from schemas.event import Event
from timeline.identity import Assertion, Stamp

_TOLERANCE = timedelta(days=1)
_DATED = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?!\d)")


class Known:
    """The stamps of every id of one partition of the timeline."""

    def __init__(self) -> None:
        self._stamps: set[tuple[str, Stamp]] = set()

    def __len__(self) -> int:
        return len(self._stamps)

    def decide(self, statement: Assertion) -> bool:
        """Return whether the assertion is news; nothing is remembered before its record is acknowledged."""
        return (statement.id, statement.stamp) not in self._stamps

    def add(self, statement: Assertion) -> None:
        """Remember an assertion whose record stands in the timeline."""
        self._stamps.add((statement.id, statement.stamp))


def check_times(event: Event, ingest_time: datetime) -> None:
    """Refuse what claims to come from the future of the log.

    Raises:
        BadInput: publish_time or a dated sequence is more than a day after ingest_time.
    """
    latest = ingest_time.astimezone(UTC) + _TOLERANCE
    if event.publish_time > latest:
        raise BadInput(f"made known more than a day after it was taken in ({ingest_time.isoformat()})", "publish_time")
    if event.sequence is None:
        return
    dated = _DATED.match(event.sequence)
    if dated and dated.group() > latest.date().isoformat():
        raise BadInput(f"a date more than a day after it was taken in ({ingest_time.isoformat()})", "sequence")
