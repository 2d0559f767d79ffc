"""Countries by FIPS 10-4, the two-letter codes of the places that GDELT names.

They look like ISO's and are not: AU is Austria, AS Australia, NI Nigeria, NG Niger, CH China, GM Germany. FIPS gives
each dependent territory a code of its own, which here is that of the ISO country or territory that it is part of.
Source: FIPS 10-4 and GDELT's own list, whose label for GV (Guinea) is that of EK, and which lacks RB.
"""

from __future__ import annotations

from typing import Final

SEAS: Final = frozenset(("OS", "UF"))
"""The oceans and what lies under them: places in no country."""

NOWHERE: Final = frozenset(("NM", "NT", "PF", "PG", "PJ", "UU"))
"""Places that are disputed, or of several countries: No Man's Land, the Netherlands Antilles (three countries since
2010), Paracel and Spratly Islands, the southern Kurils, undesignated."""

_CODES: Final = """
AA ABW; AC ATG; AE ARE; AF AFG; AG DZA; AJ AZE; AL ALB; AM ARM; AN AND; AO AGO; AQ ASM; AR ARG; AS AUS; AU AUT; AV AIA;
AY ATA; BA BHR; BB BRB; BC BWA; BD BMU; BE BEL; BF BHS; BG BGD; BH BLZ; BK BIH; BL BOL; BM MMR; BN BEN; BO BLR; BP SLB;
BR BRA; BT BTN; BU BGR; BV BVT; BX BRN; BY BDI; CA CAN; CB KHM; CD TCD; CE LKA; CF COG; CG COD; CH CHN; CI CHL; CJ CYM;
CK CCK; CM CMR; CN COM; CO COL; CQ MNP; CS CRI; CT CAF; CU CUB; CV CPV; CW COK; CY CYP; DA DNK; DJ DJI; DO DMA; DR DOM;
EC ECU; EG EGY; EI IRL; EK GNQ; EN EST; ER ERI; ES SLV; ET ETH; EZ CZE; FG GUF; FI FIN; FJ FJI; FK FLK; FM FSM; FO FRO;
FP PYF; FR FRA; FS ATF; GA GMB; GB GAB; GG GEO; GH GHA; GI GIB; GJ GRD; GK GGY; GL GRL; GM DEU; GP GLP; GQ GUM; GR GRC;
GT GTM; GV GIN; GY GUY; HA HTI; HK HKG; HM HMD; HO HND; HR HRV; HU HUN; IC ISL; ID IDN; IM IMN; IN IND; IO IOT; IR IRN;
IS ISR; IT ITA; IV CIV; IZ IRQ; JA JPN; JE JEY; JM JAM; JO JOR; KE KEN; KG KGZ; KN PRK; KR KIR; KS KOR; KT CXR; KU KWT;
KV XKX; KZ KAZ; LA LAO; LE LBN; LG LVA; LH LTU; LI LBR; LO SVK; LS LIE; LT LSO; LU LUX; LY LBY; MA MDG; MB MTQ; MC MAC;
MD MDA; MF MYT; MG MNG; MH MSR; MI MWI; MJ MNE; MK MKD; ML MLI; MN MCO; MO MAR; MP MUS; MR MRT; MT MLT; MU OMN; MV MDV;
MX MEX; MY MYS; MZ MOZ; NC NCL; NE NIU; NF NFK; NG NER; NH VUT; NI NGA; NL NLD; NN SXM; NO NOR; NP NPL; NR NRU; NS SUR;
NU NIC; NZ NZL; OD SSD; PA PRY; PC PCN; PE PER; PK PAK; PL POL; PM PAN; PO PRT; PP PNG; PS PLW; PU GNB; QA QAT; RE REU;
RI SRB; RM MHL; RN MAF; RO ROU; RP PHL; RQ PRI; RS RUS; RW RWA; SA SAU; SB SPM; SC KNA; SE SYC; SF ZAF; SG SEN; SH SHN;
SI SVN; SL SLE; SM SMR; SN SGP; SO SOM; SP ESP; ST LCA; SU SDN; SW SWE; SX SGS; SY SYR; SZ CHE; TB BLM; TD TTO; TH THA;
TI TJK; TK TCA; TL TKL; TN TON; TO TGO; TP STP; TS TUN; TT TLS; TU TUR; TV TUV; TW TWN; TX TKM; TZ TZA; UC CUW; UG UGA;
UK GBR; UP UKR; US USA; UV BFA; UY URY; UZ UZB; VC VCT; VE VEN; VI VGB; VM VNM; VQ VIR; VT VAT; WA NAM; WF WLF; WI ESH;
WS WSM; WZ SWZ; YM YEM; ZA ZMB; ZI ZWE;
AT AUS; AX GBR; BQ UMI; BS ATF; CR AUS; DQ UMI; DX GBR; EU ATF; FQ UMI; GO ATF; GZ PSE; HQ UMI; IP FRA; JN SJM; JQ UMI;
JU ATF; KQ UMI; LQ UMI; MQ UMI; SV SJM; TE ATF; WE PSE; WQ UMI;
RB SRB; YI SRB
"""

FIPS: Final[dict[str, str]] = {entry[:2]: entry[3:] for entry in map(str.strip, _CODES.replace("\n", " ").split(";"))}
"""ISO alpha-3 codes (XKX for Kosovo) by FIPS code; RB and YI are Serbia's and Yugoslavia's of before 2006."""
