"""docs/rules.md: its example passes, its outputs are those of the commands, its numbers those of the samples.

What was traced by hand is added up here from the provider's file by `csv` alone, and held against the alert.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cli.main import run
from cli.ruling.files import default_rules
from producers.feeds import FEEDS
from producers.rows import Published
from schemas.rule_text import parse_rules
from timeline.identity import assertion
from timeline.replay import alerts_lines, fold

HOME = Path(__file__).parents[3]
PAGE = (HOME / "docs" / "rules.md").read_text()
SAMPLES = HOME / "samples" / "ucdp-ged"
Json = dict[str, Any]


@cache
def _alerts(name: str) -> list[Json]:
    with (SAMPLES / name).open("rb") as stream:
        said = [assertion(row.event) for row in FEEDS["ucdp-ged"](stream, name) if isinstance(row, Published)]
    return [json.loads(line) for line in alerts_lines(fold(said, parse_rules(default_rules())))]


def _the_alert(name: str, **members: str) -> Json:
    [found] = [alert for alert in _alerts(name) if members.items() <= alert.items()]
    return found


@cache
def _rows(name: str) -> list[dict[str, str]]:
    """The rows of a file, without the tags that HDX writes below the header."""
    with gzip.open(SAMPLES / name, "rt", encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    return [dict(zip(header, row, strict=False)) for row in rows if row[header.index("id")].isdigit()]


def _days(row: dict[str, str]) -> tuple[date, date]:
    form = "%m/%d/%Y" if "/" in row["date_start"] else "%Y-%m-%d"
    first, last = (datetime.strptime(row[name][:10], form).date() for name in ("date_start", "date_end"))  # noqa: DTZ007
    return first, last


def _within(name: str, first: date, last: date) -> list[dict[str, str]]:
    return [row for row in _rows(name) if first <= _days(row)[0] and _days(row)[1] <= last]


def _blocks(language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return [text for said, text in fenced if said == language]


def _printed(command: str) -> str:
    [block] = [block for block in _blocks("") if block.startswith(f"$ {command}\n")]
    return block.partition("\n")[2]


def test_the_explanation_is_the_one_that_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "explain", "deadly-week", "--file", str(HOME / "rules.yaml")]) == 0
    assert capsys.readouterr().out == _printed("vigil rules explain deadly-week --file rules.yaml")


def test_the_example_passes_and_fails_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    [example] = _blocks("yaml")
    Path("example.test.yaml").write_text(example)
    assert run(["rules", "test", "example.test.yaml"]) == 0
    assert capsys.readouterr().out == _printed("vigil rules test example.test.yaml")
    Path("example.test.yaml").write_text(example.replace("value: 110", "value: 111"))
    assert run(["rules", "test", "example.test.yaml"]) == 1
    assert capsys.readouterr().out in _blocks("")


def test_the_default_rules_are_listed_as_they_are() -> None:
    for rule in parse_rules(default_rules()).rules:
        steps = "".join(f", {step.severity} from {step.reaches}" for step in getattr(rule, "steps", ()))
        assert f"| `{rule.id}` | {rule.kind} | {rule.scope} | {rule.severity}{steps} | {rule.title} |\n" in PAGE


@pytest.mark.parametrize(("number", "name"), [(0, "sudan.csv.gz"), (1, "burkina-faso.csv.gz")])
def test_the_alerts_by_rule_and_year_are_those_of_the_samples(number: int, name: str) -> None:
    table = re.findall(r"^\| year \|.*?\n\n", PAGE, re.DOTALL | re.MULTILINE)[number]
    header, _, *rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in table.splitlines() if line]
    printed = {
        (row[0], rule): int(count)
        for row in rows
        for rule, count in zip(header[1:], row[1:], strict=True)
        if count not in ("", "0")
    }
    counted = Counter((alert["first_day"][:4], alert["rule"]) for alert in _alerts(name))
    expected: Counter[tuple[str, str]] = Counter(counted)
    for (year, rule), count in counted.items():
        for cell in ((year, "all"), ("all", rule), ("all", "all")):
            expected[cell] += count
    assert printed == expected


def test_the_dead_of_the_traced_week_are_those_of_its_rows() -> None:
    name, last = "burkina-faso.csv.gz", date(2021, 6, 5)
    alert = _the_alert(name, rule="deadly-week", first_day=last.isoformat())
    rows = _within(name, last - timedelta(days=6), last)
    listed = re.findall(r"^\| (\d{6}) \| [^|]+ \| (\d+) \|", PAGE, re.MULTILINE)
    assert sorted(listed) == sorted((row["id"], row["best_est"]) for row in rows)
    assert sum(int(row["best_est"]) for row in rows) == alert["value"] == 187
    assert [cause["id"] for cause in alert["causes"]] == sorted(f"ucdp-ged:{row['id']}" for row in rows)
    later = [
        sum(int(row["best_est"]) for row in _within(name, end - timedelta(days=6), end))
        for end in [last + timedelta(days=ahead) for ahead in range(1, 8)]
    ]
    assert later == [181, 181, 179, 177, 189, 175, 15]
    assert (alert["peak"], alert["last_day"]) == (189, "2021-06-11")


def test_the_traced_surge_is_that_of_its_weeks() -> None:
    name, monday = "sudan.csv.gz", date(2023, 4, 10)
    alert = _the_alert(name, rule="attacks-surge", first_day=monday.isoformat())
    weeks = [
        _within(name, start, start + timedelta(days=6)) for start in [monday - timedelta(weeks=k) for k in range(53)]
    ]
    assert alert["value"] == len(weeks[0]) == 10
    assert [cause["id"] for cause in alert["causes"]] == sorted(f"ucdp-ged:{row['id']}" for row in weeks[0])
    assert all(row["id"] in PAGE for row in weeks[0])
    assert " ".join(str(len(week)) for week in weeks[1:]) in PAGE
    assert (alert["expected"], alert["p_value"], alert["threshold"]) == (1.18, 6.52e-06, 10)
    assert round((sum(map(len, weeks[1:])) + 0.5) / 52, 2) == alert["expected"]


def test_the_traced_newcomer_was_not_there_before() -> None:
    name = "burkina-faso.csv.gz"
    rows = [row for row in _rows(name) if row["adm_1"] == "Est region" and "JNIM" in (row["side_a"], row["side_b"])]
    rows.sort(key=_days)
    attacks = [row for row in rows if row["type_of_violence"] == "3"]
    assert [(row["id"], _days(row)[0].isoformat()) for row in attacks[:2]] == [
        ("292833", "2019-07-08"),
        ("391228", "2021-03-07"),
    ]
    seen = {"scope": "admin1:BF-08", "subject": "actor:jnim"}
    alert = _the_alert(name, rule="attackers-new-in-province", **seen)
    assert (alert["first_day"], [cause["id"] for cause in alert["causes"]]) == ("2019-07-08", ["ucdp-ged:292833"])
    battles = [row["id"] for row in rows if _days(row)[0] < date(2019, 7, 8)]
    assert battles == ["271787", "274418", "276829"]
    assert all(row in PAGE for row in battles)
    fought = _the_alert(name, rule="fighting-new-in-province", **seen)
    assert (fought["first_day"], fought["causes"][0]["id"]) == ("2018-12-01", "ucdp-ged:271787")


COMPLETE = HOME.parent / "shared" / "data"
FILES = [
    ("un-fatalities", "un_fatalities/dppadposs-fatalities.2023-11-28.csv.gz"),
    ("cline-coups", "coups/cline_center_coup_data_2.1.2.until2012.csv"),
    ("ucdp-ged", "ucdp/hdx/conflict_data_sdn.ged24.csv.gz"),
    ("ucdp-ged", "ucdp/global/ged231.caf.geojson.gz"),
    *[("unsc", f"unsc/data_extract/{year}.json") for year in range(2000, 2022)],
]


@pytest.mark.skipif(not COMPLETE.is_dir(), reason="the complete files of the feeds are not part of this project")
def test_the_alerts_on_complete_files_are_those_of_the_page() -> None:
    said = []
    for feed, name in FILES:
        with (COMPLETE / name).open("rb") as stream:
            said += [assertion(row.event) for row in FEEDS[feed](stream, name) if isinstance(row, Published)]
    rules = ["coup", "killed-after-coup", "peacekeepers-killed", "mission-attacked-after-resolution", "mandate-ending"]
    alerts = [json.loads(line) for line in alerts_lines(fold(said, parse_rules(default_rules())))]
    counted = Counter(alert["rule"] for alert in alerts if alert["rule"] in rules)
    assert counted == {
        rule: int(number)
        for rule, number in re.findall(r"^\| `([a-z-]+)` \| (\d+)(?: in|:)", PAGE, re.MULTILINE)
        if rule in rules
    }
