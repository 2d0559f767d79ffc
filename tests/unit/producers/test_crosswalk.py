"""The crosswalk of countries: every system, dead states, and the codes that look like something else."""

from __future__ import annotations

import csv

import pytest

from producers.codes.crosswalk import System, country_of
from producers.codes.subdivisions import division_code
from schemas.countries import COUNTRIES

from .reading import SHARED

shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the full files are not beside the checkout")


@pytest.mark.parametrize(
    ("system", "code", "country"),
    [
        ("gw", "432", "MLI"),
        ("gw", "432.0", "MLI"),
        ("gw", "260", "DEU"),
        ("gw", "265", "DEU"),
        ("gw", "345", "SRB"),
        ("gw", "680", "YEM"),
        ("gw", "396", None),
        ("cow", "255", "DEU"),
        ("cow", "260", "DEU"),
        ("cow", "265", "DEU"),
        ("cow", "040", "CUB"),
        ("cow", "679", "YEM"),
        ("cow", "315", "CZE"),
        ("cow", "9999999999", None),
        ("cow", "", None),
        ("cow", "²", None),
        ("iso2", "NA", "NAM"),
        ("iso2", "XK", "XKX"),
        ("iso2", "na", None),
        ("iso2", "ZZ", None),
        ("iso3", "NAM", "NAM"),
        ("iso3", "XKX", "XKX"),
        ("iso3", "YUG", "SRB"),
        ("iso3", "ZAR", "COD"),
        ("iso3", "-99", None),
        ("m49", "4", "AFG"),
        ("m49", "004", "AFG"),
        ("m49", "250.0", "FRA"),
        ("m49", "516", "NAM"),
        ("m49", "891", "SRB"),
        ("m49", "001", None),
        ("fips", "WA", "NAM"),
        ("fips", "NA", None),
        ("fips", "AU", "AUT"),
        ("fips", "AS", "AUS"),
        ("fips", "NI", "NGA"),
        ("fips", "NG", "NER"),
        ("cameo", "NAM", "NAM"),
        ("cameo", "ROM", "ROU"),
        ("cameo", "AFR", None),
    ],
)
def test_a_code_means_one_country_or_none(system: System, code: str, country: str | None) -> None:
    assert country_of(system, code) == country
    assert country_of(system, f" {code} ") == country


def test_namibia_stays_namibia_on_the_way_to_its_divisions() -> None:
    assert division_code(country_of("iso2", "NA") or "", "Khomas Region") == "NA-KH"


@shared
def test_the_systems_agree_with_an_independent_table() -> None:
    with (SHARED / "crosswalk" / "derived_gw_cow_iso_fips.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["iso3"]]
    columns: dict[System, str] = {"gw": "gwcode", "cow": "cowcode", "iso2": "iso2", "fips": "fips10", "m49": "m49"}
    differing = {
        (row["gw_name"], system, row[column])
        for row in rows
        for system, column in columns.items()
        if row[column] and country_of(system, row[column]) != row["iso3"]
    }
    assert len(rows) > 190
    assert differing == set()


@shared
def test_iso_agrees_with_an_independent_table() -> None:
    with (SHARED / "crosswalk" / "country-codes.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["ISO3166-1-Alpha-3"]]
    for row in rows:
        country = row["ISO3166-1-Alpha-3"]
        assert country_of("iso2", row["ISO3166-1-Alpha-2"]) == country
        assert country_of("m49", row["ISO3166-1-numeric"]) == country
    assert {row["ISO3166-1-Alpha-3"] for row in rows} == COUNTRIES - {"XKX"}
