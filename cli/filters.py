"""Filters: one name each, the same in every command that prints events, scopes or alerts."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

Members = dict[str, Any]
Choice = tuple[str, ...]
"""Any of these; empty means all."""


class Day(click.ParamType):
    """A day as `2021-10-02`, kept as text: such text sorts as the days do."""

    name = "day"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the day, or refuse what is none."""
        try:
            return datetime.date.fromisoformat(value).isoformat()
        except ValueError:
            self.fail(f"{value!r} is no day such as 2021-10-02", param, ctx)


class Time(click.ParamType):
    """A time as `2021-10-02T12:00:00Z`, as microseconds since 1970."""

    name = "time"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the time, or refuse what is none or has no zone."""
        from timeline.times import microseconds  # noqa: PLC0415 - only where a time is given

        try:
            return microseconds(value)
        except (ValueError, TypeError):
            self.fail(f"{value!r} is no time such as 2021-10-02T12:00:00Z", param, ctx)


class Country(click.ParamType):
    """The ISO alpha-3 code of a country: a name, or a code of another kind, would choose nothing and not say so."""

    name = "country"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the code, or refuse what is none."""
        from schemas.countries import COUNTRIES  # noqa: PLC0415 - only where a country is given

        if value not in COUNTRIES:
            self.fail(f"{value!r} is no ISO 3166-1 alpha-3 code such as MLI (Kosovo is XKX)", param, ctx)
        return value


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

    def refuse(self, *names: str, what: str) -> None:
        """Refuse filters that mean nothing for what is printed. Raises: click.UsageError."""
        for name in names:
            if getattr(self, name):
                raise click.UsageError(f"{_FLAGS.get(name, '--' + name)} is no filter for {what}")

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
        from timeline.scopes import scopes_of  # noqa: PLC0415 - loads the countries

        own = scopes_of(state)
        return any(scope in self.scope or f"{scope}@{state['source']}" in self.scope for scope in own)

    def _overlaps(self, first: str | None, last: str | None) -> bool:
        after = self.first is None or (last is not None and last >= self.first)
        return after and (self.last is None or (first is not None and first <= self.last))


def filter_options(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add these filters to a click command, which gets their values by the names of `Filters`."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(names):
            command = _OPTIONS[name](command)
        return command

    return decorate


def _option(name: str, metavar: str, text: str, kind: click.ParamType | None = None) -> Callable[..., Any]:
    return click.option(f"--{name}", name, multiple=True, type=kind, metavar=metavar, help=text)


_OPTIONS = {
    "scope": _option("scope", "SCOPE", "Of this scope, such as country:MLI or mission:MINUSMA; may be repeated."),
    "country": _option("country", "CODE", "Of this country, ISO alpha-3; may be repeated.", Country()),
    "type": _option("type", "TYPE", "Of this type, such as attack or coup; may be repeated."),
    "actor": _option("actor", "ID", "With this actor; may be repeated."),
    "feed": _option("feed", "FEED", "Of this feed; may be repeated."),
    "rule": _option("rule", "ID", "Of this rule; may be repeated."),
    "first": click.option("--from", "first", type=Day(), metavar="DAY", help="On or after this day."),
    "last": click.option("--until", "last", type=Day(), metavar="DAY", help="On or before this day."),
}


_FLAGS = {"first": "--from", "last": "--until"}


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
