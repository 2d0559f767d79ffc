"""Peace operations and special missions of the United Nations, and of others that its documents name, by acronym.

The value is the one country that a mission works in, None for missions in several countries or in disputed territory
between two, whose dead cannot be placed by the mission alone. An acronym that is not here is not known to be a mission.
Source: the United Nations' lists of past and present peacekeeping operations and special political missions.
"""

from __future__ import annotations

from typing import Final

_PLACED: Final = {
    "AFG": "UNAMA UNSMA",
    "AGO": "MONUA UNAVEM UNMA UNOA",
    "BDI": "BINUB BNUB ONUB UNOB",
    "BIH": "EUFOR IPTF SFOR UNMIBH",
    "CAF": "BINUCA BONUCA MINURCA MINUSCA MISCA",
    "CIV": "MINUCI UNOCI",
    "COD": "MONUC MONUSCO ONUC",
    "COL": "UNVMC",
    "CYP": "UNFICYP",
    "DOM": "DOMREP",
    "ESH": "MINURSO",
    "ETH": "UNOAU",
    "GEO": "UNOMIG",
    "GNB": "UNIOGBIS UNOGBIS",
    "GTM": "MINUGUA",
    "HRV": "UNCRO UNPSG UNTAES",
    "HTI": "BINUH MICAH MINUJUSTH MINUSTAH MIPONUH UNMIH UNSMIH UNTMIH",
    "IRQ": "UNAMI UNGCI UNITAD UNOHCI",
    "KHM": "UNAMIC UNTAC",
    "LBN": "UNIFIL UNOGIL UNSCOL",
    "LBR": "UNMIL UNOL UNOMIL",
    "LBY": "UNSMIL",
    "MKD": "UNPREDEP",
    "MLI": "AFISMA MINUSMA",
    "MOZ": "ONUMOZ",
    "NAM": "UNTAG",
    "NPL": "UNMIN",
    "RWA": "UNAMIR",
    "SDN": "UNAMID UNAMIS UNITAMS UNMIS",
    "SLE": "UNAMSIL UNIOSIL UNIPSIL UNOMSIL",
    "SLV": "ONUSAL",
    "SOM": "AMISOM ATMIS UNOSOM UNSOM UNSOS UNTMIS",
    "SSD": "UNMISS",
    "SYR": "UNDOF UNSMIS",
    "TJK": "UNMOT UNTOP",
    "TLS": "UNAMET UNMISET UNMIT UNOTIL UNTAET",
    "XKX": "UNMIK",
    "YEM": "UNMHA UNYOM",
}
_IN_SEVERAL: Final = """
    MINURCAT ONUCA OSESGY OSESyria UNASOG UNEF UNGOMAP UNIIMOG UNIKOM UNIPOM UNISFA UNMAO UNMEE UNMOGIP UNMOP UNOCA
    UNOMUR UNOWA UNOWAS UNPF UNPOS UNPROFOR UNSCOB UNSecretariat UNSOA UNTSO
"""
MISSIONS: Final[dict[str, str | None]] = {
    mission: country for country, missions in _PLACED.items() for mission in missions.split()
} | dict.fromkeys(_IN_SEVERAL.split())
