"""Places as GDELT names them: `Tessalit, Kidal, Mali`, a FIPS code and the centre of what is named."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from producers.codes.crosswalk import country_of
from producers.codes.fips import NOWHERE, SEAS
from producers.codes.subdivisions import division_code
from producers.reading.values import decimal
from schemas.errors import BadInput

_COUNTRY, _STATE_OF_US, _CITY_OF_US, _CITY, _STATE = "12345"
_PRECISIONS: Final = {
    _COUNTRY: "country",
    _STATE_OF_US: "admin1",
    _STATE: "admin1",
    # The centre of a town that was mentioned, as likely as not the one where the news was written.
    _CITY_OF_US: "near",
    _CITY: "near",
}
# What is remembered of a row is bounded.
_LONGEST: Final = 4000


@lru_cache(maxsize=16_384)
def place_of(
    kind: str, full_name: str, fips: str, latitude_text: str, longitude_text: str
) -> tuple[dict[str, object] | None, str, tuple[str, ...]]:
    """Return the place, what a title says of it, and what was mended."""
    letters = sum(map(len, (kind, full_name, fips, latitude_text, longitude_text)))
    if letters > _LONGEST:
        raise BadInput(f"the cells of the place have {letters} letters", "place.name")
    name, admin1 = _names(kind, full_name)
    latitude, longitude = decimal(latitude_text, "place.latitude"), decimal(longitude_text, "place.longitude")
    repairs = []
    if latitude == longitude == 0:
        latitude = longitude = None  # so the backfile writes that it knows none
    elif (latitude is None) != (longitude is None):
        latitude = longitude = None
        repairs.append("coordinates")
    fips = fips.strip()
    country = country_of("fips", fips)
    if fips and country is None and fips not in SEAS | NOWHERE:
        repairs.append("country")
    if latitude is None and not country and not name:
        return None, "", tuple(repairs)
    place: dict[str, object] = {
        "country": country,
        "admin1": admin1 if country else None,
        "admin1_code": division_code(country, admin1) if country and admin1 else None,
        "name": name,
        "latitude": latitude,
        "longitude": longitude,
        "precision": "sea" if fips in SEAS else _PRECISIONS.get(kind.strip()),
    }
    return place, f", {name}" if name else "", tuple(repairs)


def _names(kind: str, full_name: str) -> tuple[str | None, str | None]:
    """Return name and first-order division of `Tessalit, Kidal, Mali`, `Kidal, Mali` or `Mali`."""
    parts = [" ".join(part.split()) for part in full_name.split(",")]
    if kind.strip() == _COUNTRY:
        return ", ".join(filter(None, parts)) or None, None  # `Gambia, The`
    if kind.strip() in (_STATE, _STATE_OF_US):
        admin1 = parts[-2] if len(parts) > 1 else parts[0]
    else:
        admin1 = parts[-2] if len(parts) > 2 else ""
    # `Oceans (general)` is how GDELT says that it knows no division.
    return parts[0] or None, admin1 if admin1 and not admin1.endswith("(general)") else None
