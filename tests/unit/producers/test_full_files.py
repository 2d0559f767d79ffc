"""The full files, where they are beside the checkout: rows, events, dead letters and sums by plain csv and json."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from producers.feeds import Files, read_files
from producers.rows import Merged, Published
from schemas.event import Event

from .reading import SAMPLES, SHARED, Outcome, content_of, read, table
from .test_ucdp_ged import days

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the full files are not beside the checkout")

UCDP_FILES = {
    "global/ged191.bgd_mmr.csv.gz": 3194,
    "global/ged231.sample1000.csv.gz": 1000,
    "global/ged24.mexico.until2019.csv.gz": 8090,
    "hdx/conflict_data_bgd.ged19.csv.gz": 601,
    "hdx/conflict_data_sdn.ged24.csv.gz": 3822,
    "hdx/conflict_data_ukr.ged19.csv.gz": 993,
    "hdx/conflict_data_ukr.ged20.csv.gz": 1167,
    "site_export/gedevents-2025-01-04.sudan.csv.gz": 3822,
    "site_export/gedevents-2025-01-17.burkina_faso.until2021.csv.gz": 673,
}


def total(event: Event, estimate: str) -> int:
    assert event.killed is not None
    number = getattr(event.killed.total, estimate)
    assert isinstance(number, int)
    return number


def read_ucdp(name: str) -> list[Event]:
    return read("ucdp-ged", content_of(SHARED / "ucdp" / name)).events


@pytest.mark.parametrize("name", UCDP_FILES)
def test_a_ucdp_file_gives_what_plain_csv_counts(name: str) -> None:
    content = content_of(SHARED / "ucdp" / name)
    rows = table(content)
    outcome = read("ucdp-ged", content)
    events = outcome.events
    assert len(rows) == len(outcome.rows) == UCDP_FILES[name]
    assert not outcome.dead
    assert [event.id for event in events] == [f"ucdp-ged:{row['id']}" for row in rows]
    numbers = [[int(row.get(each) or row[f"{each}_est"]) for each in ("low", "best", "high")] for row in rows]
    assert sum(total(event, "best") for event in events) == sum(best for _, best, _ in numbers)
    assert sum(total(event, "low") for event in events) == sum(map(min, numbers))
    assert sum(total(event, "high") for event in events) == sum(map(max, numbers))
    broken = sum(sorted(three) != three for three in numbers)
    assert sum(event.repairs == ("estimates",) for event in events) == broken
    assert sum(bool(event.repairs) for event in events) == broken
    spans = [days(row) for row in rows]
    intervals = [event.event_time for event in events if event.event_time is not None]
    assert min(each.start for each in intervals).strftime("%Y-%m-%dT00:00:00Z") == min(start for start, _ in spans)
    assert max(each.end for each in intervals).strftime("%Y-%m-%dT00:00:00Z") == max(end for _, end in spans)


def test_the_two_sudan_files_hold_the_same_events() -> None:
    """One is HDX's extract of a release, one the website's export of it; texts aside they say the same."""

    def facts(name: str) -> dict[str, tuple[object, ...]]:
        events = read("ucdp-ged", content_of(SHARED / "ucdp" / name)).events
        return {event.id: (event.event_time, event.place, event.actors, event.killed, event.title) for event in events}

    one, other = facts("hdx/conflict_data_sdn.ged24.csv.gz"), facts("site_export/gedevents-2025-01-04.sudan.csv.gz")
    assert one.keys() == other.keys()
    assert sum(one[key] != other[key] for key in one) == 0


def test_un_fatalities_give_what_plain_csv_counts() -> None:
    content = content_of(SHARED / "un_fatalities" / "dppadposs-fatalities.2023-11-28.csv.gz")
    rows = table(content)
    outcome = read("un-fatalities", content)
    persons: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in rows:
        persons[row["mission_acronym"], row["incident_date"], row["type_of_incident"]].add(row["casualty_id"])
    assert not outcome.dead
    assert (len(rows), len(outcome.events)) == (4350, len(persons))
    assert len(outcome.events) + outcome.counted(Merged) == len(rows)
    assert {event.id: total(event, "best") for event in outcome.events} == {
        ":".join(("un-fatalities", *key)): len(dead) for key, dead in persons.items()
    }
    attacks = [event for event in outcome.events if event.type == "attack"]
    malicious = [row for row in rows if row["type_of_incident"] == "Malicious Act"]
    assert len(attacks) == len({(row["mission_acronym"], row["incident_date"]) for row in malicious}) == 598
    assert sum(total(event, "high") for event in attacks) == len({row["casualty_id"] for row in malicious})
    starts = sorted(event.event_time.start.date().isoformat() for event in outcome.events if event.event_time)
    dates = sorted(row["incident_date"] for row in rows)
    assert (starts[0], starts[-1]) == (dates[0], dates[-1]) == ("1948-07-06", "2023-11-21")


def test_the_geojson_gives_what_plain_json_counts() -> None:
    content = content_of(SHARED / "ucdp" / "global" / "ged231.caf.geojson.gz")
    features = json.loads(content)["features"]
    rows = [feature["properties"] for feature in features]
    outcome = read("ucdp-ged", content)
    events = outcome.events
    assert len(rows) == len(outcome.rows) == 1848
    assert not outcome.dead
    assert [event.id for event in events] == [f"ucdp-ged:{row['id']}" for row in rows]
    numbers = [[row[name] for name in ("low", "best", "high")] for row in rows]
    assert sum(total(event, "best") for event in events) == sum(best for _, best, _ in numbers)
    assert sum(total(event, "low") for event in events) == sum(map(min, numbers))
    assert sum(total(event, "high") for event in events) == sum(map(max, numbers))
    assert sum(event.repairs == ("estimates",) for event in events) == sum(sorted(each) != each for each in numbers)
    intervals = [event.event_time for event in events if event.event_time is not None]
    assert min(each.start for each in intervals).strftime("%Y-%m-%dT00:00:00") == min(row["date_start"] for row in rows)
    last_days = [(each.end - timedelta(days=1)).strftime("%Y-%m-%dT00:00:00") for each in intervals]
    assert max(last_days) == max(row["date_end"] for row in rows)
    places = [event.place for event in events if event.place is not None]
    points = [feature["geometry"]["coordinates"] for feature in features]
    assert [[place.longitude, place.latitude] for place in places] == points
    assert {place.country for place in places} == {"CAF"}


def test_the_geojson_and_the_table_of_one_release_hold_the_same_events() -> None:
    features = {event.id: event for event in read_ucdp("global/ged231.caf.geojson.gz")}
    both = [event for event in read_ucdp("global/ged231.sample1000.csv.gz") if event.id in features]
    assert len(both) == 6
    assert [features[event.id] for event in both] == both


def test_the_api_and_the_table_of_one_day_hold_the_same_incidents() -> None:
    folder = SHARED / "un_fatalities"
    content = content_of(folder / "dppadposs-fatalities.2023-11-28.api.json.gz")
    outcome = read("un-fatalities", content)
    assert outcome.rows == read("un-fatalities", content_of(folder / "dppadposs-fatalities.2023-11-28.csv.gz")).rows
    rows = json.loads(content)
    days = {row["casualty_id"]: row["incident_date"] // 86_400_000 for row in rows}
    assert len(rows) == len(outcome.events) + outcome.counted(Merged) == 4350
    assert sum(total(event, "best") for event in outcome.events) == len(days)
    starts = [event.event_time.start.timestamp() / 86_400 for event in outcome.events if event.event_time]
    assert (min(starts), max(starts)) == (min(days.values()), max(days.values()))


def test_documents_in_xml_give_what_a_plain_tree_reads() -> None:
    paths = sorted((SHARED / "unsc" / "akn4un").glob("*.xml.gz"))
    outcome = Outcome(list(read_files("unsc", Files([str(path) for path in paths]))))
    events = {event.id: event for event in outcome.events}
    assert not outcome.dead
    assert len(events) == len(paths) == 18
    assert Counter(event.type for event in events.values()) == {"resolution": 14, "statement": 4}
    extract = Files([str(path) for path in (SHARED / "unsc" / "data_extract").glob("*.json")])
    told = {row.event.id: row.event for row in read_files("unsc", extract) if isinstance(row, Published)}
    for path in paths:
        root = ElementTree.fromstring(content_of(path))
        found = {
            kind: [each for each in root.iter() if each.tag.endswith("}" + kind)] for kind in ("docNumber", "count")
        }
        symbol = "".join((found["docNumber"][0].text or "").split())
        event = events[f"unsc:{symbol}"]
        work = next(each for each in root.iter() if each.tag.endswith("}FRBRWork"))
        day = next(each.get("date") for each in work if each.tag.endswith("}FRBRdate"))
        assert event.event_time is not None
        assert event.event_time.start.date().isoformat() == day
        if event.resolution is None:
            assert symbol.startswith("S/PRST/")
            continue
        assert event.resolution.outcome == ("adopted" if symbol.startswith("S/RES/") else "rejected")
        votes = {each.get("refersTo"): int(each.get("value", "")) for each in found["count"]}
        assert event.resolution.votes is not None
        assert event.resolution.votes.in_favour == votes["inFavour"]
        assert event.resolution.votes.abstaining == votes.get("abstaining", 0)
        if event.resolution.outcome == "rejected":
            continue
        if symbol == "S/RES/2423(2018)":  # the extract names another day than the document, of another year too
            assert told[event.id].repairs == ("date",)
            continue
        assert told[event.id] == event


def test_resolutions_give_what_plain_json_counts() -> None:
    paths = sorted((SHARED / "unsc" / "data_extract").glob("*.json"))
    entries = [json.loads(line) for path in paths for line in path.read_text().splitlines() if line.strip()]
    outcome = Outcome(list(read_files("unsc", Files([str(path) for path in paths]))))
    events = {event.id: event for event in outcome.events}
    assert not outcome.dead
    assert len(events) == len(outcome.events) == len(entries) == 1333
    assert Counter(key[-5:-1] for key in events) == Counter(entry["symbol"][-5:-1] for entry in entries)
    assert sum("date" in event.repairs for event in events.values()) == 1
    for entry in entries:
        event = events["unsc:" + "".join(entry["symbol"].split())]
        assert event.event_time is not None
        assert event.event_time.start.year == int(entry["symbol"][-5:-1])
        assert event.event_time.end - event.event_time.start == timedelta(days=1)
        resolution = event.resolution
        assert resolution is not None
        assert resolution.chapter_vii == {"Chapter VII": True, "N.A.": False}.get(entry["chapter_VII"])
        votes = [len(entry[f"MS_{name}"]) for name in ("in_favour", "against", "abstaining")]
        if entry["symbol"] == "S/RES/2403 (2018)":
            votes[0] = 15  # the list names 16 states, and the Council has 15
        assert [*resolution.votes.model_dump().values()] == votes if resolution.votes else not any(votes)


@pytest.mark.parametrize(
    ("extract", "original"),
    [
        ("ucdp-ged/sudan.csv.gz", "ucdp/hdx/conflict_data_sdn.ged24.csv.gz"),
        ("ucdp-ged/burkina-faso.csv.gz", "ucdp/site_export/gedevents-2025-01-17.burkina_faso.until2021.csv.gz"),
        ("ucdp-ged/mali-niger.csv", "ucdp/global/ged231.sample1000.csv.gz"),
        ("un-fatalities/minusma.csv", "un_fatalities/dppadposs-fatalities.2023-11-28.csv.gz"),
    ],
)
def test_the_samples_are_byte_for_byte_rows_of_the_full_files(extract: str, original: str) -> None:
    assert set(content_of(SAMPLES / extract).splitlines()) <= set(content_of(SHARED / original).splitlines())


def test_no_full_file_is_forgotten() -> None:
    found = {str(path.relative_to(SHARED / "ucdp")) for path in Path(SHARED / "ucdp").rglob("*.gz")}
    assert found == UCDP_FILES.keys() | {"global/ged231.caf.geojson.gz"}
    assert len(list((SHARED / "un_fatalities").iterdir())) == 2
