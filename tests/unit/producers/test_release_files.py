"""Real releases after one another: what they change, by plain csv, and the same in every order."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from cli.main import run as vigil
from eventlog.memory import MemoryLog
from producers.feeds import Files, read_files
from producers.spool import Release
from schemas.topics import RELEASES

from .reading import SHARED, content_of, table
from .releasing import release_rows, state

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the full files are not beside the checkout")

Row = dict[str, str]
KINDS = ("new", "changed", "withdrawn")
NOTHING = {"new": 0, "changed": 0, "withdrawn": 0}
UKRAINE = [SHARED / "ucdp" / "hdx" / f"conflict_data_ukr.ged{year}.csv.gz" for year in (19, 20)]
COUPS = [SHARED / "coups" / f"cline_center_coup_data_{version}.until2012.csv" for version in ("2.0.0", "2.1.2")]
FATALITIES = SHARED / "un_fatalities" / "dppadposs-fatalities.2023-11-28.csv.gz"
# All that an event is made of.
UCDP_COLUMNS = (
    *("type_of_violence", "dyad_name", "side_a", "side_b", "source_headline", "where_prec", "where_coordinates"),
    *("adm_1", "latitude", "longitude", "country_id", "date_prec", "date_start", "date_end"),
    *("best", "low", "high", "deaths_civilians"),
)
COUP_COLUMNS = (
    *("country", "cowcode", "year", "month", "day", "event_type"),
    *("military", "dissident", "rebel", "palace", "foreign", "auto", "resign", "popular", "counter", "other"),
)


def publish(path: Path, feed: str, name: str, day: str | None, log: MemoryLog) -> dict[str, int]:
    """Publish a file as a release; returns how many events it was told to change, by kind."""
    told, _ = release_rows(read_files(feed, Files([str(path)])), log, feed, Release(name, day))
    return {kind: sum(each.change == kind for each in told) for kind in KINDS}


def differences(feed: str, files: Sequence[Path], capfd: pytest.CaptureFixture[str]) -> dict[str, set[str]]:
    """What `vigil diff` prints, as ids without the feed by kind."""
    assert vigil(["diff", feed, *map(str, files)]) == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [line["id"] for line in lines] == sorted(line["id"] for line in lines)
    assert all(bool(line["fields"]) == (line["change"] == "changed") for line in lines)
    return {kind: {line["id"].partition(":")[2] for line in lines if line["change"] == kind} for kind in KINDS}


def plain_differences(old: dict[str, Row], new: dict[str, Row], columns: tuple[str, ...]) -> dict[str, set[str]]:
    def facts(row: Row) -> list[str]:
        return [_plain(row[column]) for column in columns]

    return {
        "new": new.keys() - old.keys(),
        "changed": {key for key in old.keys() & new.keys() if facts(old[key]) != facts(new[key])},
        "withdrawn": old.keys() - new.keys(),
    }


def _plain(cell: str) -> str:
    """A cell without what only its layout adds: midnight, zeros before and behind a number, blanks around."""
    cell = cell.strip().removesuffix(" 00:00:00.000")
    try:
        return str(float(cell))
    except ValueError:
        return cell


def ukraine(path: Path) -> dict[str, Row]:
    return {row["id"]: row for row in table(content_of(path))}


def coups(path: Path) -> dict[str, Row]:
    found = {}
    for row in table(content_of(path)):
        key = row["coup_id"].replace("a", "_1").replace("b", "_2")
        number, _, part = key.partition("_")
        found[number.rjust(11, "0") + (f"_{part}" if part else "")] = row
    return found


def test_ukraine_19_then_20_then_19_again(capfd: pytest.CaptureFixture[str]) -> None:
    old, new = map(ukraine, UKRAINE)
    expected = plain_differences(old, new, UCDP_COLUMNS)
    assert differences("ucdp-ged", UKRAINE, capfd) == expected
    assert (len(expected["new"]), len(expected["withdrawn"])) == (174, 0)
    log = MemoryLog()
    assert publish(UKRAINE[0], "ucdp-ged", "ged-19.1", "2019-06-01", log) == NOTHING | {"new": 993}
    counts = publish(UKRAINE[1], "ucdp-ged", "ged-20.1", "2020-06-01", log)
    assert counts == {kind: len(ids) for kind, ids in expected.items()}
    after, manifests = state(log), len(list(log.read(RELEASES)))
    assert publish(UKRAINE[0], "ucdp-ged", "ged-19.1", "2019-06-01", log) == NOTHING
    assert state(log) == after
    assert len(list(log.read(RELEASES))) == manifests
    other = MemoryLog()
    publish(UKRAINE[1], "ucdp-ged", "ged-20.1", "2020-06-01", other)
    publish(UKRAINE[0], "ucdp-ged", "ged-19.1", "2019-06-01", other)
    assert state(other) == after


def test_a_cut_of_ukraine_withdraws_only_inside_its_coverage(tmp_path: Path) -> None:
    """A cut after the first 200 records of 20.1, in the order of the file: what 19.1 has inside of their days goes."""
    rows = list(csv.reader(io.StringIO(content_of(UKRAINE[1]).decode(), newline="")))
    cut = tmp_path / "cut.csv"
    with cut.open("w", newline="") as out:
        csv.writer(out).writerows(rows[:202])
    kept = [dict(zip(rows[0], row, strict=True)) for row in rows[2:202]]
    first, last = min(row["date_start"][:10] for row in kept), max(row["date_end"][:10] for row in kept)
    old = ukraine(UKRAINE[0])
    inside = {key for key, row in old.items() if first <= row["date_start"][:10] and row["date_end"][:10] <= last}
    gone = inside - {row["id"] for row in kept}
    assert 0 < len(gone) < len(old) - len(kept)
    for order in itertools.permutations([(UKRAINE[0], "ged-19.1", "2019-06-01"), (cut, "cut", "2020-06-01")]):
        log = MemoryLog()
        for path, name, day in order:
            publish(path, "ucdp-ged", name, day, log)
        withdrawn = [json.loads(line) for line in state(log).splitlines() if b'"withdrawn"' in line]
        assert {each["id"].partition(":")[2] for each in withdrawn} == gone
        assert {each["reason"] for each in withdrawn} == {"the release cut of 2020-06-01 no longer contains it"}


def test_coups_2_0_0_then_2_1_2(capfd: pytest.CaptureFixture[str]) -> None:
    old, new = map(coups, COUPS)
    assert (len(old), len(new)) == (915, 916)
    expected = plain_differences(old, new, COUP_COLUMNS)
    assert differences("cline-coups", COUPS, capfd) == expected
    states = []
    for order in ((0, 1, 0), (1, 0)):
        log = MemoryLog()
        counts = [publish(COUPS[index], "cline-coups", f"v{index}", f"202{index}-01-01", log) for index in order]
        if len(order) == 3:
            assert counts[1:] == [{kind: len(ids) for kind, ids in expected.items()}, NOTHING]
        states.append(state(log))
    assert states[0] == states[1]


def fatalities(rows: list[Row]) -> dict[str, list[Row]]:
    """The rows of each event; a person that is listed twice counts where it is listed first."""
    events: dict[str, list[Row]] = {}
    persons = set()
    for row in rows:
        if row["casualty_id"] in persons:
            continue
        persons.add(row["casualty_id"])
        key = f"{row['mission_acronym']}:{row['incident_date']}:{row['type_of_incident']}"
        events.setdefault(key, []).append(row)
    return events


def test_un_fatalities_are_releases_of_their_last_update(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """An earlier file of our own: some rows were not yet there, had no cause yet, were other people, or are gone."""
    rows = table(content_of(FATALITIES))
    earlier = [{**row, "last_update": "2023-06-30"} for row in rows if row["incident_date"] <= "2023-06-30"]
    dropped = [
        {**row, "casualty_id": f"{row['casualty_id']}-{number}", "incident_date": f"1999-01-{number + 1:02}"}
        for number, row in enumerate(earlier[:10])
    ]
    for row in earlier[100:160]:
        row["type_of_incident"] = "To Be Determined"
    for row in earlier[300:400]:
        row["casualty_personnel_type"] = "Other"
    earlier = earlier[:-40] + dropped
    old = tmp_path / "earlier.csv.gz"
    with gzip.open(old, "wt", newline="") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(earlier)
    before, now = fatalities(earlier), fatalities(rows)

    def facts(people: list[Row]) -> Counter[str]:
        return Counter(row["casualty_personnel_type"].strip() for row in people)

    expected = {
        "new": now.keys() - before.keys(),
        "changed": {key for key in before.keys() & now.keys() if facts(before[key]) != facts(now[key])},
        "withdrawn": before.keys() - now.keys(),
    }
    assert min(map(len, expected.values())) > 5
    assert differences("un-fatalities", (old, FATALITIES), capfd) == expected
    states = []
    for order in ((old, FATALITIES, old), (FATALITIES, old)):
        log = MemoryLog()
        counts = [publish(path, "un-fatalities", "", None, log) for path in order]
        if len(order) == 3:
            assert counts[1:] == [{kind: len(ids) for kind, ids in expected.items()}, NOTHING]
        states.append(state(log))
    assert states[0] == states[1]
    gone = [json.loads(line) for line in states[0].splitlines() if b'"withdrawn"' in line]
    assert {(each["sequence"], each["publish_time"]) for each in gone} == {("2023-11-28", "2023-11-28T00:00:00Z")}
