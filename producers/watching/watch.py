"""The loop that publishes what a provider has added, and its pauses.

Rules kept here:
- Only what the provider's state does not hold yet is published; the new state is in the log after the assertions are.
- Trouble that passes is waited out: 2, 4, 8, ... seconds up to five minutes, never less than the provider asked for.
- A file that cannot be read to its end, or is of another feed, is told and passed over until it changes: it must not
  hold up others. The position says so too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, Protocol

from producers.publish import Log, LogOutlet, Nowhere, Outlet, Stopped, Summary, publish
from producers.rows import DeadLetter, Row
from producers.watching.positions import WHOLE, Position, State, write_position
from producers.watching.web import Later
from timeline.identity import Assertion

FIRST_PAUSE_SECONDS: Final = 2.0
LONGEST_PAUSE_SECONDS: Final = 300.0
LONGEST_ASKED_SECONDS: Final = 86_400.0
# Without news the position is written again from time to time, so that the age of a quiet feed can be told.
REAFFIRM_SECONDS: Final = 3600.0


class Delivery(NamedTuple):
    """Something that a provider has added: its name, its rows, and the state of its part once they are published.

    `note` is told to people. Rows are read once, and may raise Failed.
    """

    name: str
    rows: Iterable[Row]
    state: State
    part: str = WHOLE
    note: str | None = None


class Provider(Protocol):
    """Where a feed comes from."""

    source: str
    """The place as it may be printed: an address without its query, or a folder."""

    def poll(self, known: Mapping[str, State]) -> Iterator[Delivery]:
        """Yield what is not in the known states (by part), oldest first; each is published before the next is made.

        Raises:
            Later: what was yielded stays, the rest is to be had later.
            Failed: it makes no sense to try again.
        """


Read = Callable[[Outlet], Summary]
"""Publishes one delivery into an outlet. Raises: Stopped."""
Send = Callable[[Read], Summary]
"""Has a delivery read into an outlet of its choice, and answers for what that took. Raises: Stopped."""


class Told(NamedTuple):
    """What came of one look at a provider; `failure` is why it ended early."""

    deliveries: int
    summary: Summary
    newest: str | None
    failure: Later | None


@dataclass(slots=True)
class Watch:
    """One feed at one provider. `tell` says a line to people; a look ends early, between two files, once `stopped`.

    `send` is for feeds whose files are releases; without it rows go to the log as they are read.
    """

    feed: str
    provider: Provider
    log: Log
    topic_prefix: str
    tell: Callable[[str], object]
    positions: dict[str, Position]
    stopped: Callable[[], bool] = lambda: False
    send: Send | None = None
    _reaffirmed: float | None = None

    def look(self) -> Told:
        """Publish all that is new; the state of what was published is in the log when this returns.

        Raises:
            Failed: the provider refuses.
            Failed, Transient: the log did not take a record; its writer is of no further use.
        """
        known = {part: position.state for part, position in self.positions.items()}
        total, deliveries, failure = Summary(), 0, None
        try:
            for delivery in self.provider.poll(known):
                summary = self._publish(delivery)
                total, deliveries = _sum(total, summary), deliveries + 1
                if self.stopped():
                    break
        except Later as error:
            failure = error
        if failure is None:
            self._reaffirm(published=bool(deliveries))
        return Told(deliveries, total, self.newest, failure)

    @property
    def newest(self) -> str | None:
        """The greatest publish_time of what was ever published from this provider."""
        return max(filter(None, (position.newest for position in self.positions.values())), default=None)

    def _publish(self, delivery: Delivery) -> Summary:
        passing = _Newest()
        note, trouble = delivery.note, None
        try:
            summary = self._send(lambda outlet: publish(delivery.rows, passing.to(outlet)))
        except Stopped as error:
            summary, note = error.summary, str(error)
            trouble = f"{delivery.name}: {error}"
        before = self.positions.get(delivery.part)
        newest = max(filter(None, (passing.newest, before.newest if before else None)), default=None)
        self._write(Position(self.feed, self.provider.source, delivery.part, delivery.state, newest, trouble))
        counts = f"{summary.read} rows read, {summary.published} events, {summary.dead_lettered} dead letters"
        counts += f", {summary.withdrawn} withdrawn" if summary.withdrawn else ""
        self.tell(f"{self.feed}: {delivery.name}: {counts}" + (f"; {note}" if note else ""))
        return summary

    def _send(self, read: Read) -> Summary:
        if self.send is not None:
            return self.send(read)
        return read(LogOutlet(self.log, feed=self.feed, topic_prefix=self.topic_prefix))

    def _reaffirm(self, *, published: bool) -> None:
        now = time.monotonic()
        if not published and (self._reaffirmed is None or now >= self._reaffirmed + REAFFIRM_SECONDS):
            empty = Position(self.feed, self.provider.source, WHOLE, {}, None)
            self._write(self.positions.get(WHOLE, empty))

    def _write(self, position: Position) -> None:
        write_position(self.log, position, topic_prefix=self.topic_prefix)
        self.positions[position.part] = replace(position, checked_ms=time.time_ns() // 1_000_000)
        self._reaffirmed = time.monotonic()


class _Newest:
    """Stands before an outlet and remembers the greatest publish_time that went through."""

    def __init__(self) -> None:
        self.newest: str | None = None
        self._outlet: Outlet = Nowhere()

    def to(self, outlet: Outlet) -> Outlet:
        """Return itself, before this outlet."""
        self._outlet = outlet
        return self

    def event(self, statement: Assertion) -> None:
        published: str = statement.document["publish_time"]
        if self.newest is None or published > self.newest:
            self.newest = published
        self._outlet.event(statement)

    def dead_letter(self, letter: DeadLetter) -> None:
        self._outlet.dead_letter(letter)

    def flush(self) -> None:
        self._outlet.flush()


def pause_seconds(failures: int, asked: float | None = None) -> float:
    """Return how long to wait after so many failures in a row; `asked` is what the provider asked for, if it did."""
    own = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 20))
    return float(max(own, min(asked or 0.0, LONGEST_ASKED_SECONDS)))


def _sum(one: Summary, other: Summary) -> Summary:
    return Summary(
        one.read + other.read,
        one.published + other.published,
        one.merged + other.merged,
        one.skipped + other.skipped,
        one.withdrawn + other.withdrawn,
        one.dead_lettered + other.dead_lettered,
    )
