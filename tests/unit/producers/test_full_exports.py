"""The full exports of GDELT and of the coups, where they are beside the checkout, counted by plain split and csv."""

from __future__ import annotations

import io
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from producers.gdelt.exports import parse
from producers.rows import Skipped

from .reading import SHARED, Outcome, content_of, read, table
from .test_cline_coups import identity

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the full files are not beside the checkout")

GDELT_FILES = {
    "v1/20151207.export.first5000.CSV.gz": (5000, 697),
    "v1/mixed_1979_2020.export.CSV.gz": (100, 6),
    "v1/mixed_1982_20160728.export.CSV.gz": (710, 89),
    "v2/20151027220000.export.CSV.gz": (2116, 299),
    "v2/20161013151500.export.CSV.gz": (3566, 370),
    "v2/20180101000000.export.CSV.gz": (2414, 463),
    "v2/20180323221500.export.reformatted.CSV.gz": (1966, 217),
    "v2/mixed_20150218224500_20200318103000.translation.export.CSV.gz": (100, 9),
    "v2/mixed_20150218230000_20200318104500.export.CSV.gz": (100, 6),
}
VIOLENT = ("17", "18", "19", "20")
# The FIPS codes that occur most often or mislead, by hand.
FIPS = {
    "US": "USA",
    "UK": "GBR",
    "AS": "AUS",
    "AU": "AUT",
    "NI": "NGA",
    "NG": "NER",
    "CH": "CHN",
    "RB": "SRB",
    "": None,
}
COUP_FILES = {"2.0.0": (915, 416, 324, 175), "2.1.2": (916, 417, 322, 177)}


def day_of(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


@pytest.mark.parametrize("name", GDELT_FILES)
def test_a_gdelt_file_gives_what_plain_split_counts(name: str) -> None:
    content = content_of(SHARED / "gdelt" / name)
    rows = [line.split("\t") for line in content.decode().split("\n") if line]
    kept = [row for row in rows if row[28] in VIOLENT]
    assert (len(rows), len(kept)) == GDELT_FILES[name]
    some, every = read("gdelt", content), Outcome(list(parse(io.BytesIO(content), "file", every_row=True)))
    assert not some.dead
    assert not every.dead
    assert (len(some.events), some.counted(Skipped)) == (len(kept), len(rows) - len(kept))
    for outcome, expected in ((some, kept), (every, rows)):
        assert [event.id for event in outcome.events] == [f"gdelt:{row[0]}" for row in expected]
        kinds = Counter(
            {"18": "attack", "19": "attack", "20": "attack", "14": "protest"}.get(r[28], "statement") for r in expected
        )
        assert Counter(event.type.value for event in outcome.events) == kinds
        starts = sorted(event.event_time.start.date() for event in outcome.events if event.event_time)
        days = sorted(day_of(row[1]) for row in expected)
        assert starts == days
        assert {(event.coding, event.killed, event.injured) for event in outcome.events} == {("machine", None, None)}
        assert [event.publish_time for event in outcome.events] == list(map(published, expected))
        countries = Counter(event.place.country if event.place else None for event in outcome.events)
        for code, country in FIPS.items():
            if country is not None and country != "SRB":
                assert countries[country] == sum(row[geo(row) + 2] == code for row in expected)
        assert sum(event.repairs == ("country",) for event in outcome.events) == 0
        assert sum(len(event.actors) for event in outcome.events) == sum(map(actors, expected))
        latitudes = [
            event.place.latitude for event in outcome.events if event.place and event.place.latitude is not None
        ]
        assert latitudes == [float(latitude) for row in expected for latitude in known_latitude(row)]


def published(row: list[str]) -> datetime:
    """DATEADDED: a moment in 61 columns, else the end of a day."""
    if len(row) == 61:
        return datetime.strptime(row[59], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return datetime.combine(day_of(row[56]) + timedelta(days=1), datetime.min.time(), UTC)


def geo(row: list[str]) -> int:
    return 51 if len(row) == 61 else 49


def actors(row: list[str]) -> int:
    """One for each of the two that has a code or a name; one when both are the same."""
    codes = {row[place].strip() or row[place + 1].strip() for place in (5, 15)}
    return len(codes - {""})


def known_latitude(row: list[str]) -> list[str]:
    latitude, longitude = row[geo(row) + (5 if len(row) == 61 else 4) :][:2]
    return [] if (latitude, longitude) == ("0", "0") or "" in (latitude, longitude) else [latitude]


@pytest.mark.parametrize("release", COUP_FILES)
def test_a_release_of_coups_gives_what_plain_csv_counts(release: str) -> None:
    content = content_of(SHARED / "coups" / f"cline_center_coup_data_{release}.until2012.csv")
    rows, outcome = table(content), read("cline-coups", content)
    assert not outcome.dead
    assert [event.id for event in outcome.events] == [f"cline-coups:{identity(row['coup_id'])}" for row in rows]
    kinds = Counter(event.coup.outcome for event in outcome.events if event.coup)
    assert Counter(row["event_type"] for row in rows) == {
        "coup": kinds["realised"],
        "attempted": kinds["attempted"],
        "conspiracy": kinds["conspiracy"],
    }
    assert (len(rows), kinds["realised"], kinds["attempted"], kinds["conspiracy"]) == COUP_FILES[release]
    starts = [event.event_time.start.date() for event in outcome.events if event.event_time]
    assert starts == [date(int(row["year"]), int(row["month"]), int(row["day"])) for row in rows]
    assert (min(starts), max(starts)) == (date(1945, 10, 29), date(2012, 11, 22))
    assert all(event.event_time and event.publish_time == event.event_time.end for event in outcome.events)
    assert all(event.place and event.place.country for event in outcome.events)
    assert sum("country" in event.repairs for event in outcome.events) == (release == "2.0.0")


def test_the_ids_of_the_two_releases_differ_by_fifteen_and_sixteen() -> None:
    ids = [
        {event.id for event in read("cline-coups", content_of(path)).events}
        for path in sorted((SHARED / "coups").glob("*.csv"))
    ]
    old, new = ids
    assert (len(old & new), len(old - new), len(new - old)) == (900, 15, 16)


def test_no_full_file_is_forgotten() -> None:
    assert {str(path.relative_to(SHARED / "gdelt")) for path in SHARED.glob("gdelt/v*/*")} == GDELT_FILES.keys()
    assert {path.name.split("_")[-1].partition(".until")[0] for path in SHARED.glob("coups/*")} == COUP_FILES.keys()
