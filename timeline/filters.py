"""Filters: what passes of events, scopes and alerts; one name each in commands, queries and streams.

Days are inclusive; everything that is given has to hold.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

Members = dict[str, Any]
Choice = tuple[str, ...]
"""Any of these; empty means all."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What to print. Days are inclusive; everything that is given has to hold."""

    scope: Choice = ()
    country: Choice = ()
    type: Choice = ()
    actor: Choice = ()
    feed: Choice = ()
    rule: Choice = ()
    first: str | None = None
    last: str | None = None

    @property
    def only_scope(self) -> bool:
        """Whether nothing but scopes and days is asked for."""
        return self == Filters(scope=self.scope, first=self.first, last=self.last)

    def event(self, state: Members) -> bool:
        """Whether an event's state passes; `--from` and `--until` are about its event time."""
        actors = {actor["id"] for actor in state.get("actors", ())}
        return (
            _among(self.country, state.get("place", {}).get("country"))
            and _among(self.type, state["type"])
            and (not self.actor or not actors.isdisjoint(self.actor))
            and _among(self.feed, state["source"])
            and self._in_scope(state)
            and self._overlaps(*_days(state))
        )

    def windows(self, scope: str) -> bool:
        """Whether a scope's windows pass; a country or an actor is its own scope, and with a feed the feed's part."""
        base, _, feed = scope.partition("@")
        named = {*self.scope, *(f"country:{each}" for each in self.country), *(f"actor:{each}" for each in self.actor)}
        return (not named or scope in named or (base in named and bool(self.feed))) and _among(self.feed, feed or None)

    def alert(self, alert: Members) -> bool:
        """Whether an alert passes; `--from` and `--until` are about its days."""
        return (
            _among(self.scope, alert["scope"])
            and (not self.country or alert["scope"] in {f"country:{each}" for each in self.country})
            and (not self.actor or alert["scope"] in {f"actor:{each}" for each in self.actor})
            and _among(self.rule, alert["rule"])
            and _among(self.feed, alert["feed"])
            and self._overlaps(alert["first_day"], alert["last_day"])
        )

    def _in_scope(self, state: Members) -> bool:
        if not self.scope:
            return True
        from timeline.scopes import scopes_of  # noqa: PLC0415 - loads the countries, which no --help needs

        own = scopes_of(state)
        return any(scope in self.scope or f"{scope}@{state['source']}" in self.scope for scope in own)

    def _overlaps(self, first: str | None, last: str | None) -> bool:
        after = self.first is None or (last is not None and last >= self.first)
        return after and (self.last is None or (first is not None and first <= self.last))


def _among(choice: Choice, value: str | None) -> bool:
    return not choice or value in choice


def _days(state: Members) -> tuple[str | None, str | None]:
    """First and last day of the event; none where a withdrawal says nothing about time."""
    interval = state.get("event_time")
    if interval is None:
        return None, None
    start = datetime.datetime.fromisoformat(interval["start"])
    end = datetime.datetime.fromisoformat(interval["end"])
    last = end - datetime.timedelta(microseconds=1) if end > start else start
    return start.date().isoformat(), last.date().isoformat()
