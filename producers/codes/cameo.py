"""CAMEO, in which GDELT codes what was done and by whom: labels, methods and actors.

Codes are text with leading zeros: `010` is no number. Source: the CAMEO codebook and GDELT's lists of its codes; the
finer codes are here for protest, coercion and violence only, all others have the label of their root.
"""

from __future__ import annotations

from typing import Final

from producers.codes.actors import actor_id
from producers.codes.folding import fold
from schemas.countries import COUNTRIES

_LABELS: Final = """
01 Make public statement; 02 Appeal; 03 Express intent to cooperate; 04 Consult; 05 Engage in diplomatic cooperation;
06 Engage in material cooperation; 07 Provide aid; 08 Yield; 09 Investigate; 10 Demand; 11 Disapprove; 12 Reject;
13 Threaten; 14 Protest; 15 Exhibit force posture; 16 Reduce relations; 17 Coerce; 18 Assault; 19 Fight;
20 Use unconventional mass violence;
141 Demonstrate or rally; 142 Conduct hunger strike; 143 Conduct strike or boycott; 144 Obstruct passage, block;
145 Protest violently, riot; 171 Seize or damage property; 1711 Confiscate property; 1712 Destroy property;
172 Impose administrative sanctions; 1721 Impose restrictions on political freedoms;
1722 Ban political parties or politicians; 1723 Impose curfew; 1724 Impose state of emergency or martial law;
173 Arrest, detain, or charge with legal action; 174 Expel or deport individuals;
175 Use tactics of violent repression; 180 Use unconventional violence; 181 Abduct, hijack, or take hostage;
182 Physically assault; 1821 Sexually assault; 1822 Torture; 1823 Kill by physical assault;
183 Conduct suicide, car, or other non-military bombing; 1831 Carry out suicide bombing; 1832 Carry out car bombing;
1833 Carry out roadside bombing; 184 Use as human shield; 185 Attempt to assassinate; 186 Assassinate;
190 Use conventional military force; 191 Impose blockade, restrict movement; 192 Occupy territory;
193 Fight with small arms and light weapons; 194 Fight with artillery and tanks; 195 Employ aerial weapons;
196 Violate ceasefire; 201 Engage in mass expulsion; 202 Engage in mass killings; 203 Engage in ethnic cleansing;
204 Use weapons of mass destruction; 2041 Use chemical, biological, or radiological weapons;
2042 Detonate nuclear weapons
"""
_METHODS: Final = """
181 abduction; 182 assault; 1821 sexual violence; 1822 torture; 183 explosive; 185 assassination; 186 assassination;
191 blockade; 193 firearms; 194 artillery; 195 air strike; 202 mass killing; 204 weapons of mass destruction
"""
# Groups that other feeds name too, by the names under which `producers.actors` knows them.
_GROUPS: Final = """
ALQ al-Qaida; EEC European Union; FTA Fatah; GIA GIA; GSP AQIM; HEZ Hezbollah; HMS Hamas; ISJ PIJ; NAT NATO; PFL PFLP;
PLS POLISARIO; TAL Taliban; UNO United Nations
"""
# CAMEO's codes of countries are ISO's alpha-3 but for these. West Bank and Gaza Strip are Palestine.
_COUNTRIES: Final = {
    "BAG": "IRQ",
    "GZS": "PSE",
    "IMY": "IMN",
    "MTN": "MNE",
    "ROM": "ROU",
    "TMP": "TLS",
    "WSB": "PSE",
}


def label(code: str) -> str:
    """Return what was done, as its longest known beginning says: `1831`, `183` or the root `18`."""
    return _longest(_LABEL, code) or (f"CAMEO {code}" if code.strip("-") else "Something")


def method(code: str) -> str | None:
    """Return how violence was done, where the code says it."""
    return _longest(_METHOD, code)


def country_of_cameo(code: str) -> str | None:
    """Return the ISO alpha-3 code of a country's CAMEO code, None of a region or an unknown one."""
    return code if code in COUNTRIES else _COUNTRIES.get(code)


def cameo_actor(code: str, name: str, group: str) -> str:
    """Return the stable id of an actor of which GDELT gives code, name and known group, not all of them empty.

    A government and a group that other feeds know have the id that they have there. All others have their code, whose
    case tells: `GEO` is Georgia, `geo` Georgians. A code of an organisation's part (`IGOUNOKID`, UNICEF) is not its.
    """
    if code.endswith("GOV") and len(code) == 6:
        country = country_of_cameo(code[:3])
        if country is not None:
            return f"gov-{country.lower()}"
    if group in _GROUP and code.endswith(group):
        return _GROUP[group]
    return f"cameo-{code}"[:200] if code else fold(name)[:200]


def _longest(table: dict[str, str], code: str) -> str | None:
    for length in (4, 3, 2):
        if code[:length] in table:
            return table[code[:length]]
    return None


def _table(text: str) -> dict[str, str]:
    entries = (entry.split(maxsplit=1) for entry in text.replace("\n", " ").split(";"))
    return {code: value.strip() for code, value in entries}


_LABEL: Final = _table(_LABELS)
_METHOD: Final = _table(_METHODS)
_GROUP: Final = {code: actor_id(name) for code, name in _table(_GROUPS).items()}
