"""Phrases that the words of rules are made of: measures, scopes, conditions, days."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.aggregate import Measure
from schemas.rule import Bounds, Condition, ScopeKind, Where

MEASURES: dict[Measure, str] = {
    "events": "events",
    "attacks": "attacks",
    "coups": "coups",
    "coup_attempts": "coup attempts",
    "resolutions": "adopted resolutions",
    "machine_reports": "machine-coded reports",
    "killed": "people killed",
    "injured": "people injured",
    "civilians_killed": "civilians killed",
    "peacekeepers_killed": "peacekeepers killed",
    "peacekeepers_injured": "peacekeepers injured",
    "other_deaths": "deaths by accident, illness or unknown cause",
}
SCOPES: dict[ScopeKind, str] = {
    "world": "the world as a whole",
    "region": "each region",
    "country": "each country",
    "admin1": "each first-order division (province)",
    "actor": "each actor",
    "mission": "each mission",
}
_MEMBERS = {
    "coup.outcome": "outcome of the coup",
    "resolution.outcome": "outcome of the resolution",
    "actors.id": "one of the actors",
    "actors.role": "role of one of the actors",
    "place.country": "country",
    "source": "feed",
}


def where_words(where: Where) -> str:
    """Return conditions in words, as `type is attack, people killed (best estimate) at least 1`."""
    return ", ".join(_conditions(where))


def _conditions(where: Where) -> Iterator[str]:
    for path, value in where.items():
        yield f"{_member(path)} {'' if isinstance(value, Bounds) else 'is '}{_value(value)}"


def _value(value: Condition) -> str:
    if isinstance(value, Bounds):
        bounds = (("at least", value.at_least), ("at most", value.at_most))
        return " and ".join(f"{name} {number}" for name, number in bounds if number is not None)
    return " or ".join(map(_scalar, value)) if isinstance(value, list) else _scalar(value)


def _member(path: str) -> str:
    """`killed.peacekeepers.best` as people say it; what is seldom asked for, as the event has it."""
    block, _, group = path.partition(".")
    group, _, estimate = group.partition(".")
    if block in ("killed", "injured") and estimate:
        return f"{'people' if group == 'total' else group.replace('_', ' ')} {block} ({estimate} estimate)"
    return _MEMBERS.get(path, path)


def _scalar(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def window_words(window: str) -> str:
    """Return the days of a window in words."""
    days = int(window[:-1])
    return "a day" if days == 1 else f"the {days} days that end with the day"


def and_more(days: int) -> str:
    """Return how a hold lengthens an episode; nothing for none."""
    return f", and {days_words(days)} more" if days else ""


def until(days: int, day: str) -> str:
    """Return when something ends that lasts so many days after a day."""
    return f"{days_words(days)} after {day}" if days else f"with {day}"


def by_feeds(feeds: int) -> str:
    """Return how many feeds must say so, for a table; nothing for one."""
    return f", by {feeds} feeds" if feeds > 1 else ""


def days_words(days: int) -> str:
    """Return a number of days in words."""
    return "a day" if days == 1 else f"{days} days"


def number_words(number: int) -> str:
    """Return a small number as a word."""
    return {2: "two", 3: "three", 4: "four"}.get(number, str(number))
