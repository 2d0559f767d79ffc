"""`vigil backtest` of archives: the numbers as JSON, the tables, the labels, and the report."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cli.backtesting.labels import scopes_around
from cli.backtesting.sheets import middle, number, percent, scored
from cli.main import run
from cli.ruling.files import default_rules
from producers.feeds import FEEDS
from producers.rows import Published
from tests.archives import Json, archive_of, event
from timeline.identity import assertion, encode

HOME = Path(__file__).parents[3]
PAGE = (HOME / "docs" / "rules.md").read_text()

RULES = """
rules:
  - {id: deadly-week, kind: threshold, title: Over ten <killed> in a week, scope: country, severity: severe,
     measure: killed, window: 7d, reaches: 10, ends_below: 5}
  - {id: coup, kind: match, title: Coup, scope: country, severity: extreme, where: {type: coup}}
  - {id: quiet, kind: silence, title: Quiet, severity: minor, days: 3}
"""
LAXER = """
rules:
  - {id: deadly-week, kind: threshold, title: Over five killed in a week, scope: country, severity: severe,
     measure: killed, window: 7d, reaches: 5}
"""
HALF = """
rules:
  - {id: deadly-week, kind: threshold, title: Over 50 killed in a week, scope: country, severity: moderate,
     measure: killed, window: 7d, reaches: 50, ends_below: 30}
"""
KIDAL: Json = {"country": "MLI", "admin1": "Kidal", "admin1_code": "ML-8"}
EVENTS = [
    event(4, killed={"total": {"best": 8}}, publish_time_basis="assumed"),
    event(6, killed={"total": {"best": 3}}, publish_time="2021-10-09T00:00:00Z"),
    event(14, killed={"total": {"best": 60}}, place=KIDAL, title="The <market>"),
    event(20, type="coup", coup={"outcome": "attempted"}, killed=None),
]
# Published after the period: of Kidal there never were that many, and on 1 October there were twenty.
LATER = [
    event(14, killed={"total": {"best": 51}}, place=KIDAL, title="The <market>", publish_time="2022-02-01T00:00:00Z"),
    event(1, killed={"total": {"best": 20}}, publish_time="2022-02-01T00:00:00Z"),
]
PERIOD = ("--from", "2021-10-01", "--until", "2021-12-31")


@pytest.fixture
def rules(tmp_path: Path) -> str:
    return _written(tmp_path / "rules.yaml", RULES)


@pytest.fixture
def archive(tmp_path: Path) -> str:
    return _lines(tmp_path / "log.jsonl", EVENTS)


def _written(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def _lines(path: Path, events: list[Json]) -> str:
    return _written(path, "".join(json.dumps(each) + "\n" for each in events))


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert run(["backtest", *arguments]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def numbers(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    return json.loads(answer(capsys, *arguments))


def rule(found: Any, name: str, *, side: int = 0) -> Any:
    return next(each for each in found["rule_sets"][side]["rules"] if each["rule"] == name)


def test_a_rule_is_counted_timed_and_judged(capsys: pytest.CaptureFixture[str], rules: str, archive: str) -> None:
    labels = ("--labels", "mass-casualty", "--horizon", "10")
    found = numbers(capsys, "--rules", rules, "--archive", archive, *PERIOD, *labels)
    assert found["period"]["axis"] == "publish"
    week = rule(found, "deadly-week")
    # On the 6th eleven were killed, known on the 9th; of the 14th it is another episode.
    assert week["counts"] == [{"year": 2021, "scope": "country:MLI", "alerts": 2}]
    assert (week["delay_days"]["median"], week["delay_days"]["largest"]) == (1.0, 2.0)
    assert (week["told_after_days"]["median"], week["told_after_days"]["largest"]) == (2.0, 3)
    assert week["outcome"]["precision"] | {"interval": None} == {
        "count": 1,
        "of": 2,
        "share": 0.5,
        "interval": None,
    }
    assert week["outcome"]["recall"]["count"] == 1
    assert week["outcome"]["lead_days"]["median"] == 5
    # A silence holds no place.
    assert rule(found, "quiet")["outcome"] is None
    assert rule(found, "quiet")["alerts"] > 0
    [label] = found["labels"]["each"]
    assert label == {
        "name": "The <market>",
        "day": "2021-10-14",
        "place": "admin1:ML-8",
        "warned_days_before": {"new": {"deadly-week": 5}},
    }


def test_what_was_told_before_the_period_is_none_of_its_alerts_and_warns_of_its_labels(
    capsys: pytest.CaptureFixture[str], rules: str, archive: str
) -> None:
    period = ("--from", "2021-10-10", "--until", "2021-12-31")
    found = numbers(capsys, "--rules", rules, "--archive", archive, *period, "--labels", "mass-casualty")
    week = rule(found, "deadly-week")
    # That of the 6th was told on the 9th, and ends in the period.
    assert week["alerts"] == 1
    assert week["outcome"]["precision"]["of"] == 1
    assert week["outcome"]["lead_days"]["median"] == 5


def test_assumed_publish_times_are_counted_by_feed(
    capsys: pytest.CaptureFixture[str], rules: str, archive: str
) -> None:
    found = numbers(capsys, "--rules", rules, "--archive", archive)
    assert found["publish_times"] == {
        "assertions": 4,
        "assumed": 1,
        "share": 0.25,
        "assumed_lag_days": 0,
        "feeds": [{"feed": "vigil", "assertions": 4, "assumed": 1, "share": 0.25}],
    }
    assert (found["period"]["from"], found["period"]["until"]) == ("2021-10-05", "2021-10-21")
    table = answer(capsys, "--rules", rules, "--archive", archive, "--format", "table")
    assert "assumed for 1 of 4 assertions (25.0 %; vigil 25 %)" in table


def test_assumed_publish_times_may_be_taken_to_be_later(
    capsys: pytest.CaptureFixture[str], rules: str, archive: str
) -> None:
    found = numbers(capsys, "--rules", rules, "--archive", archive, *PERIOD, "--assumed-lag", "7")
    assert found["publish_times"]["assumed_lag_days"] == 7
    # The event of the 4th is known on the 12th; the stated times of the others stay.
    assert rule(found, "deadly-week")["delay_days"]["largest"] == 5
    assert rule(found, "deadly-week")["delay_days"]["median"] == 2.5
    table = answer(capsys, "--rules", rules, "--archive", archive, "--assumed-lag", "7", "--format", "table")
    assert "here 7 days after the end of what they tell of" in table


def test_what_was_published_later_changes_the_labels_alone(
    capsys: pytest.CaptureFixture[str], rules: str, archive: str, tmp_path: Path
) -> None:
    later = _lines(tmp_path / "later.jsonl", LATER)
    plain = answer(capsys, "--rules", rules, "--archive", archive, *PERIOD)
    assert answer(capsys, "--rules", rules, "--archive", archive, later, *PERIOD) == plain
    # Without the end it does change.
    assert answer(capsys, "--rules", rules, "--archive", archive, later) != answer(
        capsys, "--rules", rules, "--archive", archive
    )
    labels = ("--labels", "mass-casualty")
    withdrawn = {"id": "vigil:14", "source": "vigil", "type": "attack", "state": "withdrawn"}
    gone = _lines(tmp_path / "gone.jsonl", [withdrawn | {"publish_time": "2022-03-01T00:00:00Z"}])
    before = numbers(capsys, "--rules", rules, "--archive", archive, *PERIOD, *labels)
    after = numbers(capsys, "--rules", rules, "--archive", archive, gone, *PERIOD, *labels)
    assert (before["labels"]["total"], after["labels"]["total"]) == (1, 0)
    assert rule(before, "deadly-week")["counts"] == rule(after, "deadly-week")["counts"]


def test_coups_are_labels_too_and_what_is_told_after_them_warns_of_none(
    capsys: pytest.CaptureFixture[str], rules: str, archive: str
) -> None:
    found = numbers(capsys, "--rules", rules, "--archive", archive, *PERIOD, "--labels", "coups")
    assert found["labels"]["total"] == 1
    assert found["labels"]["horizon_days"] == 30
    assert rule(found, "coup")["outcome"]["recall"]["count"] == 0
    assert rule(found, "deadly-week")["outcome"]["lead_days"]["median"] == 11


def test_two_rule_sets_are_compared_both_ways(
    capsys: pytest.CaptureFixture[str], rules: str, archive: str, tmp_path: Path
) -> None:
    laxer = _written(tmp_path / "laxer.yaml", LAXER)
    found = numbers(capsys, "--rules", laxer, "--against", rules, "--archive", archive, *PERIOD)
    assert [each["set"] for each in found["rule_sets"]] == ["new", "old"]
    new, old = rule(found, "deadly-week"), rule(found, "deadly-week", side=1)
    # From the 4th to the 10th, and from the 14th to the 20th, the day of the coup.
    assert new["overlap"] == {"shared": 2, "only": 0, "with_rules": {"coup": 1, "deadly-week": 2}}
    assert old["overlap"] == {"shared": 2, "only": 0, "with_rules": {"deadly-week": 2}}
    assert found["rule_sets"][1]["all"]["overlap"]["only"] == rule(found, "quiet", side=1)["alerts"]
    table = answer(capsys, "--rules", laxer, "--against", rules, "--archive", archive, *PERIOD, "--format", "table")
    assert "deadly-week (old)" in table
    assert "Overlap by rule" in table


def test_the_ingest_axis_asks_when_the_log_took_it(
    capsys: pytest.CaptureFixture[str], rules: str, archive: str, tmp_path: Path
) -> None:
    folder = str(archive_of(tmp_path / "archive", EVENTS))
    found = numbers(capsys, "--rules", rules, "--archive", folder, "--axis", "ingest")
    assert found["period"]["from"] == found["period"]["until"] == "2022-01-01"
    week = rule(found, "deadly-week")
    assert (week["alerts"], week["paged"]["count"]) == (2, 0)
    assert week["told_after_days"]["largest"] == 87
    # Of a single day nobody can say how many it were in a year.
    table = answer(capsys, "--rules", rules, "--archive", folder, "--axis", "ingest", "--format", "table")
    assert re.search(r"^deadly-week +2 +– +0 ", table, re.MULTILINE)
    assert run(["backtest", "--rules", rules, "--archive", archive, "--axis", "ingest"]) == 1
    assert "lines carry no ingest time" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "scope,day,name\ncountry:MLI,2021-10-15,The market\nadmin1:ML-8,2021-10-16,\n",
        '{"scope":"country:MLI","day":"2021-10-15","name":"The market"}\n\n'
        '{"scope":"admin1:ML-8","day":"2021-10-16"}\n',
    ],
    ids=["csv", "json"],
)
def test_labels_may_be_a_file(
    capsys: pytest.CaptureFixture[str], rules: str, archive: str, tmp_path: Path, text: str
) -> None:
    labels = _written(tmp_path / "labels", text)
    found = numbers(capsys, "--rules", rules, "--archive", archive, *PERIOD, "--labels", labels)
    # A country's alert holds its province.
    assert [(each["name"], each["place"], each["warned_days_before"]["new"]) for each in found["labels"]["each"]] == [
        ("The market", "country:MLI", {"deadly-week": 6}),
        ("admin1:ML-8", "admin1:ML-8", {"deadly-week": 7}),
    ]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            "scope,day\ncountry:MLI,2021-10-15\nMLI,2021-10-15\n",
            ":3: scope: expected one such as country:MLI, found 'MLI'",
        ),
        ("scope,day\ncountry:MLI,15 October\n", ":2: day: expected one such as 2021-10-02, found '15 October'"),
        (
            "scope,date\ncountry:MLI,2021-10-15\n",
            ":2: expected scope and day, and a name if there is one; day is missing",
        ),
        ('{"scope":"world","day":"2021-10-15","country":"MLI"}', ":1: country is no member of a label"),
        ('{"scope":"world","day":"2021-10-15"}\n{', ":2: expected a JSON object"),
    ],
)
def test_mistakes_of_a_label_file_are_told_with_their_line(
    capsys: pytest.CaptureFixture[str], rules: str, archive: str, tmp_path: Path, text: str, mistake: str
) -> None:
    labels = _written(tmp_path / "labels", text)
    assert run(["backtest", "--rules", rules, "--archive", archive, "--labels", labels]) == 1
    assert f"{labels}{mistake}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("scope", "around"),
    [
        ("admin1:ML-8", {"country:MLI", "region:011", "region:202", "region:002", "world"}),
        ("admin1:SDN/Gedarif state", {"country:SDN", "region:002", "region:015", "world"}),
        ("admin1:QQ-1", {"world"}),
        ("region:011", {"region:202", "region:002", "world"}),
        ("mission:MINUSMA", {"world"}),
        ("world", set()),
    ],
)
def test_a_scope_lies_in_those_around_it(scope: str, around: set[str]) -> None:
    assert scopes_around(scope) == {scope, *around}


def test_the_period_and_the_archives_have_to_make_sense(
    capsys: pytest.CaptureFixture[str], rules: str, archive: str, tmp_path: Path
) -> None:
    for arguments, code, said in (
        (["--archive", archive, "--from", "2021-10-02", "--until", "2021-10-01"], 2, "--until is before --from"),
        ([archive], 2, "--archive FILE..."),
        (["--archive", _written(tmp_path / "empty", "")], 1, "nothing in the log"),
        (["--archive", _written(tmp_path / "none", "no event\n")], 1, "nothing in it is an event"),
        (["--archive", archive, "--labels", str(tmp_path / "absent")], 1, "absent"),
    ):
        assert run(["backtest", "--rules", rules, *arguments]) == code
        assert said in capsys.readouterr().err


class _Page(HTMLParser):
    """What a page would ask for, and whether all of its elements are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.ids: list[str] = []
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in ("meta", "use", "path"):
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "srcset", "data", "action", "poster"):
                self.asked.append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("meta", "use", "path"):
            assert self.open.pop() == tag


@pytest.fixture
def page(capsys: pytest.CaptureFixture[str], rules: str, archive: str, tmp_path: Path) -> str:
    path = tmp_path / "report.html"
    laxer = _written(tmp_path / "laxer.yaml", LAXER)
    answer(
        capsys, *("--rules", rules, "--against", laxer, "--archive", archive, *PERIOD),
        *("--labels", "mass-casualty", "--report", str(path)),
    )  # fmt: skip
    return path.read_text()


def test_the_report_asks_for_nothing_from_elsewhere(page: str) -> None:
    parsed = _Page(page)
    assert not parsed.open
    assert not {"script", "link", "img", "iframe", "object", "embed", "base"} & parsed.seen
    assert parsed.asked
    assert all(target.startswith("#") and target[1:] in parsed.ids for target in parsed.asked)
    assert len(set(parsed.ids)) == len(parsed.ids)
    assert all(target in parsed.ids for target in re.findall(r"url\(#([^)]*)\)", page))
    assert not re.search(r"url\((?!#)|@import|://|\bdata:", page)
    assert "default-src 'none'" in page


def test_the_report_says_what_it_is_of_and_names_what_it_draws(page: str) -> None:
    assert "<title>Backtest of rules.yaml against laxer.yaml, 2021-10-01 to 2021-12-31</title>" in page
    assert "assumed for 1 of 4 assertions" in page
    assert "Over ten &lt;killed&gt; in a week" in page
    assert "The &lt;market&gt;" in page
    assert "<market>" not in page
    assert page.count('<svg role="img" aria-label=') == 6
    for axis in ("year", "days", "alerts in the period", "precision, %", "recall, %", "lead, days", "first day"):
        assert re.search(rf">{axis}</text>", page), axis


def test_the_same_numbers_make_the_same_report(
    capsys: pytest.CaptureFixture[str], rules: str, archive: str, tmp_path: Path
) -> None:
    paths = [tmp_path / "one.html", tmp_path / "two.html"]
    for path in paths:
        answer(capsys, "--rules", rules, "--archive", archive, "--report", str(path))
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_report_of_no_alerts_can_be_read(capsys: pytest.CaptureFixture[str], archive: str, tmp_path: Path) -> None:
    none = _written(
        tmp_path / "none.yaml",
        "rules:\n  - {id: never, kind: match, title: Never, scope: country, severity: minor, where: {type: tally}}\n",
    )
    path = tmp_path / "none.html"
    labels = ("--labels", "mass-casualty")
    found = numbers(capsys, "--rules", none, "--archive", archive, *labels, "--report", str(path))
    assert found["rule_sets"][0]["all"]["alerts"] == 0
    assert "of never." in path.read_text()
    _Page(path.read_text())


def _archive_of_sample(name: str, folder: Path) -> str:
    path = folder / f"{name}.jsonl"
    with (HOME / "samples" / "ucdp-ged" / f"{name}.csv.gz").open("rb") as stream:
        rows = [row for row in FEEDS["ucdp-ged"](stream, name) if isinstance(row, Published)]
    path.write_bytes(b"".join(encode(assertion(row.event)) + b"\n" for row in rows))
    return str(path)


def _row(name: str, rule: Json) -> str:
    result = rule["outcome"]
    judged = ["–"] * 6
    if result is not None:
        judged = [
            f"{result['precision']['count']} of {result['precision']['of']}",
            percent(result["precision"]),
            f"{result['chance']:.0%}".replace("%", " %"),
            f"{result['recall']['count']} of {result['recall']['of']}",
            percent(result["recall"]),
            middle(result["lead_days"]),
        ]
    told = [str(rule["alerts"]), number(rule["per_year"]), str(rule["paged"]["count"]), middle(rule["delay_days"])]
    return f"| {' | '.join([f'`{name}`' if 'rule' in rule else name, *told, *judged])} |"


@pytest.mark.parametrize(("name", "first"), [("sudan", "2010-01-01"), ("burkina-faso", "2016-01-01")])
def test_the_page_on_rules_holds_what_the_default_rules_did_on_the_samples(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, first: str
) -> None:
    archive, labels = _archive_of_sample(name, tmp_path), "mass-casualty"
    if name == "burkina-faso":
        [script] = re.findall(r"python3 -c '([^']*)' > deadly\.jsonl", PAGE)
        with Path(archive).open() as said:
            command = [sys.executable, "-c", script]
            labels = _written(tmp_path / "deadly.jsonl", subprocess.check_output(command, stdin=said, text=True))
    asked = ("--archive", archive, "--from", first, "--until", "2021-12-31", "--labels", labels)
    found = numbers(capsys, *asked)
    assert f"({found['publish_times']['assumed']:,} assertions" in PAGE
    assert found["publish_times"]["share"] == 1
    rows = [_row(each, rule) for each, rule in scored(found)]
    assert "\n".join(rows) in PAGE
    for lag in (0, 1, 7, 35):
        lagged = numbers(capsys, *asked, "--assumed-lag", str(lag)) if lag else found
        every = lagged["rule_sets"][0]["all"]
        notified, recall = every["paged"], every["outcome"]["recall"]
        cells = f" {notified['count']} of {notified['of']} | {recall['count']} of {recall['of']} |"
        [row] = [line for line in PAGE.splitlines() if re.match(rf"\| {lag} days? \|", line)]
        assert cells in row


def test_what_the_page_on_rules_advises_holds_on_the_samples(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = " ".join(PAGE.split())
    half = _written(tmp_path / "half.yaml", HALF)
    bfa, sdn = (_archive_of_sample(name, tmp_path) for name in ("burkina-faso", "sudan"))
    labels = tmp_path / "deadly.csv"
    events = [json.loads(line) for line in Path(bfa).read_text().splitlines()]
    deadly = [each for each in events if each["killed"]["total"].get("best", 0) >= 20]
    places = [each["place"].get("admin1_code") for each in deadly]
    scopes = [f"admin1:{place}" if place else "country:BFA" for place in places]
    rows = [f"{scope},{each['event_time']['start'][:10]}" for scope, each in zip(scopes, deadly, strict=True)]
    found = numbers(
        capsys, "--rules", half, "--archive", bfa, *("--from", "2016-01-01", "--until", "2021-12-31"),
        *("--labels", _written(labels, "\n".join(["scope,day", *rows]))),
    )  # fmt: skip
    week = rule(found, "deadly-week")
    right, recall, lead = (week["outcome"][name] for name in ("precision", "recall", "lead_days"))
    low, high = right["interval"]
    assert (
        f"speaks {week['alerts']} times, is right in {right['count']} of {right['of']} ({right['share'] * 100:.0f} %,"
        f" {low * 100:.0f}–{high * 100:.0f}, by chance {week['outcome']['chance'] * 100:.0f} %) and warns of"
        f" {recall['count']} of the {recall['of']} labels ({recall['share'] * 100:.0f} %) with a median lead of"
        f" {number(lead['median'])} days"
    ) in page
    held = default_rules().replace("ends_below: 60\n", "ends_below: 60\n    hold: 14\n")
    held = held.replace("ends_below: 30\n    hold: 1\n", "ends_below: 30\n    hold: 14\n")
    lagged = numbers(
        capsys, "--rules", _written(tmp_path / "held.yaml", held), "--archive", sdn, "--assumed-lag", "7",
        *("--from", "2010-01-01", "--until", "2021-12-31", "--labels", "mass-casualty"),
    )  # fmt: skip
    weeks = [rule(lagged, name)["paged"] for name in ("deadly-week", "deadly-week-province")]
    assert all(each["count"] == each["of"] for each in weeks)
    assert f"all {sum(each['of'] for each in weeks)} of their alerts in Sudan notify after seven days too" in page
    everything = lagged["rule_sets"][0]["all"]["outcome"]["recall"]
    assert f"{everything['count']} of the {everything['of']} labels are warned of instead of 9" in page
