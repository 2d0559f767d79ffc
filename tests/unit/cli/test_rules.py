"""`vigil rules check` and `explain`, and what a rule set changes when it takes the place of another."""

import json
from pathlib import Path

import pytest

from cli.archives.replayed import Log
from cli.main import run
from cli.ruling.files import default_rules
from cli.ruling.log import Change, difference_between
from cli.settings import Settings
from schemas.errors import Failed
from schemas.rule import KINDS, RuleSet
from schemas.rule_text import parse_rules
from timeline.rule_words import condition, explanation, explanation_lines

HOME = Path(__file__).parents[3]

EVERY_KIND = """\
rules:
  - {id: m, kind: match, title: t, scope: mission, severity: severe,
     where: {type: attack, killed.total.best: {at_least: 1}}, feeds: 2, inhibits: [s], rationale: because}
  - {id: t, kind: threshold, title: t, scope: country, severity: minor, measure: killed, window: 7d, reaches: 100,
     ends_below: 60, steps: [{reaches: 500, severity: severe}], urgency: immediate, certainty: likely}
  - {id: u, kind: surge, title: t, scope: country, severity: minor, measure: attacks, count: possible, model: poisson,
     where: {coding: human}}
  - {id: f, kind: first_seen, title: t, scope: admin1, severity: minor, role: perpetrator, days: 365, hold: 0}
  - {id: s, kind: sequence, title: t, scope: country, severity: minor, within: 30, hold: 5,
     first: {type: coup}, then: {type: attack}}
  - {id: d, kind: deadline, title: t, severity: minor, days: 30}
  - {id: l, kind: silence, title: t, severity: minor, days: 1, feed: gdelt}
"""


def _rules() -> RuleSet:
    return parse_rules(EVERY_KIND)


def test_a_valid_set_is_told_with_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "check", str(HOME / "rules.yaml")]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == {"rules": len(parse_rules(default_rules()).rules), "version": parse_rules(default_rules()).version}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules:\n  - {id: a, kind: urge, title: t, scope: world, severity: minor}\n", "2: rules.0.kind: expected one"),
        (
            "rules:\n  - id: a\n    kind: match\n    title: t\n    severity: grave\n    scope: world\n",
            "5: rules.0.severity: ",
        ),
        ("rules: [\n", "2: no valid YAML"),
    ],
)
def test_what_is_wrong_is_told_with_file_line_and_field(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "r.yaml").write_text(text)
    assert run(["rules", "check", str(tmp_path / "r.yaml")]) == 1
    assert f"{tmp_path / 'r.yaml'}:{said}" in capsys.readouterr().err


def test_the_first_mistake_of_each_rule_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = EVERY_KIND.replace("severity: severe,", "severity: grave,", 1).replace("days: 1,", "days: none,")
    (tmp_path / "r.yaml").write_text(text.replace("rules:\n", "rules:\n  - coup\n"))
    assert run(["rules", "check", str(tmp_path / "r.yaml")]) == 1
    told = capsys.readouterr().err.replace(f"{tmp_path}/", "").splitlines()
    assert [line.partition(": ")[2].rpartition(": ")[0] for line in told] == [
        "r.yaml:2: rules.0",
        "r.yaml:3: rules.1.severity",
        "r.yaml:13: rules.7.days",
    ]


def test_a_rule_without_a_mistake_is_not_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r.yaml").write_text(EVERY_KIND.replace("days: 1,", "days: none,"))
    assert run(["rules", "check", str(tmp_path / "r.yaml")]) == 1
    assert capsys.readouterr().err.count("rules.") == 1


def test_a_mistake_between_rules_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r.yaml").write_text(EVERY_KIND.replace("inhibits: [s]", "inhibits: [x]"))
    assert run(["rules", "check", str(tmp_path / "r.yaml")]) == 1
    assert "r.yaml:3: rules.0.inhibits: 'x' is no other rule" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("{type: attak}", "where.type: 'attak' is none of attack, coup,"),
        ("{type: [attack, cuop]}", "where.type: 'cuop' is none of"),
        ("{coup.outcome: realized}", "where.coup.outcome: 'realized' is none of realised, attempted, conspiracy"),
        ("{coding: humans}", "where.coding: 'humans' is none of human, machine"),
        ("{event_time.precision: daily}", "where.event_time.precision: 'daily' is none of instant, day,"),
        ("{place.country: Mali}", "where.place.country: "),
        ("{killed: 3}", "where.killed: it has no value of its own; ask for a member of it, such as killed.total"),
        ("{killed.total.best: many}", "where.killed.total.best: "),
        ("{killed.total.best: '3'}", "where.killed.total.best: "),
        ("{title: {at_least: 3}}", "where.title: it is no number, so it satisfies no bound"),
        ("{mission: 7}", "where.mission: "),
    ],
)
def test_a_condition_that_no_event_satisfies_is_a_mistake(
    where: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = "{id: a, kind: match, title: t, scope: world, severity: minor, where: {coding: human}}"
    file = tmp_path / "r.yaml"
    file.write_text(f"rules:\n  - {rule}\n  - {rule.replace('id: a', 'id: b').replace('{coding: human}', where)}\n")
    assert run(["rules", "check", str(file)]) == 1
    assert f"{file}:3: rules.1.{said}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "where",
    [
        "{type: attack, killed.total.best: {at_least: 1}}",
        "{killed.total.best: [0, 1], resolution.chapter_vii: true, resolution.mandate_end: 2022-06-30}",
        "{actors.id: [jnim, aqim], actors.role: target, place.country: [MLI, XKX], repairs: date, mission: MINUSMA}",
        "{place.latitude: {at_least: 13.5}, event_time.precision: day, links.url: 'https://example.org/'}",
        "{event_time.start: '2021-10-02T00:00:00Z', tally.value: 255, source: acled, state: asserted}",
    ],
)
def test_a_condition_that_an_event_can_satisfy_is_none(where: str, tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(
        f"rules: [{{id: a, kind: sequence, title: t, scope: world, severity: minor, within: 3, first: {where}, "
        f"then: {where}}}]\n"
    )
    assert run(["rules", "check", str(file)]) == 0


@pytest.mark.parametrize("text", ["", "# nothing but words\n", "{}\n"])
def test_an_empty_file_is_no_set_without_rules(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(text)
    assert run(["rules", "check", str(file)]) == 1
    assert f"{file}:1: rules: there are none; write `rules: []`" in capsys.readouterr().err
    file.write_text("rules: []\n")
    assert run(["rules", "check", str(file)]) == 0


def test_a_file_that_is_no_text_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r.yaml").write_bytes(b"\xff\xfe")
    assert run(["rules", "check", str(tmp_path / "r.yaml")]) == 1
    assert "it is no UTF-8" in capsys.readouterr().err


def test_every_kind_is_explained_without_a_word_missing() -> None:
    rules = _rules()
    assert {rule.kind for rule in rules.rules} == set(KINDS)
    for rule in rules.rules:
        said = explanation(rule, rules)
        for name in ("watches", "starts", "ends", "feeds", "anchor"):
            assert said[name].endswith("."), (rule.kind, name)
        text = "\n".join([*explanation_lines(said), condition(rule)])
        assert "None" not in text
        assert "{" not in text


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("m", ["at least 1", "two feeds", "7 days after", "because", "s while it is open", "severe"]),
        ("t", ["people killed (best", "7 days", "100", "60", "severe from a peak of 500", "immediate", "likely"]),
        ("u", ["attacks in each country", "Poisson", "0.001", "26 weeks", "may lie", "coding is human"]),
        ("f", ["actor in the role perpetrator", "365 days", "with that day"]),
        (
            "s",
            [
                "type is coup",
                "type is attack",
                "within 30 days",
                "35 days after the last day of A",
                "certainly follows",
                "m while one of them is open",
            ],
        ),
        ("d", ["30 days before", "30 days after"]),
        ("l", ["gdelt", "a day after"]),
    ],
)
def test_an_explanation_says_what_the_rule_says(rule: str, words: list[str]) -> None:
    rules = _rules()
    text = "\n".join(explanation_lines(explanation(rules.by_id[rule], rules)))
    for word in words:
        assert word in text


def test_one_rule_of_a_file_is_explained_for_people_and_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "explain", "deadly-week", "--file", str(HOME / "rules.yaml")]) == 0
    text = capsys.readouterr().out
    assert text.startswith("deadly-week: ")
    assert run(["rules", "explain", "deadly-week", "--file", "default", "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["id"], said["kind"]) == ("deadly-week", "threshold")
    assert said["starts"] in text


def test_all_rules_are_explained_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "explain", "--file", str(HOME / "rules.yaml"), "--format", "json"]) == 0
    said = [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]
    assert said == [rule.id for rule in parse_rules(default_rules()).rules]


def test_a_rule_that_is_not_there_is_told_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "explain", "deadly", "--file", "default"]) == 2
    assert "deadly-week" in capsys.readouterr().err


def test_what_a_set_changes_is_told_by_rule() -> None:
    before = _rules()
    text = EVERY_KIND.replace("rationale: because", "rationale: since").replace("reaches: 100", "reaches: 90")
    after = parse_rules(text.replace("id: l,", "id: g,"))
    assert difference_between(before, after) == Change(added=("g",), removed=("l",), revised=("t",), reworded=("m",))
    assert difference_between(before, _rules()) == Change()
    assert difference_between(None, before).added == tuple(before.by_id)


@pytest.mark.parametrize("text", ["", EVERY_KIND.replace("type: coup", "type: cuop")], ids=["empty", "typo"])
def test_rules_that_stand_in_a_log_are_taken_though_a_file_that_says_so_is_refused(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Log, "_rules_in_force", lambda _: text)
    settings = Settings(dir=tmp_path)
    assert Log(settings, (), None).rules() == (text, parse_rules(text))
    (tmp_path / "r.yaml").write_text(text)
    with pytest.raises(Failed):
        Log(settings, (), str(tmp_path / "r.yaml")).rules()
