"""The tables of the Python interface, of archives."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from schemas.errors import Misuse
from subscribers import analysis
from tests.archives import archive_of, event

RULES = """
rules:
  - {id: deadly-day, kind: threshold, title: A deadly day, scope: country, severity: severe, measure: killed,
     window: 1d, reaches: 3}
"""
CORRECTED = event(1, publish_time="2021-10-15T12:00:00Z", killed={"total": {"best": 9}})


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return archive_of(tmp_path / "archive", [*map(event, (1, 2, 3, 4)), CORRECTED], taken="2022-01-01T08:00:00Z")


def killed(table: Any) -> dict[str, int]:
    return {row["id"]: row["killed_best"] for row in table.to_pylist()}


def test_events_are_an_arrow_table_of_current_states(archive: Path) -> None:
    events = analysis.timeline(archive)
    assert isinstance(events, pa.Table)
    assert killed(events) == {"vigil:1": 9, "vigil:2": 2, "vigil:3": 3, "vigil:4": 4}
    assert events.equals(analysis.timeline(str(archive)))
    assert events.equals(analysis.timeline(archive / "part-000001.parquet"))


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2021-10-02", {"vigil:1": 1}),
        (date(2021, 10, 2), {"vigil:1": 1}),
        ("2021-10-01T23:59:59Z", {}),
        (datetime(2021, 10, 3, tzinfo=UTC), {"vigil:1": 1, "vigil:2": 2}),
        ("2021-10-15T14:00:00+02:00", {"vigil:1": 9, "vigil:2": 2, "vigil:3": 3, "vigil:4": 4}),
    ],
)
def test_a_time_or_a_day_says_as_of_when(archive: Path, as_of: analysis.Time, expected: dict[str, int]) -> None:
    assert killed(analysis.timeline(archive, as_of=as_of)) == expected


def test_the_ingest_axis_asks_when_the_log_took_it(archive: Path) -> None:
    assert analysis.timeline(archive, as_of="2021-12-31", axis="ingest").num_rows == 0
    assert analysis.timeline(archive, as_of="2022-01-01", axis="ingest").num_rows == 4


def test_aggregates_are_of_one_day_or_of_every_day_between(archive: Path) -> None:
    def number(**asked: Any) -> dict[str, int]:
        table = analysis.aggregates(archive, scopes=["country:MLI"], window="1d", **asked)
        return {row["at"].isoformat(): row["certain"] for row in table.to_pylist() if row["measure"] == "killed"}

    assert number(at="2021-10-03") == {"2021-10-03": 3}
    assert number(at=date(2021, 10, 1)) == {"2021-10-01": 9}
    assert number(at="2021-10-01", as_of="2021-10-10") == {"2021-10-01": 1}
    assert number(first="2021-10-03", last="2021-10-05") == {"2021-10-03": 3, "2021-10-04": 4, "2021-10-05": 0}
    assert number(last="2021-10-01") == {"2021-10-01": 9}
    assert list(number(first="2021-10-04"))[-1] == "2021-10-15"
    # The clock's day, on which nothing happened.
    assert number() == {}


def test_all_scopes_and_windows_unless_some_are_named(archive: Path) -> None:
    table = analysis.aggregates(archive, at="2021-10-04")
    assert {"world", "world@vigil", "country:MLI", "region:002"} <= set(table["scope"].to_pylist())
    assert set(table["window"].to_pylist()) == {"1d", "7d", "30d", "90d", "365d"}


def test_alerts_follow_the_rules_that_are_given(archive: Path, tmp_path: Path) -> None:
    alerts = analysis.alerts(archive, rules=RULES)
    found = [(row["first_day"].isoformat(), row["value"], row["causes"]) for row in alerts.to_pylist()]
    assert found == [("2021-10-01", 9, ["vigil:1"]), ("2021-10-03", 3, ["vigil:3"])]
    then = analysis.alerts(archive, rules=RULES, as_of="2021-10-10").to_pylist()
    assert [row["first_day"].isoformat() for row in then] == ["2021-10-03"]
    (tmp_path / "rules.yaml").write_text(RULES)
    assert analysis.alerts(archive, rules=tmp_path / "rules.yaml").equals(alerts)


def test_an_archive_without_events_gives_empty_tables_with_columns(tmp_path: Path) -> None:
    empty = archive_of(tmp_path / "empty", [])
    for table in (
        analysis.timeline(empty),
        analysis.aggregates(empty),
        analysis.aggregates(empty, first="2021-01-01"),
        analysis.alerts(empty, rules=RULES),
    ):
        assert table.num_rows == 0
        assert table.num_columns > 10


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda archive: analysis.timeline(archive / "nothing"), "no archive, and no service runs in it"),
        (lambda archive: analysis.timeline(archive, as_of="yesterday"), "found 'yesterday'"),
        (lambda archive: analysis.timeline(archive, as_of=datetime(2021, 1, 1)), "with its offset"),  # noqa: DTZ001
        (analysis.alerts, "holds no rules"),
        (lambda archive: analysis.alerts(archive, rules="rules: {"), "rules: "),
        (lambda archive: analysis.aggregates(archive, at="2021-10-01", first="2021-10-01"), "give one or the other"),
    ],
)
def test_what_cannot_be_answered_is_said(archive: Path, ask: Any, said: str) -> None:
    with pytest.raises(Misuse, match=said):
        ask(archive)
