"""What a rule says: which version it is, which events it looks at, and what each of them adds to its number."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from tests.oracle.facts import Assertion, Json, days_in_window, line

# What each kind takes for granted; said aloud it is the same rule.
_COMMON: Json = {"urgency": "unknown", "certainty": "unknown", "inhibits": []}
_COUNTED: Json = {"count": "certain", "feed": None, "feeds": 1}
_MEASURED: Json = _COUNTED | {"estimate": "best", "steps": []}
DEFAULTS: dict[str, Json] = {
    "match": _COMMON | {"hold": 7, "feeds": 1},
    "threshold": _COMMON | _MEASURED | {"where": {}, "hold": 0, "ends_below": None},
    "surge": _COMMON
    | _MEASURED
    | {"where": {}, "hold": 0, "model": "negative_binomial", "p_value": 0.001, "reaches": 5, "min_weeks": 26},
    "first_seen": _COMMON | _COUNTED | {"where": {}, "hold": 7, "of": "actor", "role": None},
    "sequence": _COMMON | _MEASURED | {"hold": 0, "measure": "events", "reaches": 1},
    "deadline": _COMMON | {"where": {}, "hold": 0, "scope": "mission"},
    "silence": _COMMON | {"scope": "world", "feed": None},
}
SEVERITIES = ("unknown", "minor", "moderate", "severe", "extreme")


def whole(rule: Json) -> Json:
    """The rule with all that it takes for granted."""
    return DEFAULTS[rule["kind"]] | rule


def rule_version(rule: Json) -> str:
    """Hash of all that the rule says and that does not go without saying; why it is there says nothing."""
    defaults = DEFAULTS[rule["kind"]] | {"rationale": rule.get("rationale")}
    said = {name: value for name, value in rule.items() if name not in defaults or value != defaults[name]}
    return hashlib.sha256(line(said)).hexdigest()[:12]


def severity(rule: Json, peak: int) -> str:
    reached = [step["severity"] for step in rule.get("steps", []) if peak >= step["reaches"]]
    return SEVERITIES[max(SEVERITIES.index(each) for each in [rule["severity"], *reached])]


def fits(event: Assertion, where: Json) -> bool:
    """Whether the event satisfies all of it; an event's answer never changes, so it is asked once."""
    question = repr(where)
    if question not in event.answers:
        event.answers[question] = event.asserted and satisfies(event.wire, where)
    return event.answers[question]


def satisfies(document: Json, where: Json) -> bool:
    return all(any(agrees(value, condition) for value in reach(document, path)) for path, condition in where.items())


def reach(value: Any, path: str) -> Iterator[Any]:
    """What stands at the dotted path; a list on the way stands for each of its elements."""
    if isinstance(value, list):
        for element in value:
            yield from reach(element, path)
    elif not path:
        yield value
    elif isinstance(value, dict):
        name, _, rest = path.partition(".")
        if name in value:
            yield from reach(value[name], rest)


def agrees(value: Any, condition: Any) -> bool:
    if isinstance(condition, dict):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        low, high = condition.get("at_least"), condition.get("at_most")
        return number and (low is None or value >= low) and (high is None or value <= high)
    wanted = condition if isinstance(condition, list) else [condition]
    return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in wanted)


def of_its_feed(event: Assertion, rule: Json) -> bool:
    return rule.get("feed") in (None, event.source)


def number_of(event: Assertion, rule: Json, where: str = "where") -> int:
    """What the event adds to a number of the rule wherever it counts."""
    if not (fits(event, rule.get(where, {})) and of_its_feed(event, rule)):
        return 0
    found = event.measures.get(rule["measure"], 0)
    return (found.get(rule["estimate"]) or 0) if isinstance(found, dict) else int(found)


Numbers = dict[str, int]
"""A number of each feed."""


def ranked(of_feeds: Numbers) -> list[str]:
    """The feeds, the largest number first, equals by name."""
    return sorted(of_feeds, key=lambda feed: (-of_feeds[feed], feed))


def place(of_feeds: Numbers, rule: Json) -> tuple[int, str]:
    """The k-th largest number and its feed; 0 if there are fewer."""
    feeds = ranked(of_feeds)[rule["feeds"] - 1 :]
    return (of_feeds[feeds[0]], feeds[0]) if feeds else (0, "")


def by_day(rule: Json, adding: Iterable[tuple[Assertion, int]], width: int) -> dict[date, Numbers]:
    """The number of each feed on each day, of windows of so many days that end with it."""
    numbers: dict[date, Numbers] = defaultdict(lambda: defaultdict(int))
    for event, number in adding:
        for day in days_in_window(event, width, rule["count"]) if number else ():
            numbers[day][event.source] += number
    return numbers
