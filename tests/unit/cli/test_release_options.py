"""`--release` and `--covers`, and what `vigil publish` and `vigil diff` make of them without a broker."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.main import run
from cli.publishing.release_options import read_covers, read_release, refuse_the_future
from producers.spool import Release
from schemas.errors import Misuse
from timeline.times import DAY, day_number

HOME = Path(__file__).parents[3]
UCDP = HOME / "tests" / "recorded" / "ucdp-ged.global-49.csv"
FATALITIES = HOME / "samples" / "un-fatalities" / "minusma.csv"


@pytest.mark.parametrize(
    ("feed", "text", "release"),
    [
        ("ucdp-ged", None, None),
        ("ucdp-ged", "ged-22.1", Release("ged-22.1", "2022-06-01")),
        ("ucdp-ged", "GED-22.1", Release("GED-22.1", "2022-06-01")),
        ("ucdp-ged", "22.1", Release("22.1", "2022-06-01")),
        ("ucdp-ged", "ged-22.1@2022-05-30", Release("ged-22.1", "2022-05-30")),
        ("cline-coups", "2.1.2@2023-02-01", Release("2.1.2", "2023-02-01")),
        ("vigil", "me@home@2023-02-01", Release("me@home", "2023-02-01")),
        ("un-fatalities", None, Release(None, None)),
        ("un-fatalities", "november", Release("november", None)),
        ("un-fatalities", "november@2023-11-28", Release("november", "2023-11-28")),
    ],
)
def test_a_release_has_a_name_and_a_day(feed: str, text: str | None, release: Release | None) -> None:
    assert read_release(feed, text) == release


@pytest.mark.parametrize(
    ("feed", "text"),
    [
        ("cline-coups", "2.1.2"),
        ("cline-coups", "ged-22.1"),
        ("ucdp-ged", "ged-24.0.5"),
        ("ucdp-ged", "x@2022-6-1"),
        ("ucdp-ged", "x@20220601"),
        ("ucdp-ged", "x@2022-02-30"),
        ("ucdp-ged", "ged-22.1@"),
        ("ucdp-ged", "@2022-06-01"),
        ("ucdp-ged", ""),
        ("ucdp-ged", f"{'x' * 101}@2022-06-01"),
        ("ucdp-ged", "x\ny@2022-06-01"),
    ],
)
def test_a_release_without_a_known_day_or_with_a_bad_one_is_misuse(feed: str, text: str) -> None:
    with pytest.raises(Misuse, match="--release"):
        read_release(feed, text)
    assert run(["publish", feed, str(UCDP), "--dry-run", "--release", text]) == 2


def test_a_day_that_the_ledger_would_refuse_is_misuse() -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    refuse_the_future(tomorrow.date().isoformat())
    with pytest.raises(Misuse, match="more than a day ahead"):
        refuse_the_future((tomorrow + timedelta(days=1)).date().isoformat())


def test_a_coverage_names_countries_and_days_in_any_order() -> None:
    widening = read_covers(("country=MLI,NER,from=2021-01-01", "until=2021-12-31,country=BFA"))
    assert widening.countries == {"MLI", "NER", "BFA"}
    assert not widening.everywhere
    assert widening.start == day_number("2021-01-01") * DAY
    assert widening.end == day_number("2022-01-01") * DAY
    assert read_covers(("until=2022-01-01T00:00:00Z",)).end == widening.end
    assert read_covers(("country=all",)).everywhere


@pytest.mark.parametrize("text", ["MLI", "country=mali", "from=soon", "until=2021-12-31Tx", "place=x", "", "from=,"])
def test_a_coverage_that_says_something_else_is_misuse(text: str) -> None:
    with pytest.raises(Misuse, match="--covers"):
        read_covers((text,))


def test_a_coverage_without_a_release_is_misuse() -> None:
    assert run(["publish", "ucdp-ged", str(UCDP), "--dry-run", "--covers", "country=MLI"]) == 2


def test_as_json_lines_a_release_shows_its_day_and_says_that_withdrawals_need_the_log(
    capfd: pytest.CaptureFixture[str],
) -> None:
    arguments = ["publish", "ucdp-ged", str(UCDP), "--dry-run", "--as-jsonl"]
    assert run([*arguments, "--release", "ged-22.1"]) == 0
    printed = capfd.readouterr()
    lines = [json.loads(line) for line in printed.out.splitlines()]
    assert {line.pop("sequence") for line in lines} == {"2022-06-01"}
    told = printed.err.splitlines()
    assert told[0].startswith("vigil: release ged-22.1 of 2022-06-01, feed ucdp-ged: 60 events; speaks of ")
    assert "only the log tells" in told[1]
    assert json.loads(told[2])["published"] == 60
    assert run(arguments) == 0
    assert [json.loads(line) for line in capfd.readouterr().out.splitlines()] == lines


def test_without_a_release_ucdp_and_coups_warn_in_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["publish", "ucdp-ged", str(UCDP), "--dry-run"]) == 0
    (warning,) = capfd.readouterr().err.splitlines()
    assert "corrections may not win" in warning
    assert run(["publish", "un-fatalities", str(FATALITIES), "--dry-run"]) == 0
    assert "corrections may not win" not in capfd.readouterr().err


def test_a_fatalities_file_is_a_release_of_its_own_day_and_of_no_other(capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["publish", "un-fatalities", str(FATALITIES), "--dry-run"]
    assert run(arguments) == 0
    told = capfd.readouterr().err
    assert "release un-fatalities-2023-11-28 of 2023-11-28" in told
    assert "all countries" in told
    assert run([*arguments, "--release", "one@2023-11-28"]) == 0
    assert "release one of 2023-11-28" in capfd.readouterr().err
    assert run([*arguments, "--release", "one@2023-11-27"]) == 1
    assert "last_update is 2023-11-28" in capfd.readouterr().err


def test_two_fatalities_files_in_one_call_are_each_a_release(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    earlier = tmp_path / "earlier.csv"
    earlier.write_bytes(FATALITIES.read_bytes().replace(b"2023-11-28", b"2023-11-27"))
    assert run(["publish", "un-fatalities", str(FATALITIES), str(earlier), "--dry-run"]) == 0
    told = capfd.readouterr().err.splitlines()
    assert [line.split()[4] for line in told[:2]] == ["2023-11-27,", "2023-11-28,"]


def test_of_a_release_that_is_mostly_bad_nothing_but_the_bad_rows_is_shown(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.jsonl"
    good = (HOME / "samples" / "mali-2021.jsonl").read_text()
    bad.write_text(good + "{}\n" * 500)
    arguments = ["publish", "vigil", str(bad), "--release", "one@2022-01-01", "--dry-run"]
    assert run([*arguments, "--as-jsonl"]) == 1
    printed = capfd.readouterr()
    assert all("dead_letter" in json.loads(line) for line in printed.out.splitlines())
    summary = json.loads(printed.err.splitlines()[-1])
    assert (summary["read"], summary["published"], summary["skipped"], summary["dead_lettered"]) == (100, 0, 11, 89)
    assert "Nothing of the release was sent" in printed.err
    assert run(arguments) == 1
    assert json.loads(capfd.readouterr().out) == summary


def attack(key: str, day: int, **members: object) -> str:
    return json.dumps(
        {
            "id": f"vigil:{key}",
            "source": "vigil",
            "type": "attack",
            "event_time": {
                "start": f"2021-04-{day:02}T00:00:00Z",
                "end": f"2021-04-{day + 1:02}T00:00:00Z",
                "precision": "day",
            },
            "publish_time": "2021-05-01T00:00:00Z",
            "place": {"country": "MLI"},
            **members,
        }
    )


def test_diff_prints_what_is_new_changed_and_withdrawn_by_id(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    old, new = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    stays, changed = attack("b", 1), attack("a", 3, killed={"total": {"best": 1}})
    gone = attack("e", 3, state="withdrawn", reason="no")
    old.write_text(
        "\n".join([stays, changed, attack("c", 2), attack("outside", 9), attack("e", 3), gone, attack("g", 2)])
    )
    again = attack("b", 1, publish_time="2022-05-01T00:00:00Z")
    ends = attack("g", 2, state="withdrawn")
    new.write_text(
        "\n".join([again, attack("a", 3, killed={"total": {"best": 2}}), attack("d", 4), attack("e", 3), ends, "{}"])
    )
    # The withdrawal of `e` is greater than its assertion in the old file; in the new one it stands again.
    lines = [
        {"change": "changed", "id": "vigil:a", "fields": ["killed.total.best"]},
        {"change": "withdrawn", "id": "vigil:c", "fields": []},
        {"change": "new", "id": "vigil:d", "fields": []},
        {"change": "new", "id": "vigil:e", "fields": []},
        {"change": "withdrawn", "id": "vigil:g", "fields": []},
    ]
    assert run(["diff", "vigil", str(old), str(new)]) == 0
    printed = capfd.readouterr()
    assert [json.loads(line) for line in printed.out.splitlines()] == lines
    assert "1 bad rows are left out" in printed.err
    assert "1 events are only in" in printed.err
    assert run(["diff", "vigil", str(old), str(new), "--covers", "until=2021-04-09"]) == 0
    printed = capfd.readouterr()
    outside = {"change": "withdrawn", "id": "vigil:outside", "fields": []}
    assert [json.loads(line) for line in printed.out.splitlines()] == [*lines, outside]
    assert run(["diff", "vigil", str(old), str(old)]) == 0
    assert capfd.readouterr().out == ""


def test_diff_refuses_files_of_another_feed(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", "vigil", str(UCDP), str(UCDP)]) == 1
    assert "looks like a UCDP GED table" in capfd.readouterr().err
