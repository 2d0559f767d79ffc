"""`vigil rules check`, and the rule set that comes with Vigil."""

from pathlib import Path

import pytest

from cli.main import run
from cli.rule_log import default_rules
from schemas.rule_text import parse_rules

HOME = Path(__file__).parents[3]


def test_the_rules_at_the_top_are_the_ones_that_come_with_the_command() -> None:
    assert (HOME / "rules.yaml").read_text() == default_rules()


def test_the_default_rules_are_valid_and_hold_both_kinds() -> None:
    rules = parse_rules(default_rules()).rules
    assert {rule.kind for rule in rules} == {"match", "threshold"}
    assert {"coup", "peacekeepers-killed", "deadly-week"} <= {rule.id for rule in rules}


def test_a_valid_set_is_told_with_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "check", str(HOME / "rules.yaml")]) == 0
    assert '"version":' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "rules:\n  - {id: a, kind: surge, title: t, scope: world, severity: minor}\n",
            "2: rules.0.kind: kind 'surge'",
        ),
        ("rules:\n  - id: a\n    kind: match\n    title: t\n    scope: moon\n", "5: rules.0.scope: "),
        ("rules: [\n", "2: no valid YAML"),
    ],
)
def test_what_is_wrong_is_told_with_file_line_and_field(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "r.yaml").write_text(text)
    assert run(["rules", "check", str(tmp_path / "r.yaml")]) == 1
    assert f"{tmp_path / 'r.yaml'}:{said}" in capsys.readouterr().err


def test_a_kind_that_is_not_supported_names_the_ones_that_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "r.yaml").write_text("rules: [{id: a, kind: silence, title: t, scope: world, severity: minor}]\n")
    assert run(["rules", "check", str(tmp_path / "r.yaml")]) == 1
    assert "supported: match, threshold" in capsys.readouterr().err


def test_a_file_that_is_no_text_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r.yaml").write_bytes(b"\xff\xfe")
    assert run(["rules", "check", str(tmp_path / "r.yaml")]) == 1
    assert "it is no UTF-8" in capsys.readouterr().err
