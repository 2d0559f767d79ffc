"""States by their Gleditsch-Ward numbers, which UCDP writes, and by the names that UCDP and the Security Council use.

Facts of Gleditsch & Ward's list of independent states (1999, as revised) joined with ISO 3166-1. A dead state gives the
state that holds its territory or its seat today: East Germany is Germany, both Yemens are Yemen, Yugoslavia, which UCDP
calls "Serbia (Yugoslavia)", is Serbia. Abkhazia (396) and South Ossetia (397) have no ISO code and are unknown here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from producers.codes.folding import fold

_STATES: Final = """
2 USA United States of America; 20 CAN Canada; 31 BHS Bahamas; 40 CUB Cuba; 41 HTI Haiti;
42 DOM Dominican Republic; 51 JAM Jamaica; 52 TTO Trinidad and Tobago; 53 BRB Barbados; 54 DMA Dominica;
55 GRD Grenada; 56 LCA Saint Lucia; 57 VCT Saint Vincent and the Grenadines; 58 ATG Antigua and Barbuda;
60 KNA Saint Kitts and Nevis; 70 MEX Mexico; 80 BLZ Belize; 90 GTM Guatemala; 91 HND Honduras;
92 SLV El Salvador; 93 NIC Nicaragua; 94 CRI Costa Rica; 95 PAN Panama; 100 COL Colombia; 101 VEN Venezuela;
110 GUY Guyana; 115 SUR Suriname; 130 ECU Ecuador; 135 PER Peru; 140 BRA Brazil; 145 BOL Bolivia;
150 PRY Paraguay; 155 CHL Chile; 160 ARG Argentina; 165 URY Uruguay; 200 GBR United Kingdom; 205 IRL Ireland;
210 NLD Netherlands; 211 BEL Belgium; 212 LUX Luxembourg; 220 FRA France; 221 MCO Monaco; 223 LIE Liechtenstein;
225 CHE Switzerland; 230 ESP Spain; 232 AND Andorra; 235 PRT Portugal; 260 DEU Germany; 290 POL Poland;
305 AUT Austria; 310 HUN Hungary; 316 CZE Czech Republic; 317 SVK Slovakia; 325 ITA Italy; 331 SMR San Marino;
338 MLT Malta; 339 ALB Albania; 340 SRB Serbia; 341 MNE Montenegro; 343 MKD North Macedonia; 344 HRV Croatia;
346 BIH Bosnia-Herzegovina; 347 XKX Kosovo; 349 SVN Slovenia; 350 GRC Greece; 352 CYP Cyprus; 355 BGR Bulgaria;
359 MDA Moldova; 360 ROU Romania; 365 RUS Russia; 366 EST Estonia; 367 LVA Latvia; 368 LTU Lithuania;
369 UKR Ukraine; 370 BLR Belarus; 371 ARM Armenia; 372 GEO Georgia; 373 AZE Azerbaijan; 375 FIN Finland;
380 SWE Sweden; 385 NOR Norway; 390 DNK Denmark; 395 ISL Iceland; 402 CPV Cape Verde;
403 STP Sao Tome and Principe; 404 GNB Guinea-Bissau; 411 GNQ Equatorial Guinea; 420 GMB Gambia; 432 MLI Mali;
433 SEN Senegal; 434 BEN Benin; 435 MRT Mauritania; 436 NER Niger; 437 CIV Ivory Coast; 438 GIN Guinea;
439 BFA Burkina Faso; 450 LBR Liberia; 451 SLE Sierra Leone; 452 GHA Ghana; 461 TGO Togo; 471 CMR Cameroon;
475 NGA Nigeria; 481 GAB Gabon; 482 CAF Central African Republic; 483 TCD Chad; 484 COG Congo; 490 COD DR Congo;
500 UGA Uganda; 501 KEN Kenya; 510 TZA Tanzania; 516 BDI Burundi; 517 RWA Rwanda; 520 SOM Somalia;
522 DJI Djibouti; 530 ETH Ethiopia; 531 ERI Eritrea; 540 AGO Angola; 541 MOZ Mozambique; 551 ZMB Zambia;
552 ZWE Zimbabwe; 553 MWI Malawi; 560 ZAF South Africa; 565 NAM Namibia; 570 LSO Lesotho; 571 BWA Botswana;
572 SWZ Kingdom of eSwatini; 580 MDG Madagascar; 581 COM Comoros; 590 MUS Mauritius; 591 SYC Seychelles;
600 MAR Morocco; 615 DZA Algeria; 616 TUN Tunisia; 620 LBY Libya; 625 SDN Sudan; 626 SSD South Sudan;
630 IRN Iran; 640 TUR Turkey; 645 IRQ Iraq; 651 EGY Egypt; 652 SYR Syria; 660 LBN Lebanon; 663 JOR Jordan;
666 ISR Israel; 670 SAU Saudi Arabia; 678 YEM Yemen; 690 KWT Kuwait; 692 BHR Bahrain; 694 QAT Qatar;
696 ARE United Arab Emirates; 698 OMN Oman; 700 AFG Afghanistan; 701 TKM Turkmenistan; 702 TJK Tajikistan;
703 KGZ Kyrgyzstan; 704 UZB Uzbekistan; 705 KAZ Kazakhstan; 710 CHN China; 712 MNG Mongolia; 713 TWN Taiwan;
731 PRK North Korea; 732 KOR South Korea; 740 JPN Japan; 750 IND India; 760 BTN Bhutan; 770 PAK Pakistan;
771 BGD Bangladesh; 775 MMR Myanmar; 780 LKA Sri Lanka; 781 MDV Maldives; 790 NPL Nepal; 800 THA Thailand;
811 KHM Cambodia; 812 LAO Laos; 816 VNM Vietnam; 820 MYS Malaysia; 830 SGP Singapore; 835 BRN Brunei;
840 PHL Philippines; 850 IDN Indonesia; 860 TLS East Timor; 900 AUS Australia; 910 PNG Papua New Guinea;
920 NZL New Zealand; 935 VUT Vanuatu; 940 SLB Solomon Islands; 950 FJI Fiji; 970 KIR Kiribati; 971 NRU Nauru;
972 TON Tonga; 973 TUV Tuvalu; 983 MHL Marshall Islands; 986 PLW Palau; 987 FSM Federated States of Micronesia;
990 WSM Samoa
"""
# Numbers that no living state has.
_DEAD: Final = {265: "DEU", 315: "CZE", 345: "SRB", 511: "TZA", 680: "YEM", 711: "CHN", 817: "VNM"}
# More names of the states above; a name in brackets after the present one needs no line.
_ALIASES: Final = """
BIH Bosnia and Herzegovina; BIH Republic of Bosnia-Herzegovina; CIV Cote d'Ivoire; COD Democratic Republic of the Congo;
COD Democratic Republic of Congo; COD Zaire; COG Republic of the Congo; CPV Cabo Verde; CZE Czechia; CZE Czechoslovakia;
DEU East Germany; DEU German Democratic Republic; ESH Western Sahara; GMB The Gambia;
IRN Islamic Republic of Iran; KHM Kampuchea; KOR Republic of Korea; LAO Lao People's Democratic Republic;
MKD Macedonia, FYR; MKD Macedonia; MKD The former Yugoslav Republic of Macedonia; MMR Burma;
PRK Democratic People's Republic of Korea; PSE Palestine; PSE State of Palestine; RUS Russian Federation;
RUS Soviet Union; SRB Yugoslavia; SUR Surinam; SWZ Swaziland; SWZ Eswatini; SYR Syrian Arab Republic; TLS Timor-Leste;
TUR Turkiye; TZA United Republic of Tanzania; USA United States; VNM North Vietnam; VNM South Vietnam; VNM Viet Nam;
YEM North Yemen; YEM South Yemen; YEM Republic of Yemen
"""


def country_of_number(number: int) -> str | None:
    """Return the ISO alpha-3 code (XKX for Kosovo) of a Gleditsch-Ward number."""
    return _BY_NUMBER.get(number)


@lru_cache(maxsize=4096)
def country_of_name(name: str) -> str | None:
    """Return the ISO alpha-3 code of a state's English name; what follows in brackets is a former name."""
    return _BY_NAME.get(fold(name.partition(" (")[0]).removeprefix("the-"))


def _entries(text: str) -> list[list[str]]:
    return [entry.split(maxsplit=1) for entry in text.replace("\n", " ").split(";")]


_NUMBERED: Final = [
    (int(number), code, name) for number, rest in _entries(_STATES) for code, name in [rest.split(maxsplit=1)]
]
_BY_NUMBER: Final = {number: code for number, code, _ in _NUMBERED} | _DEAD
_BY_NAME: Final = {fold(name).removeprefix("the-"): code for code, name in _entries(_ALIASES)} | {
    fold(name): code for _, code, name in _NUMBERED
}
