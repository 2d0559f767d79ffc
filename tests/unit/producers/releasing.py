"""What the tests of releases share: publications into a log in memory, and what they must come to, said naively."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

from cli.publishing.releasing import decode
from eventlog.memory import MemoryLog
from eventlog.record import Header, Record
from producers.holdings import Holdings, ReadableLog
from producers.publish import Log, LogOutlet, publish
from producers.releases import Noting, difference, send_release, settle
from producers.rows import Published, Row
from producers.spool import Release, Spool, Widening
from schemas.event import Event, check_event
from schemas.topics import INCIDENTS, POLITICAL
from timeline.differences import Change
from timeline.identity import Assertion, assertion
from timeline.replay import timeline_lines

NO_WIDER = Widening()


class AnyLog(Log, ReadableLog, Protocol):
    """A log that is written to and read from."""


@dataclass(frozen=True)
class Publication:
    """Events of one feed, published as the release `name` of `day`, or, without a day, as they are."""

    events: tuple[Event, ...]
    name: str = ""
    day: str | None = None

    def rows(self) -> list[Row]:
        return [Published(event) for event in self.events]


def event(key: str, day: str = "2021-04-01", *, days: int = 1, country: str | None = "MLI", killed: int = 1) -> Event:
    """An attack of the feed `vigil` that lasts some days; what differs between two of one key is what is given."""
    end = date.fromisoformat(day) + timedelta(days=days)
    return check_event(
        {
            "id": f"vigil:{key}",
            "source": "vigil",
            "type": "attack",
            "event_time": {"start": f"{day}T00:00:00Z", "end": f"{end}T00:00:00Z", "precision": "range"},
            "publish_time": f"{end}T00:00:00Z",
            "place": {"country": country} if country else None,
            "killed": {"total": {"best": killed}},
        }
    )


def run(publication: Publication, log: AnyLog, *, feed: str = "vigil", widening: Widening = NO_WIDER) -> int:
    """Publish as the command does; returns how many withdrawals were sent."""
    return (told_and_sent if publication.day else _plain)(publication, log, feed=feed, widening=widening)[1]


def told_and_sent(
    publication: Publication, log: AnyLog, *, feed: str = "vigil", widening: Widening = NO_WIDER
) -> tuple[list[Change], int]:
    """Publish a release; returns the difference that was told and how many withdrawals were sent."""
    return release_rows(publication.rows(), log, feed, Release(publication.name, publication.day), widening)


def release_rows(
    rows: Iterable[Row], log: AnyLog, feed: str, release: Release, widening: Widening = NO_WIDER
) -> tuple[list[Change], int]:
    with Spool(feed, release, widening) as spool:
        publish(rows, spool)
        manifests = spool.manifests()
        holdings = Holdings(log, feeds={feed, *(each.feed for each in manifests)}, decode=decode)
        holdings.read()
        told = difference(spool, manifests, holdings)
        outlet = LogOutlet(log, feed=feed)
        sent = send_release(spool, manifests, holdings=holdings, log=log, outlet=outlet)
        # Nobody else writes between the two, or more than was told may be due.
        assert sent >= told.withdrawals
        return told.changes, sent


def _plain(publication: Publication, log: AnyLog, *, feed: str, widening: Widening) -> tuple[list[Change], int]:
    outlet = Noting(LogOutlet(log, feed=feed))
    publish(publication.rows(), outlet)
    return [], settle(Holdings(log, feeds=outlet.feeds, decode=decode), outlet)


def statements(log: ReadableLog) -> list[Assertion]:
    """What the log asserts."""
    found = [decode(record) for topic in (INCIDENTS, POLITICAL) for record in log.read(topic)]
    return [each for each in found if each is not None]


def state(log: ReadableLog) -> bytes:
    """The final state of every event, revisions and all, as it is printed."""
    return b"\n".join(timeline_lines(statements(log)))


def naive_state(publications: Sequence[Publication]) -> bytes:
    """The final state by the plain words of the rule, over all publications at once."""
    said: list[dict[str, Any]] = []
    for each in publications:
        for published in each.events:
            document = assertion(published).document
            said.append({**document, "sequence": each.day} if each.day else document)
    gone: list[dict[str, Any]] = []
    for release in publications:
        if release.day is None or not release.events:
            continue
        own = [assertion(published).document for published in release.events]
        countries = {_country(document) for document in own}
        first = min(document["event_time"]["start"] for document in own)
        last = max(document["event_time"]["end"] for document in own)
        gone += [
            {
                **{name: earlier[name] for name in ("id", "source", "type")},
                "state": "withdrawn",
                "sequence": release.day,
                "publish_time": f"{release.day}T00:00:00Z",
                "reason": f"the release {release.name} of {release.day} no longer contains it",
            }
            for earlier in said
            if earlier.get("sequence", earlier["publish_time"]) < release.day
            and earlier["id"] not in {document["id"] for document in own}
            and _country(earlier) in countries
            and first <= earlier["event_time"]["start"]
            and earlier["event_time"]["end"] <= last
        ]
    return b"\n".join(timeline_lines(assertion(check_event(document)) for document in said + gone))


def _country(document: dict[str, Any]) -> str | None:
    country: str | None = document.get("place", {}).get("country")
    return country


_Sent = tuple[str, bytes | None, bytes | None, Sequence[Header]]


class Killed(Exception):
    """The process ends here."""


class MortalLog:
    """A log whose writer dies at its n-th step.

    Of what was not flushed then only a part is there: the first (`survive` 0 to 1) or, because topics and partitions
    take records independently of each other, the last (-1 to 0).
    """

    def __init__(self, log: MemoryLog, *, steps: int, survive: float = 0.0) -> None:
        self._log = log
        self._left = steps
        self._survive = survive
        self._sent: list[_Sent] = []

    def send(self, topic: str, *, key: bytes | None, value: bytes | None, headers: Sequence[Header]) -> None:
        self._step()
        self._sent.append((topic, key, value, headers))

    def flush(self) -> None:
        self._step()
        self._write(self._sent)

    def read(self, topic: str) -> Iterator[Record]:
        self._step()
        return self._log.read(topic)

    def _step(self) -> None:
        self._left -= 1
        if self._left < 0:
            kept = int(len(self._sent) * abs(self._survive) + 0.5)
            self._write(self._sent[:kept] if self._survive >= 0 else self._sent[len(self._sent) - kept :])
            raise Killed

    def _write(self, records: Sequence[_Sent]) -> None:
        for topic, key, value, headers in records:
            self._log.send(topic, key=key, value=value, headers=headers)
        self._sent.clear()


def steps_of(act: Callable[[AnyLog], object], log: Callable[[], MemoryLog]) -> int:
    """How many steps a run takes on such a log, before each of which it can die."""
    for steps in itertools.count():
        try:
            act(MortalLog(log(), steps=steps))
        except Killed:
            continue
        return steps
    raise AssertionError("endless")
