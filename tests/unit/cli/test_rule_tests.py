"""`vigil rules test`: test files, what is wrong with them, and what a failing test prints."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.main import run

Printed = Callable[..., tuple[int, str, str]]

RULES = """\
rules:
  - {id: coup, kind: match, title: A coup, scope: country, severity: extreme, hold: 30, where: {type: coup}}
  - {id: deadly, kind: threshold, title: Deadly, scope: country, severity: severe, measure: killed, window: 7d,
     reaches: 100}
"""
PASSING = (
    RULES
    + """\
tests:
  - name: a coup and its dead
    events:
      - {day: 2021-05-24, country: MLI, coup: realised}
      - {day: 2021-05-25, country: MLI, killed: 60}
      - {day: 2021-05-26, country: MLI, killed: 50}
    expect:
      - {rule: deadly, scope: country:MLI, first_day: 2021-05-26, last_day: 2021-05-31, value: 110, peak: 110}
      - {rule: coup, scope: country:MLI, first_day: 2021-05-24, last_day: 2021-06-23, value: 1}
"""
)


@pytest.fixture
def printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Printed:
    """Run a test file of this text; return exit code, standard output and standard error."""

    def test(text: str, *more: str) -> tuple[int, str, str]:
        (tmp_path / "r.test.yaml").write_text(text)
        code = run(["rules", "test", str(tmp_path / "r.test.yaml"), *more])
        said = capsys.readouterr()
        return code, said.out.replace(f"{tmp_path}/", ""), said.err.replace(f"{tmp_path}/", "")

    return test


def test_a_file_whose_tests_hold(printed: Printed) -> None:
    assert printed(PASSING) == (0, "1 test passed\n", "")


def test_a_difference_names_file_line_and_test(printed: Printed) -> None:
    code, out, err = printed(PASSING.replace("value: 110", "value: 111"))
    assert code == 1
    assert out == (
        "r.test.yaml:12: a coup and its dead: missing     {rule: deadly, scope: country:MLI, first_day: 2021-05-26,"
        " last_day: 2021-05-31, value: 111, peak: 110}\n"
        "r.test.yaml:6: a coup and its dead: unexpected  {rule: deadly, scope: country:MLI, first_day: 2021-05-26,"
        " last_day: 2021-05-31, value: 110, peak: 110}\n"
    )
    assert err == "vigil: 1 of 1 tests failed\n"


def test_an_alert_that_was_not_expected_fails_the_test(printed: Printed) -> None:
    code, out, _ = printed("\n".join(PASSING.splitlines()[:-1]))
    assert code == 1
    assert "unexpected  {rule: coup" in out
    assert "missing" not in out


def test_the_same_as_lines_for_programs(printed: Printed) -> None:
    code, out, _ = printed(PASSING.replace("value: 110", "value: 111"), "--format", "json")
    assert code == 1
    [outcome] = map(json.loads, out.splitlines())
    assert (outcome["file"], outcome["line"], outcome["passed"]) == ("r.test.yaml", 6, False)
    assert [each["value"] for each in outcome["missing"]] == [111]
    assert [(each["value"], each["threshold"]) for each in outcome["unexpected"]] == [(110, 100)]


def test_only_some_rules_are_looked_at(printed: Printed) -> None:
    only = PASSING.replace("    events:", "    rules_only: [deadly]\n    events:")
    assert printed("\n".join(only.splitlines()[:-1]))[0] == 0


def test_the_clock_decides_what_is_over(printed: Printed) -> None:
    for clock, status in (("2021-05-31", "open"), ("2021-06-01T12:00:00Z", "resolved")):
        said = PASSING.replace("peak: 110", f"status: {status}")
        assert printed(said.replace("    events:", f"    clock: {clock}\n    events:"))[0] == 0


@pytest.mark.parametrize("name", ["archive.jsonl", "archive.jsonl.gz"])
def test_an_archive_beside_the_file_may_give_the_events(name: str, printed: Printed, tmp_path: Path) -> None:
    line = {
        **{"id": "vigil:a", "source": "vigil", "type": "coup", "publish_time": "2021-05-25T00:00:00Z"},
        "event_time": {"start": "2021-05-24T00:00:00Z", "end": "2021-05-25T00:00:00Z", "precision": "day"},
        "place": {"country": "MLI"},
    }
    raw = json.dumps(line).encode() + b"\n"
    (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    head, _, tail = PASSING.partition("      - {day: 2021-05-24, country: MLI, coup: realised}\n")
    assert printed(head.replace("    events:", f"    archive: {name}\n    events:") + tail)[0] == 0
    (tmp_path / name).write_bytes(raw + b"{}\n")
    code, _, err = printed(head.replace("    events:", f"    archive: {name}\n    events:") + tail)
    assert code == 1
    assert "r.test.yaml:6: a coup and its dead: " in err
    assert "line 2 is no event" in err


def test_the_rules_may_stand_in_a_file_beside_it(printed: Printed, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(RULES)
    assert printed(PASSING.replace(RULES, "rules: r.yaml\n"))[0] == 0
    assert "r.test.yaml:1: rules: none.yaml cannot be read" in printed(PASSING.replace(RULES, "rules: none.yaml\n"))[2]


def test_a_mistake_in_rules_that_stand_in_the_file_has_its_line(printed: Printed) -> None:
    code, _, err = printed("# rules\n\n" + PASSING.replace("measure: killed", "measure: dead"))
    assert code == 1
    assert err.startswith("vigil: r.test.yaml:5: rules.1.measure")


def test_everything_that_is_wrong_is_told_at_once_with_its_line_and_field(printed: Printed) -> None:
    text = (
        PASSING.replace("coup: realised", "cup: realised")
        .replace("killed: 60", "killed: {total: {best: many}}")
        .replace("peak: 110", "peek: 110")
        .replace("    expect:", "    clock: soon\n    rules_only: [coup, riot]\n    expect:")
    )
    code, out, err = printed(text)
    assert (code, out) == (1, "")
    lines = [line.removeprefix("vigil: ") for line in err.splitlines()]
    assert lines == [
        "r.test.yaml:12: tests.0.rules_only.1: 'riot' is no rule of the set",
        "r.test.yaml:8: tests.0.events.0.cup: an event has no such member",
        "r.test.yaml:9: tests.0.events.1.killed.total.best: Input should be a valid integer",
        "r.test.yaml:11: tests.0.clock: expected a day or a time such as 2021-10-02T12:00:00Z, found 'soon'",
        "r.test.yaml:14: tests.0.expect.0.peek: an alert has no such member",
        "r.test.yaml:14: tests.0.expect.0.rule: 'deadly' is none of the rules whose alerts this test looks at",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tests: []\n", "r.test.yaml:1: rules: Field required"),
        ("rules: []\ntests: []\n", "r.test.yaml:2: tests: "),
        ("rules: []\ntests:\n  - {name: a, expect: [], evens: []}\n", "r.test.yaml:3: tests.0.evens: "),
        ("rules: []\ntests:\n  - {name: a, expect: []}\n", "r.test.yaml:3: tests.0: expected `events`, `archive`"),
        (
            "rules: []\ntests:\n  - name: a\n    expect: []\n    expect: []\n",
            "r.test.yaml:5: tests.0.expect: it stands",
        ),
        ("rules: []\ntests:\n  - {name: a, events: [{day: 2021-01-01}], expect: [{rule: a}]}\n", "expect.0.scope: "),
        ("rules: [\n", "r.test.yaml:2: no valid YAML"),
        ("", "r.test.yaml:1: rules: Field required"),
        ("rules: \x01\n", "r.test.yaml:1: no valid YAML"),
        ("rules: &a [*a]\ntests: [{name: a, events: [{}], expect: []}]\n", "r.test.yaml:1: "),
    ],
)
def test_a_file_that_is_none_is_told(text: str, said: str, printed: Printed) -> None:
    code, _, err = printed(text)
    assert code == 1
    assert said in err


def test_the_order_of_events_does_not_matter_and_running_twice_prints_the_same(printed: Printed) -> None:
    head, events, tail = PASSING.partition("    events:\n")[0], PASSING.splitlines()[7:10], PASSING.splitlines()[10:]
    backwards = "\n".join([head + "    events:", *events[::-1], *tail])
    assert printed(backwards) == printed(PASSING) == printed(PASSING)
