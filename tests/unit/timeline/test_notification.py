"""What people are told of: held back for one reason only, told once when that ends, quiet where it asks for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from schemas.rule import RuleSet
from schemas.rule_text import parse_rules
from tests.unit.timeline.people_parts import (
    acknowledge,
    command_id,
    end_silence,
    second,
    silence,
    superseded,
    telling,
    transition,
)
from timeline.notification import Decided, Heard, Notification, Telling, hear
from timeline.people import Taken, Transition

RULES = parse_rules("""
rules:
  - {id: coup, kind: match, title: Coup, scope: country, severity: extreme, where: {type: coup},
     inhibits: [deadly-week, attacks]}
  - {id: deadly-week, kind: threshold, title: Over 100 killed, scope: country, severity: moderate, measure: killed,
     window: 7d, reaches: 100, inhibits: [attacks]}
  - {id: attacks, kind: threshold, title: Sixty attacks, scope: country, severity: minor, measure: attacks,
     window: 30d, reaches: 60, inhibits: [deadly-week]}
""")
VERSIONS = {rule.id: rule.version for rule in RULES.rules}


def of(rule: str, alert: str, how: str = "raised", **members: Any) -> Transition:
    """A transition of an alert of one of the rules."""
    return transition(alert, how, rule=rule, rule_version=VERSIONS[rule], **members)


def heard(
    tellings: Iterable[Telling], commands: Sequence[Taken] = (), *, rules: RuleSet = RULES, now: float = 1000
) -> Heard:
    return hear(tellings, commands, [rules], now=second(now))[0]


def reasons(decisions: Iterable[Decided]) -> list[tuple[str, str, str | None]]:
    return [(each.transition["id"], each.reason, each.by) for each in decisions]


def said(notifications: Iterable[Notification]) -> list[tuple[float, str, list[str], bool]]:
    """When, of which rule, of which alerts; and whether all is quiet."""
    return [
        (
            (each.at - second(0)) / 1_000_000,
            each.rule,
            [entry.transition["id"] for entry in each.entries],
            all(entry.quiet for entry in each.entries),
        )
        for each in notifications
    ]


def test_what_was_told_together_is_one_notification_a_rule_and_scope() -> None:
    found = heard([
        telling(1, of("coup", "a"), of("coup", "b", first_day="2021-12-01", last_day="2021-12-07"),
                of("coup", "c", scope="country:TCD")),
        telling(2, of("coup", "d", first_day="2021-11-01", last_day="2021-11-07")),
    ])  # fmt: skip
    assert said(found.notifications) == [
        (1, "coup", ["a", "b"], False), (1, "coup", ["c"], False), (2, "coup", ["d"], False),
    ]  # fmt: skip


def test_history_and_what_came_late_page_no_one() -> None:
    old: dict[str, Any] = {"notify": False, "status": "resolved"}
    found = heard([telling(1, of("coup", "a", **old), of("coup", "b", late=True, **old))])
    assert reasons(found.decisions) == [("a", "history", None), ("b", "late", None)]
    assert found.notifications == ()


def test_a_silence_hides_what_is_told_in_its_time_of_its_scope_and_rule() -> None:
    commands = [silence(2, "s", until=4, scope="country:MLI", rule="coup")]
    found = heard(
        [telling(at, of("coup", f"a{at}", status="resolved")) for at in (1, 2, 3.9, 4)]
        + [telling(3, of("deadly-week", "other")), telling(3, of("coup", "there", scope="country:TCD"))],
        commands,
    )
    held = {each.transition["id"]: each.by for each in found.decisions if each.reason == "silenced"}
    assert held == {"a2": command_id("s"), "a3.9": command_id("s")}


def test_what_a_silence_hid_and_still_stands_is_told_when_it_ends() -> None:
    tellings = [
        telling(3, of("coup", "open")),
        telling(3.5, of("coup", "over", first_day="2021-12-01", last_day="2021-12-08")),
        telling(4, of("coup", "over", "resolved", status="resolved", first_day="2021-12-01", last_day="2021-12-08")),
    ]
    found = heard(tellings, [silence(2, "s", until=60, rule="coup")])
    assert said(found.notifications) == [(60, "coup", ["open"], False)]
    [entry] = found.notifications[0].entries
    assert entry.held is not None and entry.held.by == command_id("s")
    ended = heard(tellings, [silence(2, "s", until=60, rule="coup"), end_silence(10, "s")])
    assert said(ended.notifications) == [(10, "coup", ["open"], False)]
    assert heard(tellings, [silence(2, "s", until=60, rule="coup")], now=59).notifications == ()


def test_an_end_that_a_silence_hid_of_what_people_know_is_told_when_it_ends() -> None:
    found = heard(
        [telling(1, of("coup", "a")), telling(3, of("coup", "a", "cancelled"))],
        [silence(2, "s", until=60, rule="coup")],
    )
    assert said(found.notifications) == [(1, "coup", ["a"], False), (60, "coup", ["a"], False)]
    assert found.notifications[1].entries[0].transition["transition"] == "cancelled"


def test_a_second_silence_goes_on_hiding() -> None:
    commands = [silence(2, "s", until=20, rule="coup"), silence(5, "t", until=40, scope="country:MLI")]
    found = heard([telling(3, of("coup", "a"))], commands)
    assert reasons(found.decisions) == [("a", "silenced", command_id("s"))]
    assert said(found.notifications) == [(40, "coup", ["a"], False)]


def test_what_was_hidden_and_told_again_meanwhile_is_told_once() -> None:
    tellings = [telling(3, of("coup", "a")), telling(21, of("coup", "a", "updated", value=9))]
    assert said(heard(tellings, [silence(2, "s", until=20, rule="coup")]).notifications) == [
        (20, "coup", ["a"], False), (21, "coup", ["a"], False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("other", "inhibited"),
    [
        ({}, True),
        ({"first_day": "2021-10-07", "last_day": "2021-10-20"}, True),
        ({"first_day": "2021-10-08", "last_day": "2021-10-20"}, False),
        ({"first_day": "2021-09-01", "last_day": "2021-10-01"}, True),
        ({"first_day": "2021-09-01", "last_day": "2021-09-30"}, False),
        ({"scope": "country:TCD"}, False),
        ({"status": "resolved"}, False),
    ],
)
def test_an_open_alert_makes_those_redundant_that_its_rule_names_in_its_scope_on_its_days(
    other: dict[str, str], inhibited: bool
) -> None:
    found = heard([telling(1, of("coup", "c", **other)), telling(2, of("deadly-week", "w"))])
    assert reasons(found.decisions)[1] == (("w", "inhibited", "c") if inhibited else ("w", "notified", None))


def test_it_does_so_when_both_are_told_together_in_any_order() -> None:
    for alerts in ([of("coup", "c"), of("deadly-week", "w")], [of("deadly-week", "w"), of("coup", "c")]):
        found = heard([telling(1, *alerts)])
        assert sorted(reasons(found.decisions)) == [("c", "notified", None), ("w", "inhibited", "c")]
        assert said(found.notifications) == [(1, "coup", ["c"], False)]


def test_what_was_redundant_is_told_when_the_other_ends_before_it() -> None:
    found = heard([
        telling(1, of("coup", "c")), telling(2, of("deadly-week", "w")), telling(3, of("coup", "c", "cancelled")),
    ])  # fmt: skip
    assert said(found.notifications) == [
        (1, "coup", ["c"], False), (3, "coup", ["c"], False), (3, "deadly-week", ["w"], False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change", [{"first_day": "2021-10-08", "last_day": "2021-10-14"}, {"rule_version": VERSIONS["deadly-week"]}]
)
def test_what_was_redundant_is_told_when_days_or_rule_change(change: dict[str, Any]) -> None:
    tellings = [
        telling(1, of("coup", "c")),
        telling(2, of("deadly-week", "w")),
        telling(3, of("coup", "c", "updated") | change),
    ]
    assert said(heard(tellings).notifications)[-1] == (3, "deadly-week", ["w"], False)


def test_what_people_do_not_know_of_makes_nothing_redundant() -> None:
    tellings = [telling(2, of("coup", "c")), telling(3, of("deadly-week", "w")), telling(9, of("attacks", "n"))]
    found = heard(tellings, [silence(1, "s", until=8, rule="coup")])
    assert reasons(found.decisions) == [
        ("c", "silenced", command_id("s")), ("w", "notified", None), ("n", "inhibited", "c"),
    ]  # fmt: skip
    assert said(found.notifications) == [(3, "deadly-week", ["w"], False), (8, "coup", ["c"], False)]


def test_an_alert_that_is_over_makes_nothing_redundant_though_its_end_was_hidden() -> None:
    tellings = [
        telling(1, of("coup", "c")),
        telling(3, of("coup", "c", "resolved", status="resolved")),
        telling(4, of("deadly-week", "w")),
    ]
    found = heard(tellings, [silence(2, "s", until=60, rule="coup")])
    assert reasons(found.decisions)[1:] == [("c", "silenced", command_id("s")), ("w", "notified", None)]


def test_of_rules_that_make_each_other_redundant_one_is_heard() -> None:
    found = heard([telling(1, of("deadly-week", "w"), of("attacks", "n"))])
    assert sorted(each.reason for each in found.decisions) == ["inhibited", "notified"]


def test_an_unknown_version_of_a_rule_makes_nothing_redundant() -> None:
    found = heard([telling(1, of("coup", "c")), telling(2, of("deadly-week", "w"))], rules=RuleSet())
    assert [each.reason for each in found.decisions] == ["notified", "notified"]


def test_no_transition_of_a_known_thread_is_held_back_but_some_are_quiet() -> None:
    found = heard([
        telling(1, of("coup", "a")),
        telling(2, of("coup", "a", "updated", causes_total=2)),
        telling(3, of("coup", "a", "updated", peak=120)),
        telling(4, of("coup", "a", "resolved", peak=120, status="resolved")),
        telling(5, of("coup", "a", "updated", value=90, status="resolved")),
        telling(6, of("coup", "a", "updated", value=90)),
        telling(7, of("coup", "a", "cancelled", value=90)),
        telling(8, of("coup", "a", value=90)),
    ])  # fmt: skip
    assert [each.reason for each in found.decisions] == ["notified"] * 8
    assert [each.quiet for each in found.decisions] == [False, True, False, False, True, False, False, False]


def test_an_acknowledged_thread_is_quiet_until_it_gets_graver_opens_again_or_falls() -> None:
    severe = {"severity": "severe"}
    found = heard(
        [
            telling(1, of("coup", "a")),
            telling(3, of("coup", "a", "updated", peak=120)),
            telling(4, of("coup", "a", "updated", peak=130, **severe)),
            telling(5, of("coup", "a", "resolved", status="resolved", peak=130, **severe)),
            telling(6, of("coup", "a", "updated", peak=140, **severe)),
            telling(7, of("coup", "a", "cancelled", peak=140, **severe)),
        ],
        [acknowledge(2, "a")],
    )
    assert [each.quiet for each in found.decisions] == [False, True, False, True, False, False]


def test_an_heir_goes_on_quietly_under_an_acknowledged_thread() -> None:
    heir = of("coup", "h", thread="a", replaces=["a"], first_day="2021-09-30")
    found = heard(
        [telling(1, of("coup", "a")), telling(3, heir, superseded("a", "a", rule="coup"))], [acknowledge(2, "a")]
    )
    assert said(found.notifications) == [(1, "coup", ["a"], False), (3, "coup", ["h", "a"], True)]


def test_people_know_of_a_thread_what_its_heir_said() -> None:
    heir = {"thread": "a", "first_day": "2021-09-30"}
    found = heard([
        telling(1, of("coup", "a")),
        telling(2, of("coup", "h", replaces=["a"], **heir), superseded("a", "a", rule="coup")),
        telling(3, of("coup", "h", "updated", causes_total=2, **heir)),
    ])  # fmt: skip
    assert [each.quiet for each in found.decisions] == [False, False, True, True]


def test_what_was_acknowledged_from_the_list_is_quiet_when_its_silence_ends() -> None:
    found = heard([telling(2, of("coup", "a"))], [silence(1, "s", until=9, rule="coup"), acknowledge(5, "a")])
    assert said(found.notifications) == [(9, "coup", ["a"], True)]


def test_the_end_of_what_no_one_heard_of_is_quiet() -> None:
    over = of("coup", "a", "resolved", status="resolved")
    found = heard([telling(2, of("coup", "a")), telling(3, over)], [silence(1, "s", until=2.5, rule="deadly-week")])
    assert [each.quiet for each in found.decisions] == [False, False]
    hidden = heard([telling(2, over)])
    assert [each.quiet for each in hidden.decisions] == [True]


def test_a_command_counts_that_stands_in_the_log_though_our_clock_is_slow() -> None:
    _, people = hear([], [silence(50, "s", until=60, rule="coup")], [RULES], now=second(49))
    assert [each.silence.rule for each in people.silences()] == ["coup"]


def test_a_telling_of_another_partition_may_come_a_little_late() -> None:
    found = heard(
        [telling(5, of("coup", "a", scope="country:TCD")), telling(4, of("coup", "b"))],
        [silence(2, "s", until=4.5, scope="country:MLI")],
    )
    assert reasons(found.decisions) == [("a", "notified", None), ("b", "silenced", command_id("s"))]
    assert said(found.notifications) == [(5, "coup", ["a"], False), (5, "coup", ["b"], False)]
