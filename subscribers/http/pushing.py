"""What is pushed into the log: events and commands, answered for once the brokers have acknowledged them.

Rules kept here:
- An event is judged by what judges those of every feed, and written as the producers write theirs: the same key, topic,
  value and headers. All of a request are good, or none is written.
- Repeats do no harm: an assertion counts by what it says, a command by its id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from eventlog.sending import Place, Sender, Sending
from schemas.command import Decision
from schemas.errors import BadInput
from schemas.event import MAX_EVENT_BYTES
from schemas.topics import COMMANDS, events_topic
from subscribers.commands import command_record
from subscribers.http.cloud_events import Given, read_body
from subscribers.http.problems import KINDS, Problem
from timeline.cloud_events import headers_of
from timeline.identity import assertion, encode
from timeline.ordering import check_times

# Judging a body of this size takes some milliseconds, in which nobody else would be answered.
ASIDE_BYTES = 16 * 1024


class Taken(NamedTuple):
    """An event of a request, and where its record stands."""

    id: str
    place: Place


class Push:
    """Puts events and commands into the log of a prefix, through a sender that has started."""

    def __init__(self, sender: Sender, *, topic_prefix: str) -> None:
        self._sender = sender
        self._prefix = topic_prefix

    async def events(self, headers: Sequence[tuple[bytes, bytes]], body: bytes, *, now: int) -> list[Taken]:
        """Return the events of a body in their order, once all are acknowledged; `now` in microseconds since 1970.

        Raises:
            Problem: it cannot be read, or holds what is no event: nothing of it was written.
            Transient, Failed: not all are acknowledged; some may stand in the log.
        """
        if len(body) > ASIDE_BYTES:
            ids, records = await asyncio.to_thread(self._records, headers, body, now)
        else:
            ids, records = self._records(headers, body, now)
        places = await self._sender.send_all(records)
        return [Taken(each, place) for each, place in zip(ids, places, strict=True)]

    async def command(self, command: Decision) -> Place:
        """Return where a command stands, once it is acknowledged. Raises: Transient, Failed."""
        key, value, headers = command_record(command)
        [place] = await self._sender.send_all([Sending(self._prefix + COMMANDS, key, value, headers)])
        return place

    def _records(
        self, headers: Sequence[tuple[bytes, bytes]], body: bytes, now: int
    ) -> tuple[list[str], list[Sending]]:
        taken_in = datetime.fromtimestamp(now / 1_000_000, UTC)
        said = [self._judged(given, taken_in) for given in read_body(headers, body)]
        wrong = [(index, each) for index, each in enumerate(said) if isinstance(each, BadInput)]
        if wrong:
            raise _refused(wrong, len(said))
        records = [each for each in said if isinstance(each, Sending)]
        return [record.key.decode() for record in records], records

    def _judged(self, given: Given | BadInput, taken_in: datetime) -> Sending | BadInput:
        if isinstance(given, BadInput):
            return given
        try:
            check_times(given.event, taken_in)
            return self._record(given)
        except BadInput as error:
            return BadInput(error.reason, given.path + error.field if error.field else given.path.rstrip("."))

    def _record(self, given: Given) -> Sending:
        statement = assertion(given.event)
        value = encode(statement)
        if len(value) > MAX_EVENT_BYTES:
            raise BadInput(f"expected at most {MAX_EVENT_BYTES} bytes, found {len(value)}")
        passed_on = [(f"ce_{name}", said.encode()) for name, said in given.extensions.items()]
        topic = self._prefix + events_topic(given.event.type)
        return Sending(topic, statement.id.encode(), value, [*headers_of(statement), *passed_on])


def _refused(wrong: Sequence[tuple[int, BadInput]], count: int) -> Problem:
    errors = [{"index": index, "field": error.field or "", "reason": error.reason} for index, error in wrong]
    index, first = wrong[0]
    where = "" if count == 1 else f"event {index}: "
    more = "" if len(wrong) == 1 else f"; and {len(wrong) - 1} more, see errors"
    detail = f"{where}{first}{more}; nothing was written"
    return Problem(422, "Not every event is valid", detail, kind=KINDS[422], errors=errors)
