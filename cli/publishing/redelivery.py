"""Dead letters sent again: the producers' through the adapter of their feed, the ledger's to the topic they came from.

Rules kept here:
- Events first, acknowledged; then the command that says that the letter was replayed. A crash in between sends the
  same assertions again, which are repeats to the ledger.
- A letter that was replayed once is not sent again. One that still fails stays what it is; no second one is written.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from cli.ledger_input import LedgerInput
from eventlog.record import Header
from processors.assertions import read_assertion
from producers.publish import Log
from producers.redelivery import read_again
from schemas.errors import BadInput
from schemas.event import Event
from schemas.topics import COMMANDS, INCIDENTS, POLITICAL, events_topic
from subscribers.deadletters import Letter, replay_command
from timeline.cloud_events import headers_of
from timeline.identity import assertion, encode
from timeline.releases import in_release

AT_ONCE = 500
"""So many letters are sent before their events are awaited."""


class Outcome(NamedTuple):
    """What became of a letter: published as these events, skipped by the feed's choice, or failed for this reason."""

    id: str
    outcome: Literal["published", "skipped", "failed"]
    events: tuple[str, ...] = ()
    reason: str | None = None
    field: str | None = None


class _Outgoing(NamedTuple):
    topic: str
    event_id: str
    value: bytes
    headers: list[Header]


@dataclass(slots=True)
class Redelivery:
    """Sends letters again to a log; `now_ms` is the time at which it would take them."""

    log: Log
    topic_prefix: str
    now_ms: Callable[[], int]
    _waiting: list[Outcome] = field(default_factory=list)

    async def run(self, letters: AsyncIterator[Letter], *, replayed: set[str]) -> AsyncIterator[Outcome]:
        """Yield what became of each letter; those of `replayed`, and repeats of one letter, are passed over."""
        seen = set(replayed)
        async for letter in letters:
            if letter.id in seen:
                continue
            seen.add(letter.id)
            self._send(letter)
            if len(self._waiting) >= AT_ONCE:
                for outcome in self._settle():
                    yield outcome
        for outcome in self._settle():
            yield outcome

    def _send(self, letter: Letter) -> None:
        try:
            outgoing = list(self._outgoing(letter))
        except BadInput as error:
            self._waiting.append(Outcome(letter.id, "failed", (), error.reason, error.field))
            return
        for each in outgoing:
            self.log.send(each.topic, key=each.event_id.encode(), value=each.value, headers=each.headers)
        events = tuple(each.event_id for each in outgoing)
        self._waiting.append(Outcome(letter.id, "published" if events else "skipped", events))

    def _settle(self) -> list[Outcome]:
        settled, self._waiting = self._waiting, []
        self.log.flush()
        for outcome in settled:
            if outcome.outcome != "failed":
                key, value, headers = replay_command(outcome.id, outcome.events)
                self.log.send(self.topic_prefix + COMMANDS, key=key, value=value, headers=headers)
        self.log.flush()
        return settled

    def _outgoing(self, letter: Letter) -> Iterable[_Outgoing]:
        if not letter.is_whole:
            raise BadInput(f"only {len(letter.value or b'')} of its {letter.length} bytes were kept")
        cause = ("ce_causationid", letter.place.encode())
        if letter.origin == "ledger":
            return [self._record(letter, cause)]
        return [self._event(event, cause, letter.release) for event in _read_again(letter)]

    def _event(self, event: Event, cause: Header, release: str | None) -> _Outgoing:
        statement = assertion(event)
        if release is not None:
            # The row is part of that release still, and what else the feed said of the event is ordered by its day.
            statement = in_release(statement, release.rpartition("@")[2])
        topic = self.topic_prefix + events_topic(event.type)
        return _Outgoing(topic, statement.id, encode(statement), [*headers_of(statement), cause])

    def _record(self, letter: Letter, cause: Header) -> _Outgoing:
        topic, _, rest = str(letter.position).rpartition(":")[0].rpartition(":")
        if topic not in (self.topic_prefix + INCIDENTS, self.topic_prefix + POLITICAL) or not rest.isdecimal():
            raise BadInput(f"it came from {letter.position!r}, which is no place in an events topic")
        accepted = read_assertion(LedgerInput(letter.key, letter.value, letter.own_headers, self.now_ms()))
        headers = list(letter.own_headers)
        if all(name != cause[0] for name, _ in headers):
            headers.append(cause)
        return _Outgoing(topic, accepted.statement.id, letter.value or b"", headers)


def _read_again(letter: Letter) -> list[Event]:
    file = letter.position["file"] if isinstance(letter.position, dict) else ""
    return read_again(letter.feed or "", letter.value or b"", context=letter.context, file=file)
