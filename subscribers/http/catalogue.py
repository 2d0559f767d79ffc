"""The catalogue of scopes: what there is to ask about, searched by id and by name.

It is made of all events, so it is made at most every so often, and kept: counts may be that old.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection

from subscribers.formats.areas import area_of
from subscribers.read_model.queries.known import newest_seq
from subscribers.read_model.queries.scopes import actor_names, scope_counts

KEPT_SECONDS: Final = 30


class Listed(NamedTuple):
    """A scope, its kind and name, and how many events belong to it."""

    scope: str
    kind: str
    name: str
    events: int

    @property
    def place(self) -> tuple[int, str]:
        """Where it stands: those with most events first."""
        return -self.events, self.scope


class Catalogue:
    """The scopes as they were at most `KEPT_SECONDS` ago."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: tuple[int, int] | None = None
        self._listed: list[Listed] = []

    def listed(self, connection: Connection, now: int) -> list[Listed]:
        """Return every scope, those with most events first; `now` is in microseconds."""
        with self._lock:
            seq = newest_seq(connection)
            made_of, made_at = self._made or (-1, 0)
            if seq != made_of and (self._made is None or now - made_at >= KEPT_SECONDS * 1_000_000):
                self._listed = _read(connection)
                self._made = seq, now
            return self._listed


def search(listed: Sequence[Listed], text: str) -> list[Listed]:
    """Return the scopes whose id or name holds every word of the text, whatever its case."""
    words = text.casefold().split()
    return [each for each in listed if all(word in f"{each.scope} {each.name}".casefold() for word in words)]


def _read(connection: Connection) -> list[Listed]:
    actors = dict(actor_names(connection))
    found = []
    for scope, events in scope_counts(connection).items():
        kind, _, name = scope.partition(":")
        words = actors.get(scope, name) if kind == "actor" else area_of(scope, {}).words
        found.append(Listed(scope, kind, words, events))
    return sorted(found, key=lambda each: each.place)
