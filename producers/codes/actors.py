"""Actors by the names that feeds give them: a curated table of aliases, and an id made of the name for the rest.

Ids are stable and the same in every feed: a government is `gov-` and the ISO code of its state, a mission its acronym
in small letters, a group what the table says, all others their folded name. Two groups that a feed calls by one name
(UCDP's UCK of Kosovo and of Macedonia) therefore share an id.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from producers.codes.folding import fold
from producers.codes.states import country_of_name

# One actor a line: its id, then its names. A name counts in any spelling that folds alike.
_ALIASES: Final = """
adf: ADF | Allied Democratic Forces
ahlu-sunna-wal-jamaa: Ahlu-Sunna wal-Jama'a | Ansar al-Sunna Mozambique
al-mourabitoun: al-Murabitun | al-Mourabitoun | Al-Murabitoun
al-qaida: al-Qaida | al-Qaeda | Al-Qa'ida
al-shabaab: Al-Shabaab | al-Shabab | Harakat al-Shabaab al-Mujahideen
amisom: AMISOM | African Union Mission in Somalia
ansar-dine: Ansar Dine | Ansar Eddine | Ansar ad-Din
ansarallah: Ansarallah | Ansar Allah | Houthis | Houthi movement
ansaroul-islam: Ansaroul Islam | Ansar ul Islam | Ansarul Islam
anti-balaka: anti-Balaka | Anti Balaka
aqim: AQIM | al-Qaida in the Islamic Maghreb | al-Qaeda in the Islamic Maghreb | Al-Qa'ida in the Islamic Maghreb | GSPC
arsa: ARSA | Arakan Rohingya Salvation Army
boko-haram: Boko Haram | Jama'atu Ahlis Sunna Lidda'awati wal-Jihad | Jama'atu Ahlis Sunna Liddaawati wal-Jihad | JAS
civilians: Civilians | Civilian
cma: CMA | Coordination of Azawad Movements | Coordination des mouvements de l'Azawad
cnsp-mali: CNSP (Mali) | National Committee for the Salvation of the People
cpc: CPC | Coalition of Patriots for Change
dan-na-ambassagou: Dan Na Ambassagou | Dan Nan Ambassagou
eln: ELN | National Liberation Army (Colombia) | Ejercito de Liberacion Nacional
fama: FAMa | FAMA | Malian Armed Forces | Forces armees maliennes | Military Forces of Mali
farc: FARC | FARC-EP | Revolutionary Armed Forces of Colombia
g5-sahel: G5 Sahel | Joint Force of the G5 Sahel | FC-G5S | G 5 Sahel Joint Force
gatia: GATIA | Imghad Tuareg Self-Defense Group and Allies
hamas: Hamas | Islamic Resistance Movement
hezbollah: Hezbollah | Hizbullah | Hizballah
hts: HTS | Hay'at Tahrir al-Sham | Tahrir al-Sham
islamic-state: IS | ISIS | ISIL | Islamic State | Daesh
isgs: ISGS | Islamic State in the Greater Sahara | Islamic State Sahel Province
iswap: ISWAP | Islamic State West Africa Province
janjaweed: Janjaweed | Janjawid
jem: JEM | Justice and Equality Movement
jnim: JNIM | Jama'a Nusrat ul-Islam wa al-Muslimin | Jama'at Nusrat al-Islam wal-Muslimin |
 Jamaat Nusrat al-Islam wal Muslimin | Group for Support of Islam and Muslims |
 Group for the Support of Islam and Muslims | Group to Support Islam and Muslims |
 Union for Support of Islam and Muslims | Union for the Support of Islam and Muslims |
 Support Group for Islam and Muslims
katiba-macina: Macina Liberation Front | Katiba Macina | FLM | Front de Liberation du Macina
lra: LRA | Lord's Resistance Army
ltte: LTTE | Liberation Tigers of Tamil Eelam
m23: M23 | March 23 Movement
mia: MIA | Islamic Movement of Azawad | MIA (Mali)
minusca: MINUSCA | United Nations Multidimensional Integrated Stabilization Mission in the Central African Republic
minusma: MINUSMA | United Nations Multidimensional Integrated Stabilization Mission in Mali |
 UN Multidimensional Integrated Stabilization Mission in Mali
misma: AFISMA | MISMA | African-led International Support Mission in Mali
mnla: MNLA | National Movement for the Liberation of Azawad | Mouvement national de liberation de l'Azawad
monusco: MONUSCO | United Nations Organization Stabilization Mission in the Democratic Republic of the Congo
mujao: MUJAO | Movement for Oneness and Jihad in West Africa | MOJWA
operation-barkhane: Operation Barkhane | Barkhane | Barkhane Force
operation-serval: Operation Serval | Serval
pkk: PKK | Kurdistan Workers' Party
rsf: RSF | Rapid Support Forces
seleka: Seleka
spla-io: SPLM/A-In Opposition | SPLM/A-IO | SPLA-IO
splm-a: SPLM/A | SPLA | SPLM | Sudan People's Liberation Movement/Army
taliban: Taliban | Taleban | Islamic Emirate of Afghanistan
tplf: TPLF | Tigray People's Liberation Front
ttp: TTP | Tehrik-i-Taliban Pakistan | Tehreek-e-Taliban Pakistan
unamid: UNAMID | African Union-United Nations Hybrid Operation in Darfur | AU/UN Hybrid Operation in Darfur
unifil: UNIFIL | United Nations Interim Force in Lebanon
unisfa: UNISFA | United Nations Interim Security Force for Abyei
unita: UNITA | National Union for the Total Independence of Angola
unmiss: UNMISS | United Nations Mission in South Sudan
"""
_GOVERNMENT: Final = "Government of "


@lru_cache(maxsize=65_536)
def actor_id(name: str) -> str:
    """Return the stable id of the actor that a feed calls so."""
    return known_actor(name) or fold(name)[:200]


def known_actor(name: str) -> str | None:
    """Return the id of a government or of an actor of the table, None of a name that only folding makes an id of."""
    known = _IDS.get(fold(name))
    if known is None and name.startswith(_GOVERNMENT):
        country = country_of_name(name.removeprefix(_GOVERNMENT))
        return f"gov-{country.lower()}" if country else None
    return known


def _table(text: str) -> dict[str, str]:
    ids = {}
    for line in text.strip().replace("|\n", "|").splitlines():
        identity, _, names = line.partition(":")
        ids.update({fold(name.strip()): identity for name in names.split("|")})
    return ids


_IDS: Final = _table(_ALIASES)
