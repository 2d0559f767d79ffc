"""What the title and the agenda item of a Security Council document say for certain: mission, mandate, country."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

from producers.codes.missions import MISSIONS
from producers.codes.states import country_of_name
from producers.reading.values import MONTHS

_WORD: Final = re.compile(r"[A-Za-z]{4,}")
# Missions that titles name without their acronym.
_NAMES: Final = {
    "Disengagement Observer Force": "UNDOF",
    "Investigative Team to Promote Accountability": "UNITAD",
    "UN Mission in Bosnia and Herzegovina": "UNMIBH",
    "UN Operation in Côte d'Ivoire": "UNOCI",
    "UN Verification Mission in Colombia": "UNVMC",
}
_UNTIL: Final = re.compile(r"\b(?:until|through|up to) (\d{1,2}) ([A-Z][a-z]{2,8})\.? (\d{4})")
_ANY_DATE: Final = re.compile(r"\d{1,2} [A-Z][a-z]{2,8}\.? \d{4}")
_MANDATE: Final = re.compile(r"\b(?:extension|renewal)(?: of)?(?: the)? mandate (?:of|until) ")
_TERMINATION: Final = "termination of the mandate of"
_MONTH: Final = "([A-Z][a-z]{2,8})"
_TERMINATES: Final = re.compile(
    r"\bto terminate (?P<what>[^,;]{3,120}),? (?:as of|effective|effective (?:on|from|as of)|with effect from|on) "
    rf"(?:(?P<day>\d{{1,2}}) {_MONTH}|{_MONTH} (?P<day_after>\d{{1,2}}),?) (?P<year>\d{{4}})"
)
# Bodies that are no missions and have mandates too.
_OTHER_BODY: Final = re.compile(r"\b(?:Panel|Group|Committee|Tribunal|forces)\b")
_AGENDA: Final = (
    re.compile(r"The (?:situation|question) (?:in|concerning) (.+)"),
    re.compile(r"Reports? of the Secretary-General on (the Sudan)(?: \(S/\d{4}/\d+\))?"),
    re.compile(r"Non-proliferation/(.+)"),
)


def single_mission(title: str) -> str | None:
    """Return the acronym of the one mission that a title names."""
    named = {word for word in _WORD.findall(title) if word in MISSIONS}
    named |= {mission for name, mission in _NAMES.items() if name in title}
    return named.pop() if len(named) == 1 else None


def mandate_end(title: str) -> date | None:
    """Return the last day of the mandate of the one mission that a title extends until the one date that it names."""
    until = _UNTIL.search(title)
    if until is None or len(_ANY_DATE.findall(title)) != 1 or len(_MANDATE.findall(title)) != 1:
        return None
    if single_mission(title) is None or _OTHER_BODY.search(title):
        return None
    return _day(until[1], until[2], until[3])


def termination(title: str, decisions: Iterable[str]) -> date | None:
    """Return the last day of the mandate that a title says is terminated and a decision dates, if it is one mission's.

    Only the text of a resolution tells the day for certain; a title may name another one.
    """
    mission = single_mission(title)
    if mission is None or _TERMINATION not in title:
        return None
    days = set()
    for match in filter(None, map(_TERMINATES.search, decisions)):
        if mission in match["what"] and "mandate" in match["what"]:
            days.add(_day(match["day"] or match["day_after"], match[3] or match[4], match["year"]))
    return days.pop() if len(days) == 1 else None


def agenda_country(agenda: str) -> str | None:
    """Return the country that an agenda item is about, None when it is about none or several."""
    for pattern in _AGENDA:
        if match := pattern.fullmatch(agenda):
            return country_of_name(match[1])
    return None


def _day(day: str, month: str, year: str) -> date | None:
    try:
        return date(int(year), MONTHS[month[:3].lower()], int(day))
    except (KeyError, ValueError):
        return None
