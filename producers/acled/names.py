"""Actors as ACLED writes them: `JNIM: Group for Support of Islam and Muslims`, `Military Forces of Mali (2020-)`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from producers.codes.actors import known_actor
from producers.codes.folding import fold
from producers.codes.missions import MISSIONS

# A state's forces bear the years of its government, a mission those of its mandate.
_YEARS: Final = re.compile(r" *\((?:\d{4})?-(?:\d{4})?\)")
_CIVILIANS: Final = "Civilians ("


@lru_cache(maxsize=16_384)
def acled_actor(name: str) -> str:
    """Return the stable id: that of the table where the acronym, the long name or all of it is there, a mission's
    acronym, else the whole name folded, without years."""
    bare = _bare(name)
    acronym, _, long_name = bare.partition(": ")
    known = known_actor(bare) or (known_actor(long_name) if long_name else None) or known_actor(acronym)
    return known or fold(acronym if acronym in MISSIONS else bare)[:200]


def mission_of(names: Iterable[str]) -> str | None:
    """Return the acronym of the one mission among the actors, None when there is none or more than one."""
    found = {name.partition(":")[0].strip() for name in names} & MISSIONS.keys()
    return found.pop() if len(found) == 1 else None


def short_name(name: str) -> str:
    """Return the name as a title has room for it: without years, of acronym and long name the acronym."""
    return _YEARS.sub("", name).partition(": ")[0].strip()


def _bare(name: str) -> str:
    # Of civilians the country is the event's, and each feed knows them as one.
    return "Civilians" if name.startswith(_CIVILIANS) else _YEARS.sub("", name).strip()
