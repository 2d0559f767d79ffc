"""The tables of country codes, against independent lists where they are beside the checkout."""

from __future__ import annotations

import csv
import json

import pytest

from producers.codes.cameo import country_of_cameo
from producers.codes.cow_states import country_of_cow
from producers.codes.fips import FIPS, NOWHERE, SEAS
from schemas.countries import COUNTRIES

from .reading import SHARED

shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the full files are not beside the checkout")


def lines(name: str) -> list[dict[str, str]]:
    with (SHARED / "crosswalk" / name).open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_every_fips_code_is_two_letters_and_a_country() -> None:
    assert all(len(code) == 2 and code.isupper() for code in FIPS)
    assert set(FIPS.values()) <= COUNTRIES
    assert not (SEAS | NOWHERE) & FIPS.keys()
    assert "NA" not in FIPS


def test_every_country_but_those_that_share_a_code_has_one_in_fips() -> None:
    assert COUNTRIES - set(FIPS.values()) == {"ALA", "BES"}


@shared
def test_fips_agrees_with_an_independent_list() -> None:
    published = {row["FIPS"].strip(): row["ISO3166-1-Alpha-3"] for row in lines("country-codes.csv")}
    differing = {code: (FIPS.get(code), iso) for code, iso in published.items() if code and FIPS.get(code) != iso}
    # Codes run together, and a comment instead of one.
    assert differing.keys() == {"RIKV", "GZWE", "SVJN", "a"}
    assert [FIPS[code] for code in ("RI", "KV", "GZ", "WE", "SV", "JN", "NL")] == [
        *("SRB", "XKX", "PSE", "PSE", "SJM", "SJM", "NLD")
    ]


@shared
def test_no_place_of_gdelt_is_unknown() -> None:
    listed = json.loads((SHARED / "gdelt" / "lookups" / "LOOKUP-COUNTRIES.json").read_text())
    assert {entry["code"] for entry in listed if entry} <= FIPS.keys() | SEAS | NOWHERE


@shared
def test_every_state_of_the_correlates_of_war_since_1945_is_a_country() -> None:
    published = {int(row["cowcode"]): row["iso3"] for row in lines("derived_gw_cow_iso_fips.csv") if row["cowcode"]}
    assert len(published) == 195
    assert {number: country_of_cow(number) for number in published} == published
    members = {int(row["cowcode"]) for row in lines("cowstates.csv") if row["end"] >= "1945"}
    assert all(country_of_cow(number) for number in members)
    assert {country_of_cow(number) for number in members - published.keys()} == {"DEU", "CZE", "TZA", "VNM", "YEM"}


@shared
def test_every_country_of_cameo_is_known() -> None:
    text = (SHARED / "gdelt" / "lookups" / "CAMEO.country.txt").read_text()
    unknown = {line.partition("\t")[0] for line in text.splitlines() if line}
    unknown -= {code for code in unknown if country_of_cameo(code)}
    regions = (
        "AFR ASA BLK CRB CAU CFR CAS CEU EIN EAF EEU EUR LAM MEA MDT NAF NMR PGS SCN SAM SAS SEA SAF WAF WST"  # areas
        " ANT"  # the Netherlands Antilles are three countries today
    )
    assert unknown == set(regions.split())
