"""How alerts go on under the thread that people first saw, told step by step."""

from __future__ import annotations

from typing import Any

from tests.simulation import Roller, Topics, rule_set, statement

Json = dict[str, Any]

DAILY: Json = {
    "id": "daily", "kind": "threshold", "title": "An attack on a day", "scope": "country", "severity": "moderate",
    "measure": "attacks", "window": "1d", "count": "possible", "reaches": 1,
}  # fmt: skip


def attack(key: str, first: int, last: int, published: int) -> Json:
    """An attack in Mali from a day of April 2021 to another, published on a third."""
    return {
        "id": f"acled:{key}",
        "source": "acled",
        "type": "attack",
        "event_time": {
            "start": f"2021-04-{first:02}T00:00:00Z",
            "end": f"2021-04-{last + 1:02}T00:00:00Z",
            "precision": "range",
        },
        "place": {"country": "MLI"},
        "publish_time": f"2021-04-{published:02}T00:00:00Z",
    }


def withdrawal(key: str, published: int) -> Json:
    said: Json = {"id": f"acled:{key}", "source": "acled", "type": "attack", "state": "withdrawn"}
    return said | {"publish_time": f"2021-04-{published:02}T00:00:00Z"}


def told(*chunks: list[Json]) -> list[list[Json]]:
    """The records that each chunk makes."""
    topics = Topics()
    roller = Roller(topics, rule_set([DAILY]))
    records: list[list[Json]] = []
    for chunk in chunks:
        roller.follow(map(statement, chunk))
        before = len(topics.alerts)
        roller.settle(everything=False)
        records.append(topics.told_alerts()[before:])
    return records


def test_an_heir_of_several_goes_on_with_the_earliest_told_thread() -> None:
    (second, fourth), after = told(
        [attack("2", 2, 2, 3), attack("4", 4, 4, 5)],
        [withdrawal("2", 6), withdrawal("4", 6), attack("wide", 1, 6, 6)],
    )
    assert [record["first_day"] for record in (second, fourth)] == ["2021-04-02", "2021-04-04"]
    heir, *superseded = after
    assert (heir["transition"], heir["first_day"]) == ("raised", "2021-04-01")
    assert heir["replaces"] == sorted([second["id"], fourth["id"]])
    assert heir["thread"] == second["id"]
    assert {(record["id"], record["heir"], record["survivor"]) for record in superseded} == {
        (second["id"], heir["id"], second["id"]),
        (fourth["id"], heir["id"], second["id"]),
    }


def test_an_heir_that_was_told_keeps_its_thread() -> None:
    (second, fourth), (heir, ended) = told(
        [attack("2", 2, 2, 3), attack("4", 4, 4, 5)],
        [attack("3", 3, 3, 5)],
    )
    assert (heir["id"], heir["transition"], heir["thread"]) == (second["id"], "updated", second["id"])
    assert heir["replaces"] == [fourth["id"]]
    assert (ended["id"], ended["transition"], ended["survivor"]) == (fourth["id"], "superseded", second["id"])


def test_an_alert_without_an_heir_is_cancelled_and_comes_back_under_its_thread() -> None:
    (raised,), (cancelled,), (again,) = told(
        [attack("2", 2, 2, 2)],
        [withdrawal("2", 9)],
        [attack("2", 2, 2, 10)],
    )
    assert (raised["transition"], raised["status"], raised["notify"]) == ("raised", "open", True)
    assert (cancelled["transition"], cancelled["heir"], cancelled["survivor"]) == ("cancelled", None, None)
    assert (again["transition"], again["id"], again["thread"]) == ("raised", raised["id"], raised["id"])
    assert (again["status"], again["notify"]) == ("resolved", True)


def test_history_pages_no_one_and_a_mere_reaffirmation_tells_nothing() -> None:
    (raised,), nothing = told([attack("2", 2, 2, 20)], [attack("2", 2, 2, 21)])
    assert (raised["status"], raised["late"], raised["notify"]) == ("resolved", True, False)
    assert nothing == []


def test_the_clock_resolves_an_alert_once() -> None:
    _, (resolved,), nothing = told([attack("2", 2, 2, 2)], [withdrawal("x", 5)], [])
    assert (resolved["transition"], resolved["status"], resolved["notify"]) == ("resolved", "resolved", True)
    assert nothing == []
