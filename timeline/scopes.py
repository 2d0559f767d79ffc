"""Scopes: the sets of events that are counted together, by name.

`world`, `region:<M49>`, `country:<alpha-3>`, `admin1:<code, or country/name>`, `actor:<id>`, `mission:<acronym>`; a
feed's own scope is written behind an `@`: `country:MLI@ucdp-ged`.
"""

from __future__ import annotations

from functools import lru_cache

from schemas.countries import REGIONS
from timeline.identity import Document

_NOTHING: Document = {}


def scopes_of(document: Document) -> tuple[str, ...]:
    """Return the scopes, without feed, that an asserted event is counted in; each once."""
    place = document.get("place", _NOTHING)
    return _scopes(
        (place.get("country"), place.get("admin1"), place.get("admin1_code")),
        tuple([actor["id"] for actor in document.get("actors", ())]),
        (document.get("mission"), document.get("resolution", _NOTHING).get("mission")),
    )


@lru_cache(maxsize=65_536)
def scope_kind(scope: str) -> str:
    """Return `country` for `country:MLI`."""
    return scope.partition(":")[0]


def mission_scope(acronym: str) -> str:
    """Return the scope of a mission."""
    return f"mission:{acronym}".replace("@", "_")


@lru_cache(maxsize=65_536)
def _scopes(
    place: tuple[str | None, str | None, str | None], actors: tuple[str, ...], missions: tuple[str | None, str | None]
) -> tuple[str, ...]:
    country, admin1, admin1_code = place
    scopes = ["world"]
    if country:
        scopes += [f"region:{code}" for code in REGIONS.get(country, ())]
        scopes.append(f"country:{country}")
    if admin1_code:
        scopes.append(f"admin1:{admin1_code}")
    elif admin1 and country:
        scopes.append(f"admin1:{country}/{admin1}")
    scopes += [f"actor:{actor}" for actor in actors]
    scopes += [mission_scope(acronym) for acronym in missions if acronym]
    # An `@` would read as the beginning of a feed's name.
    return tuple(dict.fromkeys([scope.replace("@", "_") for scope in scopes]))
