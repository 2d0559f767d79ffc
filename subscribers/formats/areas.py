"""Areas: what the scope of an alert is on the ground, in words and in the codes of a standard.

Only what is certain is said: a scope that is no place (an actor, a feed) has no code of a place, and no scope has a
polygon, because no table of ours holds boundaries and a box around a country takes in its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import pycountry

ALPHA_3: Final = "ISO 3166-1 alpha-3"
ALPHA_2: Final = "ISO 3166-1 alpha-2"
DIVISION: Final = "ISO 3166-2"
M49: Final = "M49"
MISSION: Final = "vigil:mission"
SCOPE: Final = "vigil:scope"

Hosts = Mapping[str, str | None]
"""The country (ISO alpha-3) of a mission by its acronym; None where it works in several."""

# Names of the United Nations' M49 standard.
_REGIONS: Final = {
    "002": "Africa",
    "005": "South America",
    "009": "Oceania",
    "011": "Western Africa",
    "013": "Central America",
    "014": "Eastern Africa",
    "015": "Northern Africa",
    "017": "Middle Africa",
    "018": "Southern Africa",
    "019": "Americas",
    "021": "Northern America",
    "029": "Caribbean",
    "030": "Eastern Asia",
    "034": "Southern Asia",
    "035": "South-eastern Asia",
    "039": "Southern Europe",
    "053": "Australia and New Zealand",
    "054": "Melanesia",
    "057": "Micronesia",
    "061": "Polynesia",
    "142": "Asia",
    "143": "Central Asia",
    "145": "Western Asia",
    "150": "Europe",
    "151": "Eastern Europe",
    "154": "Northern Europe",
    "155": "Western Europe",
    "202": "Sub-Saharan Africa",
    "419": "Latin America and the Caribbean",
}


class Area(NamedTuple):
    """An area in words, and (name of the standard, code) of it, the scope itself last; the words are never empty."""

    words: str
    codes: tuple[tuple[str, str], ...]


def area_of(scope: str, hosts: Hosts) -> Area:
    """Return the area of a scope, with or without a feed behind an `@`."""
    base, _, feed = scope.partition("@")
    kind, _, name = base.partition(":")
    # The silence of a feed is nowhere in particular.
    words, codes = (f"Wherever {feed} reports from", ()) if feed else _PLACES[kind](name, hosts)
    return Area(words, (*codes, (SCOPE, scope)))


_Codes = tuple[tuple[str, str], ...]


def _world(_: str, __: Hosts) -> tuple[str, _Codes]:
    return "The world", ((M49, "001"),)


def _region(code: str, _: Hosts) -> tuple[str, _Codes]:
    return _REGIONS.get(code, f"Region {code}"), ((M49, code),)


def _country(code: str, _: Hosts) -> tuple[str, _Codes]:
    found = pycountry.countries.get(alpha_3=code)
    if found is None:
        # Only Kosovo, whose code is the one that users of ISO 3166-1 assigned.
        return "Kosovo" if code == "XKX" else code, ((ALPHA_3, code),)
    # M49 numbers countries as ISO 3166-1 does, but has no Taiwan.
    numbers = () if code == "TWN" else ((M49, found.numeric),)
    return _country_name(found), ((ALPHA_3, code), (ALPHA_2, found.alpha_2), *numbers)


def _admin1(name: str, hosts: Hosts) -> tuple[str, _Codes]:
    country, slash, plain = name.partition("/")
    if slash:
        # The country's own codes would say that all of it is meant.
        return f"{plain}, {_country(country, hosts)[0]}", ()
    found = pycountry.subdivisions.get(code=name)  # type: ignore[no-untyped-call]
    if found is None:
        return name, ((DIVISION, name),)
    return f"{found.name}, {_country_name(pycountry.countries.get(alpha_2=found.country_code))}", ((DIVISION, name),)


def _mission(acronym: str, hosts: Hosts) -> tuple[str, _Codes]:
    host = hosts.get(acronym)
    if host is None:
        return f"Mission {acronym}", ((MISSION, acronym),)
    country, codes = _country(host, hosts)
    return f"Mission {acronym}, {country}", (*codes, (MISSION, acronym))


def _actor(actor: str, _: Hosts) -> tuple[str, _Codes]:
    return f"Wherever {actor} acts", ()


def _country_name(country: Any) -> str:
    """The name in common use where the standard knows one: Bolivia, not `Bolivia, Plurinational State of`."""
    name: str = getattr(country, "common_name", country.name)
    plain, comma, before = name.partition(", ")
    return f"{before} {plain}" if comma and before.endswith((" of", " of the")) else name


_PLACES: Final = {
    "world": _world,
    "region": _region,
    "country": _country,
    "admin1": _admin1,
    "mission": _mission,
    "actor": _actor,
}
