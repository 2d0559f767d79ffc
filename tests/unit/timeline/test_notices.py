"""What a pager gets, and what was hidden by what, as JSON types."""

from __future__ import annotations

from typing import Any

from tests.unit.timeline.people_parts import acknowledge, command_id, silence, superseded, telling, transition
from tests.unit.timeline.test_notification import RULES, of
from timeline.notices import notification_members, notification_text, suppressed_members
from timeline.notification import Telling, hear
from timeline.people import Taken

Json = dict[str, Any]
LATER = 2_000_000_000_000_000


def notices(*tellings: Telling, commands: tuple[Taken, ...] = ()) -> list[Json]:
    return [notification_members(each) for each in hear(tellings, commands, [RULES], now=LATER)[0].notifications]


def text(*transitions: Json) -> str:
    [notification] = hear([telling(1, *transitions)], [], [RULES], now=LATER)[0].notifications
    return notification_text(notification)


def test_a_notification_says_what_it_is_about_in_one_line_and_in_members() -> None:
    [raised, updated] = notices(
        telling(1, of("deadly-week", "a", value=104)),
        telling(3, of("deadly-week", "a", "updated", value=104, peak=131, severity="severe", replaces=["b"])),
        commands=(acknowledge(2, "a"),),
    )
    assert raised["text"] == (
        "Over 100 killed in a week, country:MLI: raised 2021-10-01 … 2021-10-07, 104 of 100, peak 100"
    )
    assert {name: raised[name] for name in ("told", "scope", "rule", "severity", "quiet")} == {
        "told": "2026-11-24T12:00:01Z", "scope": "country:MLI", "rule": "deadly-week", "severity": "moderate",
        "quiet": False,
    }  # fmt: skip
    [alert] = updated["alerts"]
    assert (alert["acknowledged"], alert["replaces"], alert["held"], alert["peak"]) == (["Awa"], ["b"], None, 131)
    assert "heir" not in alert and "correction" not in alert
    assert updated["severity"] == "severe"


def test_the_text_leaves_out_what_goes_without_saying() -> None:
    heir = transition("h", thread="a", first_day="2021-09-30", replaces=["a"], threshold=None, value=1, peak=1)
    assert text(heir, superseded("a", "a")) == "Over 100 killed in a week, country:MLI: raised 2021-09-30 … 2021-10-07"
    endless = transition("s", last_day="9999-12-31")
    assert text(endless) == "Over 100 killed in a week, country:MLI: raised 2021-10-01 …, 100 of 100"
    assert text(transition("f", threshold=1, value=1, peak=1, subject="actor:jnim")).endswith("10-07, actor:jnim")
    cause = {"id": "vigil:1", "content": "0" * 12, "title": "A convoy is attacked " * 10, "source": "vigil"}
    attack = text(transition("m", threshold=None, value=1, peak=1, subject="vigil:1", causes=[cause]))
    assert attack.endswith("2021-10-07, A convoy is attacked A convoy is attacked A convoy is attacked A convoy is …")
    fallen = transition("c", "cancelled", reason="vigil:1 was withdrawn")
    assert text(fallen).endswith("100 of 100 (vigil:1 was withdrawn)")
    assert "(it goes on)" in text(superseded("a", "b", reason="it goes on"))
    assert text(*[transition(name) for name in "abcde"]).endswith("; and 2 more")


def test_an_update_of_what_nobody_heard_of_is_raised_to_people() -> None:
    assert "raised 2021-10-01" in text(transition("a", "updated"))
    first, second = notices(telling(1, transition("a", "updated")), telling(2, transition("a", "updated", peak=150)))
    assert (first["alerts"][0]["first"], second["alerts"][0]["first"]) == (True, False)
    assert "updated 2021-10-01" in second["text"]


def test_what_asks_for_something_comes_first_and_the_gravest_names_the_notification() -> None:
    [notice] = notices(telling(1, of("coup", "q", "resolved", status="resolved"), of("coup", "l", severity="extreme")))
    assert notice["text"].index("raised") < notice["text"].index("resolved")
    assert (notice["severity"], notice["quiet"]) == ("extreme", False)


def test_what_was_hidden_stands_under_what_hid_it_with_what_became_of_it() -> None:
    tellings = [
        telling(1, of("coup", "c", first_day="2021-10-05", last_day="2021-10-20")),
        telling(3, of("deadly-week", "open")),
        telling(4, of("deadly-week", "over")),
        telling(5, of("deadly-week", "over", "resolved", status="resolved")),
        telling(6, of("attacks", "n", first_day="2021-10-10", last_day="2021-10-12")),
    ]
    commands = [silence(2, "s", until=60, rule="deadly-week"), silence(2.5, "t", until=60, rule="unknown")]
    heard, people = hear(tellings, commands, [RULES], now=LATER)
    hidden = [decided for decided in heard.decisions if not decided.notified]
    silenced, nothing, inhibition = suppressed_members(heard, people, hidden)
    assert (silenced["by"], silenced["silence"]["id"]) == ("silence", command_id("s"))
    assert [(each["id"], each["transition"], each["released"], each["held"]) for each in silenced["hid"]] == [
        ("open", "raised", None, {"reason": "inhibited", "by": "c"}),
        ("over", "raised", None, None),
        ("over", "resolved", None, None),
    ]
    assert nothing["hid"] == []
    assert (inhibition["by"], inhibition["alert"]["id"]) == ("inhibition", "c")
    assert [(each["id"], each["held"]) for each in inhibition["hid"]] == [("n", {"reason": "inhibited", "by": "c"})]
    assert suppressed_members(heard, people, hidden, only_what_hid=True) == [silenced, inhibition]
    assert suppressed_members(heard, people, hidden[-1:], only_what_hid=True) == [inhibition]


def test_what_was_told_after_all_says_when() -> None:
    heard, people = hear([telling(3, of("coup", "c"))], [silence(2, "s", until=60, rule="coup")], [RULES], now=LATER)
    [line] = suppressed_members(heard, people, heard.decisions)
    assert [(each["released"], each["held"]) for each in line["hid"]] == [("2026-11-24T12:01:00Z", None)]
    [notice] = [notification_members(each) for each in heard.notifications]
    assert notice["alerts"][0]["held"] == {"reason": "silenced", "by": command_id("s")}
