"""`vigil alerts show`: what the log says of one alert, as JSON and as text of at most 100 columns."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from cli.alerting import show as alert_show
from cli.alerting.text import MOST_EVENTS, print_alert
from schemas.errors import Failed
from schemas.rule import RuleSet
from subscribers.alert_explained import explanation_of
from tests.simulation import Roller, Topics, rule_set, statement
from timeline.identity import Assertion

Json = dict[str, Any]

RULE: Json = {
    "id": "deadly", "kind": "threshold", "title": "Deadly week", "severity": "severe", "scope": "country",
    "measure": "killed", "window": "7d", "reaches": 30, "rationale": "Too many.",
}  # fmt: skip


def attack(key: str, day: int, killed: int, *, published: int | None = None) -> Json:
    return {
        "id": f"acled:{key}", "source": "acled", "type": "attack", "title": f"Attack {key}, [b]not markup[/b] :smile:",
        "place": {"country": "MLI", "name": "Aguelhok"}, "killed": {"total": {"best": killed}},
        "event_time": {
            "start": f"2021-04-{day:02}T00:00:00Z", "end": f"2021-04-{day + 1:02}T00:00:00Z", "precision": "day"
        },
        "publish_time": f"2021-04-{published or day + 1:02}T00:00:00Z",
        "links": [{"url": f"https://example.org/{key}", "title": "A report"}],
    }  # fmt: skip


def withdrawn(key: str, published: int) -> Json:
    said = {"id": f"acled:{key}", "source": "acled", "type": "attack", "state": "withdrawn", "reason": "double"}
    return said | {"publish_time": f"2021-04-{published:02}T00:00:00Z"}


def told(rules: RuleSet, *chunks: list[Json]) -> tuple[list[Json], list[Assertion]]:
    """What the alerts topic holds after these chunks, and what was asserted."""
    topics = Topics()
    roller = Roller(topics, rules)
    for chunk in chunks:
        roller.follow(map(statement, chunk))
        roller.settle(everything=False)
    statements = [statement(said) for chunk in chunks for said in chunk]
    times = [f"2021-05-01T00:00:{index:02}.000Z" for index in range(60)]
    return [each | {"told": time} for each, time in zip(topics.told_alerts(), times, strict=False)], statements


def printed(explained: Json, capsys: pytest.CaptureFixture[str]) -> str:
    print_alert(explained)
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 100
    return text


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_standing_alert_is_explained_with_its_rule_and_its_history(capsys: pytest.CaptureFixture[str]) -> None:
    rules = rule_set([RULE])
    transitions, statements = told(rules, [attack("1", 5, 40)], [attack("2", 6, 10)])
    explained = explanation_of(transitions[0]["id"][:8], transitions, [rules], statements)
    assert explained["stands"]
    assert explained["notes"] == []
    assert explained["rule_in_words"]["rationale"] == "Too many."
    assert explained["rule_in_words"]["version"] == explained["rule_in_words"]["version_in_force"]
    assert [each["transition"] for each in explained["transitions"]] == ["raised", "updated"]
    assert [cause["id"] for cause in explained["causes"]] == ["acled:1"]
    text = printed(explained, capsys)
    for said in (
        "Deadly week: country:MLI",
        "value 40, peak 50, threshold 30",
        "why Too many.",
        "2021-04-06 … 2021-04-11 * 50",
        "2021-04-05 40 Attack 1, [b]not markup[/b] :smile: (Aguelhok, MLI) 2021-04-06",
        "A report: https://example.org/1",
        "Without this event the rule would not hold here",
        "raised 2021-04-05 40, 40 the condition holds",
    ):
        assert said in words(text)


def test_a_cancelled_alert_tells_the_correction_and_what_has_become_of_its_causes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rules = rule_set([RULE])
    transitions, statements = told(rules, [attack("1", 5, 40), attack("2", 20, 1)], [withdrawn("1", 25)])
    explained = explanation_of(transitions[0]["id"], transitions, [rules], statements)
    assert not explained["stands"]
    [note] = explained["notes"]
    assert note.startswith("It was cancelled on 2021-05-01")
    assert [cause["now"] for cause in explained["causes"]] == ["withdrawn"]
    last = explained["transitions"][-1]
    assert last["correction"]["id"] == "acled:1"
    assert last["correction"]["reason"] == "double"
    text = words(printed(explained, capsys))
    assert "what has become of them" in text
    assert "acled:1 was withdrawn, published 2021-04-25 00:00: double" in text
    assert "As things stand the rule does not hold here" in text


def test_a_superseded_alert_names_its_heir_and_shows_the_whole_thread(capsys: pytest.CaptureFixture[str]) -> None:
    rules = rule_set([RULE])
    transitions, statements = told(rules, [attack("1", 5, 40)], [attack("0", 4, 40, published=8)])
    ended = next(each for each in transitions if each["transition"] == "superseded")
    explained = explanation_of(ended["id"], transitions, [rules], statements)
    [note] = explained["notes"]
    assert ended["heir"] in note
    assert {each["id"] for each in explained["transitions"]} == {ended["id"], ended["heir"]}
    assert explained["counterfactual"]["total"] == 2
    assert f"({ended['heir'][:8]})" in printed(explained, capsys)


def test_a_late_event_is_not_called_a_correction_and_a_corrected_one_is(capsys: pytest.CaptureFixture[str]) -> None:
    rules = rule_set([RULE])
    for earlier, now, said in (
        ([attack("1", 5, 40)], attack("0", 4, 40, published=8), "by acled:0, published 2021-04-08"),
        ([attack("1", 5, 40), attack("0", 4, 1)], attack("0", 4, 40, published=8), "acled:0 was corrected, published"),
    ):
        transitions, statements = told(rules, earlier, [now])
        heir = next(each["heir"] for each in transitions if each["transition"] == "superseded")
        explained = explanation_of(heir, transitions, [rules], statements)
        assert said in words(printed(explained, capsys))


def test_a_rule_that_changed_since_is_told_as_the_alert_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    before, after, none = rule_set([RULE]), rule_set([RULE | {"reaches": 35}]), rule_set([])
    transitions, statements = told(before, [attack("1", 5, 40)])
    alert_id = transitions[0]["id"]
    explained = explanation_of(alert_id, transitions, [before, after], statements)
    assert explained["bounds"]["reaches"] == 30
    [note] = explained["notes"]
    assert after.by_id["deadly"].version in note
    assert f"now {after.by_id['deadly'].version}" in printed(explained, capsys)
    gone = explanation_of(alert_id, transitions, [before, none], statements)
    assert gone["rule_in_words"]["version_in_force"] is None
    assert "not in force" in printed(gone, capsys)
    with pytest.raises(Failed, match="in no rule set"):
        explanation_of(alert_id, transitions, [after], statements)


def test_the_newest_wording_of_the_same_version_explains_it() -> None:
    before, after = rule_set([RULE]), rule_set([RULE | {"rationale": "Far too many."}])
    transitions, statements = told(before, [attack("1", 5, 40)])
    explained = explanation_of(transitions[0]["id"], transitions, [before, after], statements)
    assert explained["rule_in_words"]["rationale"] == "Far too many."
    assert explained["notes"] == []


def test_what_the_timeline_says_and_nobody_has_told_yet_is_noted() -> None:
    rules = rule_set([RULE])
    transitions, statements = told(rules, [attack("1", 5, 40)])
    fell = explanation_of(transitions[0]["id"], transitions, [rules], [*statements, statement(withdrawn("1", 25))])
    assert fell["notes"] == ["By the timeline as it is now it no longer stands; that it fell is not told yet."]
    transitions, statements = told(rules, [attack("1", 5, 40)], [withdrawn("1", 25)])
    again = statement(attack("1", 5, 40, published=26))
    stands = explanation_of(transitions[0]["id"], transitions, [rules], [*statements, again])
    assert stands["notes"][-1] == "By the timeline as it is now it stands again; that is not told yet."


def test_a_late_alert_says_so() -> None:
    rules = rule_set([RULE])
    transitions, statements = told(rules, [attack("1", 5, 40, published=28)])
    explained = explanation_of(transitions[0]["id"], transitions, [rules], statements)
    assert explained["notes"] == ["It was late: all that makes it became known after its last day."]


def test_a_long_list_is_cut_in_the_text_alone(capsys: pytest.CaptureFixture[str]) -> None:
    rules = rule_set([RULE])
    transitions, statements = told(rules, [attack(f"{number:03}", 5, 1) for number in range(60)])
    explained = explanation_of(transitions[0]["id"], transitions, [rules], statements)
    assert len(explained["causes"]) == 60
    text = printed(explained, capsys)
    assert f"and {60 - MOST_EVENTS} more; --format json has all" in text
    assert "acled:059" not in text.split("Without which")[0]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            {"kind": "surge", "measure": "attacks", "reaches": 4, "min_weeks": 4, "window": None},
            "2021-W14 from 2021-04-05 * 9 (expected 0.38, p",
        ),
        ({"kind": "first_seen", "days": 9, "of": "method"}, "about method:explosive"),
        ({"kind": "match", "where": {"type": "attack"}}, "Numbers (* the rule holds)"),
        ({"kind": "sequence", "first": {"id": "acled:00"}, "then": {}, "within": 5}, "about acled:00"),
    ],
)  # fmt: skip
def test_every_kind_has_a_text(rule: Json, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    common = {"id": "r", "title": "R", "severity": "minor", "scope": "country"}
    rules = rule_set([common | {name: value for name, value in rule.items() if value is not None}])
    early = [attack("early", 5, 1) | {"id": "acled:early"}]
    early[0]["event_time"] = {"start": "2021-03-08T00:00:00Z", "end": "2021-03-09T00:00:00Z", "precision": "day"}
    events = [*early, attack("00", 5, 1), *[attack(f"{number:02}", 6, 1) for number in range(1, 9)]]
    transitions, statements = told(rules, [event | {"method": "explosive"} for event in events])
    newest = max(transitions, key=lambda each: each["first_day"])
    assert expected in words(printed(explanation_of(newest["id"], transitions, [rules], statements), capsys))


def test_a_deadline_and_a_silence_have_a_text(capsys: pytest.CaptureFixture[str]) -> None:
    rules = rule_set(
        [
            {"id": "deadline", "title": "D", "severity": "minor", "kind": "deadline", "scope": "mission", "days": 9},
            {"id": "silence", "title": "S", "severity": "minor", "kind": "silence", "scope": "world", "days": 9},
        ]
    )
    said = attack("1", 5, 1) | {"type": "resolution", "id": "unsc:1", "source": "unsc"}
    said["resolution"] = {"outcome": "adopted", "mission": "MINUSMA", "mandate_end": "2021-04-20"}
    transitions, statements = told(rules, [said, attack("2", 28, 1)])
    texts = [
        words(printed(explanation_of(each["id"], transitions, [rules], statements), capsys)) for each in transitions
    ]
    assert any("Renewals of the mandate that ends on 2021-04-20 none" in text for text in texts)
    assert any("2021-04-15 … no end known" in text and "only a publication" in text for text in texts)
    assert not any("9999" in text for text in texts)


def test_numbers_that_no_feed_has_are_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    rules = rule_set([RULE])
    transitions, statements = told(rules, [attack("1", 5, 40), attack("2", 25, 0)], [withdrawn("1", 26)])
    text = words(printed(explanation_of(transitions[0]["id"], transitions, [rules], statements), capsys))
    assert "no feed has any, 2021-04-02 … 2021-04-11" in text


def run(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    rules = rule_set([RULE])
    transitions, statements = told(rules, [attack("1", 5, 40)])

    async def read(bootstrap: str, digits: str, *, topic_prefix: str) -> Json:
        return explanation_of(digits, transitions, [rules], statements)

    monkeypatch.setattr(alert_show, "_read", read)
    result = CliRunner().invoke(
        alert_show.show, [transitions[0]["id"][:8], "--bootstrap-servers", "127.0.0.1:1", *arguments]
    )
    return result.exit_code, result.output


@pytest.mark.parametrize("arguments", [[], ["--format", "json"]])
def test_a_pipe_gets_one_object_on_a_line(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = run(arguments, monkeypatch)
    assert code == 0
    [line] = output.splitlines()
    alert = json.loads(line)
    assert {"id", "rule", "notes", "numbers", "causes", "counterfactual", "transitions"} <= alert.keys()


@pytest.mark.parametrize("arguments", [["--table"], ["--format", "text"], ["--table", "--format", "text"]])
def test_people_get_text_where_they_ask_for_it(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = run(arguments, monkeypatch)
    assert code == 0
    assert output.startswith("Deadly week: country:MLI\n")


def test_a_table_is_no_json(monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = run(["--table", "--format", "json"], monkeypatch)
    assert code == 2
    assert "--table" in output
