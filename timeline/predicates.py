"""Predicates: the `where` of a rule as a function of an event's document.

All conditions must hold. A value that is unknown satisfies none, bounds included; a path through a list holds when any
of its members does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.rule import Bounds, Condition, Where
from timeline.identity import Document

Predicate = Callable[[Document], bool]


def predicate(where: Where) -> Predicate:
    """Return the function that says whether an asserted event satisfies `where`."""
    checks = sorted(
        [(tuple(path.split(".")), _check(condition)) for path, condition in where.items()],
        # Short paths are cheap, and mostly decide: the type of the event.
        key=lambda entry: len(entry[0]),
    )

    def satisfies(document: Document) -> bool:
        for path, check in checks:
            value = document.get(path[0])
            if value is None:
                return False
            if len(path) == 1 and type(value) is str:
                if not check(value):
                    return False
            elif not _any_holds(value, path[1:], check):
                return False
        return True

    return satisfies


def _check(condition: Condition) -> Callable[[Any], bool]:
    if isinstance(condition, Bounds):
        low, high = condition.at_least, condition.at_most
        return lambda value: (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and (low is None or value >= low)
            and (high is None or value <= high)
        )
    # The kind counts too: true is not 1.
    allowed = {
        (isinstance(value, bool), value) for value in (condition if isinstance(condition, list) else [condition])
    }
    return lambda value: not isinstance(value, dict | list) and (isinstance(value, bool), value) in allowed


def _any_holds(value: Any, path: tuple[str, ...], check: Callable[[Any], bool]) -> bool:
    if isinstance(value, list):
        return any(_any_holds(item, path, check) for item in value)
    if not path:
        return value is not None and check(value)
    return isinstance(value, dict) and _any_holds(value.get(path[0]), path[1:], check)
