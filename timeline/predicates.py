"""Predicates: the `where` of rules as functions of an event's document.

Rules kept here:
- All conditions must hold. A value that is unknown satisfies none, bounds included; a path through a list holds when
  any of its members does.
- A predicate that asks for values of a member is looked at only for events that have one of them there: most rules
  do not concern most events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic_core import to_json

from schemas.rule import Bounds, Condition, Where
from timeline.identity import Document

Path = tuple[str, ...]
Value = tuple[bool, Any]
"""Whether it is true or false, and the value: true is not 1."""


class Predicates:
    """The distinct `where`s of a rule set, each with a number."""

    def __init__(self, wheres: Iterable[Where]) -> None:
        distinct = {_spelled(where): where for where in wheres}
        self._numbers = {spelled: number for number, spelled in enumerate(distinct)}
        self._checks = [_satisfies(where) for where in distinct.values()]
        self._others: list[int] = []
        self._by_value: dict[Path, dict[Value, list[int]]] = {}
        asked: dict[str, set[Value]] = {}
        for where in distinct.values():
            for path in _choices(where):
                asked.setdefault(path, set()).update(_values(where[path]))
        for number, where in enumerate(distinct.values()):
            # The member by which rules differ most tells most of them apart.
            choices = sorted(_choices(where), key=lambda path: (len(asked[path]), path))
            if not choices:
                self._others.append(number)
                continue
            table = self._by_value.setdefault(tuple(choices[-1].split(".")), {})
            for value in _values(where[choices[-1]]):
                table.setdefault(value, []).append(number)

    def number(self, where: Where) -> int:
        """Return the number of one of the predicates."""
        return self._numbers[_spelled(where)]

    def satisfied(self, document: Document) -> frozenset[int]:
        """Return the numbers of the predicates that an asserted event satisfies."""
        candidates = list(self._others)
        for path, table in self._by_value.items():
            for value in _found(document, path):
                candidates += table.get((isinstance(value, bool), value), ())
        checks = self._checks
        return _SETS[tuple([number for number in candidates if checks[number](document)])]


class _Sets(dict[tuple[int, ...], frozenset[int]]):
    """Each set of numbers once: a million facts share a few."""

    def __missing__(self, numbers: tuple[int, ...]) -> frozenset[int]:
        self[numbers] = frozenset(numbers)
        return self[numbers]


_SETS = _Sets()


def _spelled(where: Where) -> bytes:
    return to_json(dict(sorted(where.items())))


def _choices(where: Where) -> list[str]:
    return [path for path, condition in where.items() if not isinstance(condition, Bounds)]


def _values(condition: Condition) -> set[Value]:
    if isinstance(condition, Bounds):
        return set()
    return {(isinstance(value, bool), value) for value in (condition if isinstance(condition, list) else [condition])}


def _found(value: Any, path: Path) -> Iterator[Any]:
    """Yield what stands at the path: scalars only, several where it leads through a list."""
    for index, name in enumerate(path):
        if isinstance(value, list):
            for item in value:
                yield from _found(item, path[index:])
            return
        if not isinstance(value, dict):
            return
        value = value.get(name)
    if isinstance(value, list):
        yield from [item for item in value if not isinstance(item, dict | list)]
    elif value is not None and not isinstance(value, dict):
        yield value


def _satisfies(where: Where) -> Callable[[Document], bool]:
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
    allowed = _values(condition)
    return lambda value: not isinstance(value, dict | list) and (isinstance(value, bool), value) in allowed


def _any_holds(value: Any, path: tuple[str, ...], check: Callable[[Any], bool]) -> bool:
    if isinstance(value, list):
        return any(_any_holds(item, path, check) for item in value)
    if not path:
        return value is not None and check(value)
    return isinstance(value, dict) and _any_holds(value.get(path[0]), path[1:], check)
