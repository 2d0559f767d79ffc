"""ISO 3166-2 codes of first-order divisions by name, only where a name fits exactly one division of its country.

Names are compared folded and without words such as "region" or "state". Divisions are those of today: the name of an
older division that was larger than its namesake of today gets that code too.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import pycountry

from producers.codes.folding import fold

_KINDS: Final = frozenset(
    (
        "area",
        "autonomous",
        "canton",
        "county",
        "department",
        "departement",
        "district",
        "division",
        "emirate",
        "governorate",
        "municipality",
        "oblast",
        "parish",
        "prefecture",
        "province",
        "region",
        "regional",
        "republic",
        "state",
        "territory",
        "union",
        "voivodship",
    )
)
# Words of lower levels: they count only where the first order is called so.
_LOWER: Final = ("county", "district", "municipality")


@lru_cache(maxsize=16_384)
def division_code(country: str, name: str) -> str | None:
    """Return the code of the division that `name` certainly means, None where it is not certain."""
    code, kind = _divisions(country).get(_bare(name), (None, ""))
    words = fold(name).split("-")
    return None if any(lower in words and lower not in kind for lower in _LOWER) else code


@lru_cache(maxsize=512)
def _divisions(country: str) -> dict[str, tuple[str, str]]:
    """Return code and kind of a country's first-order divisions by bare name, without names that two of them bear."""
    found = pycountry.countries.get(alpha_3=country)
    divisions = pycountry.subdivisions.get(country_code=found.alpha_2) if found else ()  # type: ignore[no-untyped-call]
    known: dict[str, tuple[str, str]] = {}
    twice = set()
    for division in divisions or ():
        if division.parent_code is None:
            name = _bare(division.name)
            twice |= {name} & known.keys()
            known[name] = (division.code, division.type.lower())
    return {name: value for name, value in known.items() if name not in twice}


def _bare(name: str) -> str:
    words = fold(name).split("-")
    return "-".join(word for word in words if word not in _KINDS) or "-".join(words)
