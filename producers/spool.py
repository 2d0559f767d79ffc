"""The files of a release, read to their end before anything is sent: what they hold, in a temporary file.

Only the whole tells what a release covers and what it no longer contains. In memory stay the ids and what the
withdrawals of other releases ask; standard input can be read only once, so the files are not read again.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from producers.recognise import FATALITIES
from producers.rows import DeadLetter
from producers.unread import event_id
from schemas.errors import Failed
from timeline.identity import Assertion
from timeline.releases import Coverage, Key, Manifest, Mention, in_release, mention

EVERYWHERE: Final = frozenset({"cline-coups", FATALITIES})
"""Feeds whose releases speak of all countries."""


@dataclass(frozen=True, slots=True)
class Release:
    """What `--release` says. Without a day, which only UN fatalities may lack, each file's own sequence is the day."""

    name: str | None
    day: str | None


@dataclass(frozen=True, slots=True)
class Widening:
    """What `--covers` adds to the coverage of a release; times in microseconds since 1970."""

    countries: frozenset[str] = frozenset()
    everywhere: bool = False
    start: int | None = None
    end: int | None = None


@dataclass(slots=True)
class Contents:
    """What a release of one feed contains, as far as it was read."""

    countries: set[str | None] = field(default_factory=set)
    start: int | None = None
    end: int | None = None
    ids: set[str] = field(default_factory=set)

    def add(self, event_id: str, said: Mention | None) -> None:
        """Take in a statement; None for one that withdraws the event, or that could not be read: it is spoken of."""
        self.ids.add(event_id)
        if said is None:
            return
        self.countries.add(said.country)
        self.start = said.start if self.start is None else min(self.start, said.start)
        self.end = said.end if self.end is None else max(self.end, said.end)

    def coverage(self, feed: str, wider: Widening) -> Coverage | None:
        """Return what the release speaks of: the countries of its events, and the time from first start to last end."""
        starts = [time for time in (self.start, wider.start) if time is not None]
        ends = [time for time in (self.end, wider.end) if time is not None]
        if not starts or not ends or min(starts) > max(ends):
            return None
        everywhere = feed in EVERYWHERE or wider.everywhere
        countries = None if everywhere else frozenset(self.countries | wider.countries)
        return Coverage(countries, min(starts), max(ends))


class Spool(AbstractContextManager["Spool"]):
    """An outlet that keeps the statements of a release, in order, each as the release makes it."""

    def __init__(self, feed: str, release: Release, widening: Widening = Widening()) -> None:
        self.mentions: list[Mention] = []
        self.stamps: list[Key] = []
        self.unknown = 0
        """How many bad rows stand for events whose ids could not be read."""
        self._feed = feed
        self._release = release
        self._widening = widening
        self._parts: dict[tuple[str, str], Contents] = {}
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__

    def event(self, statement: Assertion) -> None:
        """Keep a statement. Raises: Failed when the file itself names another day than `--release` does."""
        day = self._day(statement)
        statement = in_release(statement, day)
        self.stamps.append((statement.id, statement.stamp))
        part = self._parts.setdefault((statement.document["source"], day), Contents())
        said = mention(statement)
        part.add(statement.id, said)
        if said is not None:
            self.mentions.append(said)
        pickle.dump(statement, self._file)

    def dead_letter(self, letter: DeadLetter) -> None:
        """Keep a bad row; the event that it stands for counts as contained where its id could be read."""
        unread, day = event_id(self._feed, letter), self._release.day
        if unread is None or day is None:
            self.unknown += 1
        else:
            self._parts.setdefault((unread.partition(":")[0], day), Contents()).add(unread, None)
        pickle.dump(letter, self._file)

    def flush(self) -> None:
        """Do nothing: what was kept is read in this process only."""

    def __iter__(self) -> Iterator[Assertion | DeadLetter]:
        """Yield what was kept, in order."""
        self._file.seek(0)
        while True:
            try:
                kept: Assertion | DeadLetter = pickle.load(self._file)  # noqa: S301 - of a file without a name, which nobody else writes
            except EOFError:
                return
            yield kept

    def manifests(self) -> list[Manifest]:
        """Return the manifest of each release that was read, by feed and day."""
        if not self._parts and self._release.day is not None:
            # Nothing at all where something was: only a stated coverage tells that.
            self._parts[self._feed, self._release.day] = Contents()
        return [
            Manifest(
                feed=feed,
                release=self._release.name or f"{feed}-{day}",
                sequence=day,
                coverage=part.coverage(feed, self._widening),
                ids=frozenset(part.ids),
            )
            for (feed, day), part in sorted(self._parts.items())
        ]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def _day(self, statement: Assertion) -> str:
        stated, own = self._release.day, statement.stamp.sequence
        if self._feed != FATALITIES:
            return stated or own
        if stated not in (None, own):
            raise Failed(f"the file's last_update is {own}, so its release cannot be of {stated}")
        return own
