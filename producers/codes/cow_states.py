"""States by the numbers of the Correlates of War project, which the Cline Center writes.

They are Gleditsch-Ward's but for the numbers below. What a dead state's number gives does not depend on the day: it is
the code of the state that holds its territory or its seat today, as everywhere here, so that 260 (the Federal Republic
until 1990) is Germany before and after, and so is 265. Source: the State System Membership list.
"""

from __future__ import annotations

from typing import Final

from producers.codes.states import country_of_number

_OWN: Final = {
    255: "DEU",  # Germany until 1945 and since 1990; Gleditsch and Ward's 260
    340: "SRB",  # in neither list before 2006; Cline's Serbia of 1999
    345: "SRB",  # Yugoslavia, and Serbia since 2006
    393: "RUS",  # in neither list; Cline's Russia of 1993
    679: "YEM",  # Yemen since 1990; 678 and 680 are the two before
    946: "KIR",
    947: "TUV",
    955: "TON",
    970: "NRU",  # Gleditsch and Ward's Kiribati
}
# Numbers that only Gleditsch and Ward use.
_FOREIGN: Final = frozenset((711, 971, 972, 973))


def country_of_cow(number: int) -> str | None:
    """Return the ISO alpha-3 code (XKX for Kosovo) of a Correlates of War number, None of an unknown one."""
    if number in _OWN:
        return _OWN[number]
    return None if number in _FOREIGN else country_of_number(number)
