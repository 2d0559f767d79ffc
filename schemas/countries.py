"""Countries and the regions above them: facts of ISO 3166-1 and of the United Nations' M49 standard.

COUNTRIES holds every ISO alpha-3 code, and XKX (user-assigned) for Kosovo. REGIONS gives, for each of them, the M49
codes of every level above the country, largest first: three digits, without 001 (the world). Antarctica has no level.
Taiwan (TWN) and Kosovo (XKX) are not in M49; they stand with their neighbours, in 030 and 039.
"""

# One line for each lowest region: the codes from the continent down, then its countries.
_MEMBERS: dict[tuple[str, ...], str] = {
    (): "ATA",  # Antarctica
    ("002", "015"): "DZA EGY ESH LBY MAR SDN TUN",  # Northern Africa
    ("002", "202", "011"): "BEN BFA CIV CPV GHA GIN GMB GNB LBR MLI MRT NER NGA SEN SHN SLE TGO",  # Western Africa
    ("002", "202", "014"): (  # Eastern Africa
        "ATF BDI COM DJI ERI ETH IOT KEN MDG MOZ MUS MWI MYT REU RWA SOM SSD SYC TZA UGA ZMB ZWE"
    ),
    ("002", "202", "017"): "AGO CAF CMR COD COG GAB GNQ STP TCD",  # Middle Africa
    ("002", "202", "018"): "BWA LSO NAM SWZ ZAF",  # Southern Africa
    ("009", "053"): "AUS CCK CXR HMD NFK NZL",  # Australia and New Zealand
    ("009", "054"): "FJI NCL PNG SLB VUT",  # Melanesia
    ("009", "057"): "FSM GUM KIR MHL MNP NRU PLW UMI",  # Micronesia
    ("009", "061"): "ASM COK NIU PCN PYF TKL TON TUV WLF WSM",  # Polynesia
    ("019", "021"): "BMU CAN GRL SPM USA",  # Northern America
    ("019", "419", "005"): "ARG BOL BRA BVT CHL COL ECU FLK GUF GUY PER PRY SGS SUR URY VEN",  # South America
    ("019", "419", "013"): "BLZ CRI GTM HND MEX NIC PAN SLV",  # Central America
    ("019", "419", "029"): (  # Caribbean
        "ABW AIA ATG BES BHS BLM BRB CUB CUW CYM DMA DOM GLP GRD HTI JAM KNA LCA MAF MSR MTQ PRI SXM TCA TTO "
        "VCT VGB VIR"
    ),
    ("142", "030"): "CHN HKG JPN KOR MAC MNG PRK TWN",  # Eastern Asia
    ("142", "034"): "AFG BGD BTN IND IRN LKA MDV NPL PAK",  # Southern Asia
    ("142", "035"): "BRN IDN KHM LAO MMR MYS PHL SGP THA TLS VNM",  # South-eastern Asia
    ("142", "143"): "KAZ KGZ TJK TKM UZB",  # Central Asia
    ("142", "145"): "ARE ARM AZE BHR CYP GEO IRQ ISR JOR KWT LBN OMN PSE QAT SAU SYR TUR YEM",  # Western Asia
    ("150", "039"): "ALB AND BIH ESP GIB GRC HRV ITA MKD MLT MNE PRT SMR SRB SVN VAT XKX",  # Southern Europe
    ("150", "151"): "BGR BLR CZE HUN MDA POL ROU RUS SVK UKR",  # Eastern Europe
    ("150", "154"): "ALA DNK EST FIN FRO GBR GGY IMN IRL ISL JEY LTU LVA NOR SJM SWE",  # Northern Europe
    ("150", "155"): "AUT BEL CHE DEU FRA LIE LUX MCO NLD",  # Western Europe
}

REGIONS: dict[str, tuple[str, ...]] = {
    country: regions for regions, members in _MEMBERS.items() for country in members.split()
}
COUNTRIES: frozenset[str] = frozenset(REGIONS)
