"""What alerts are held against in a backtest: coups, events of mass casualties, or a file of what happened."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from cli.yaml_page import Mistakes, read_text
from schemas.countries import COUNTRIES, REGIONS
from timeline.identity import Document
from timeline.outcomes import MASS_CASUALTY, Label, coups, mass_casualties
from timeline.times import day_number

FROM_LOG = {
    "coups": (coups, "coups and attempted coups in the log"),
    "mass-casualty": (mass_casualties, f"events in the log with at least {MASS_CASUALTY} killed"),
}
_MEMBERS = {"scope", "day", "name"}


class Labels(NamedTuple):
    """Labels by name, and in words what they are."""

    name: str
    meaning: str
    labels: list[Label]


def read_labels(name: str, states: Iterable[Document]) -> Labels:
    """Return the labels of a name: taken from the current states of events, or from a file of that path.

    Raises:
        Failed: the file cannot be read.
        Mistakes: lines of it are no labels.
    """
    if name in FROM_LOG:
        find, meaning = FROM_LOG[name]
        return Labels(name, meaning, sorted(find(states), key=lambda label: (label.day, label.name)))
    found = list(_of_text(read_text(name), name))
    shown = Path(name).name
    return Labels(shown, f"what {shown} says", sorted(found, key=lambda label: (label.day, label.name)))


def scopes_around(scope: str) -> frozenset[str]:
    """Return the scope and all that hold it: a province's country, a country's regions, the world."""
    kind, _, name = scope.partition(":")
    if kind == "admin1":
        country = _country_of(name)
        return frozenset({scope}) | (scopes_around(f"country:{country}") if country else {"world"})
    if kind == "country":
        return frozenset({scope, "world", *[f"region:{code}" for code in REGIONS.get(name, ())]})
    if kind == "region":
        chains = (codes[: codes.index(name) + 1] for codes in REGIONS.values() if name in codes)
        return frozenset({scope, "world", *[f"region:{code}" for codes in chains for code in codes]})
    return frozenset({scope, "world"})


def _country_of(province: str) -> str | None:
    """Return the country of `ML-8` or `SDN/Darfur`."""
    import pycountry  # noqa: PLC0415 - only where a file names provinces

    if "/" in province:
        return province.partition("/")[0]
    found = pycountry.countries.get(alpha_2=province.partition("-")[0])
    return found.alpha_3 if found is not None and found.alpha_3 in COUNTRIES else None


def _of_text(text: str, name: str) -> Iterator[Label]:
    mistakes = []
    for line, said in _json_lines(text) if text.lstrip().startswith("{") else _csv_rows(text):
        found = _label(said)
        if isinstance(found, str):
            mistakes.append(f"{name}:{line}: {found}")
        else:
            yield found
    if mistakes:
        raise Mistakes(mistakes)


def _json_lines(text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield number, orjson.loads(line)
            except orjson.JSONDecodeError:
                yield number, None


def _csv_rows(text: str) -> Iterator[tuple[int, Any]]:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    for row in rows:
        yield rows.line_num, row


def _label(said: Any) -> Label | str:
    """Return the label, or what is wrong with it."""
    if not isinstance(said, dict):
        return "expected a JSON object"
    missing = [member for member in ("scope", "day") if not isinstance(said.get(member), str) or not said[member]]
    if missing:
        return f"expected scope and day, and a name if there is one; {missing[0]} is missing"
    if unknown := [str(member) for member in said if member not in _MEMBERS]:
        return f"{unknown[0]} is no member of a label; expected scope, day and name"
    scope, day, text = said["scope"].strip(), said["day"].strip(), said.get("name")
    if scope != "world" and not scope.partition(":")[2]:
        return f"scope: expected one such as country:MLI, found {scope!r}"
    try:
        return Label(text if isinstance(text, str) and text else scope, day_number(day), scopes_around(scope))
    except ValueError:
        return f"day: expected one such as 2021-10-02, found {day!r}"
