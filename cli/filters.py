"""The options of the filters: the same in every command that prints events, scopes or alerts."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import click

from timeline.filters import Filters


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


def refuse(filters: Filters, *names: str, what: str) -> None:
    """Refuse filters that mean nothing for what is printed. Raises: click.UsageError."""
    for name in names:
        if getattr(filters, name):
            raise click.UsageError(f"{_FLAGS.get(name, '--' + name)} is no filter for {what}")


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
