"""One way from the code of any system that feeds name countries by to ISO alpha-3 (XKX for Kosovo).

Gleditsch-Ward, Correlates of War, FIPS and CAMEO have a module each, for no package knows them; ISO's and M49's codes
come from pycountry. A dead state gives the state that holds its territory or its seat today, in every system and for
every day, so that COW 260 after 1990, which only errors in a feed bring about, is Germany as before. States that came
apart give the one that kept the seat: the Soviet Union Russia, Czechoslovakia Czechia, Yugoslavia Serbia.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final, Literal

import pycountry

from producers.codes.cameo import country_of_cameo
from producers.codes.cow_states import country_of_cow
from producers.codes.fips import FIPS
from producers.codes.states import country_of_number
from schemas.countries import COUNTRIES

System = Literal["gw", "cow", "iso2", "iso3", "m49", "fips", "cameo"]

_KOSOVO: Final = "XKX"
# ISO 3166-3: codes that were withdrawn with the state's name or end. What came apart into equals (ANT) has no line.
_WITHDRAWN: Final = {
    **{"BUR": "MMR", "BYS": "BLR", "CSK": "CZE", "DDR": "DEU", "DHY": "BEN", "HVO": "BFA", "RHO": "ZWE", "ROM": "ROU"},
    **{"SCG": "SRB", "SUN": "RUS", "TMP": "TLS", "VDR": "VNM", "YMD": "YEM", "YUG": "SRB", "ZAR": "COD"},
}
_WITHDRAWN_NUMBERS: Final = {
    **{"200": "CZE", "278": "DEU", "280": "DEU", "720": "YEM", "736": "SDN", "810": "RUS", "886": "YEM"},
    **{"230": "ETH", "890": "SRB", "891": "SRB"},
}


@lru_cache(maxsize=16_384)
def country_of(system: System, code: str) -> str | None:
    """Return the country that `code` means in this system, None when it means none.

    Numbers may have zeros before and `.0` behind them; letters are those of the system, in capitals. `NA` of `iso2` is
    Namibia and never the lack of a value; in `fips` it is nothing.
    """
    return _WAYS[system](code.strip())


def _by_number(look: Callable[[int], str | None]) -> Callable[[str], str | None]:
    def found(code: str) -> str | None:
        digits = code.removesuffix(".0")
        return look(int(digits)) if digits.isascii() and digits.isdecimal() and len(digits) < 9 else None

    return found


def _iso2(code: str) -> str | None:
    if code == "XK":
        return _KOSOVO
    found = pycountry.countries.get(alpha_2=code) if len(code) == 2 and code.isupper() else None
    return None if found is None else str(found.alpha_3)


def _iso3(code: str) -> str | None:
    return code if code in COUNTRIES else _WITHDRAWN.get(code)


def _m49(number: int) -> str | None:
    code = f"{number:03}"
    found = pycountry.countries.get(numeric=code)
    return _WITHDRAWN_NUMBERS.get(code) if found is None else str(found.alpha_3)


_WAYS: Final[Mapping[System, Callable[[str], str | None]]] = {
    "gw": _by_number(country_of_number),
    "cow": _by_number(country_of_cow),
    "iso2": _iso2,
    "iso3": _iso3,
    "m49": _by_number(_m49),
    "fips": FIPS.get,
    "cameo": country_of_cameo,
}
