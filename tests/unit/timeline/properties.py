"""What the core promises, each promise as a function of what Hypothesis draws; tests call them, mutants break them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from schemas.alert import AlertTransition
from tests import strategies
from tests.oracle.facts import Json
from tests.oracle.oracle import Oracle, line
from tests.simulation import ENDED, LedgerPartition, Roller, Topics, rule_set, statement
from tests.strategies import Case, Choose, Delivery
from tests.unit.timeline.alike import alike
from timeline.identity import Assertion, decode
from timeline.replay import aggregates_lines, alerts_lines, timeline_lines, windows_at_lines, windows_lines
from timeline.rollup import Rollup
from timeline.times import day_number

Item = Assertion | str
SIZES = (1, 2, 3, 9)
"""Records in a transaction; a scope with more is not split."""


def lines(values: Iterable[Any]) -> list[bytes]:
    return [line(value) for value in values]


def items_of(case: Case) -> list[Item]:
    return [*map(statement, case.assertions), *case.ticks]


def delivered(case: Case, delivery: Delivery) -> list[list[int]]:
    """The positions that arrive, chunk by chunk."""
    return strategies.chunks(delivery.order, delivery.sizes)


def oracle_of(case: Case, positions: Iterable[int]) -> Oracle:
    """The oracle of what has arrived so far."""
    said: list[Json | str] = [*case.assertions, *case.ticks]
    arrived = [said[position] for position in sorted(set(positions))]
    return Oracle([one for one in arrived if isinstance(one, dict)], [one for one in arrived if isinstance(one, str)])


def same_alerts(rollup: Rollup, topics: Topics, oracle: Oracle, rules: list[Json]) -> None:
    expected = lines(oracle.alerts(rules))
    alike(alerts_lines(rollup), expected)
    alike(topics.standing(), expected)


def same_windows(rollup: Rollup, topics: Topics, oracle: Oracle) -> None:
    expected = lines(oracle.windows())
    assert list(windows_lines(rollup)) == expected
    assert topics.windows() == expected


def any_arrival_gives_what_the_oracle_says(case: Case, delivery: Delivery) -> None:
    """Permuted, repeated (in other spelling), cut into chunks with a settle after each: states, alerts on the way."""
    arrived = list[Assertion]()
    topics, told = Topics(), 0
    for roller, items, oracle in _settled(case, delivery, topics):
        arrived += [item for item in items if isinstance(item, Assertion)]
        assert list(timeline_lines(arrived)) == lines(oracle.timeline())
        same_alerts(roller.rollup, topics, oracle, case.rules)
        superseded_by_the_first_that_overlaps(topics.told_alerts()[told:], oracle.alerts(case.rules))
        told = len(topics.alerts)
    told_in_order(topics)
    same_windows(roller.rollup, topics, oracle)


def any_arrival_gives_the_windows_of_the_oracle(case: Case, delivery: Delivery) -> None:
    """As above: windows on the way."""
    topics = Topics()
    for roller, _, oracle in _settled(case, delivery, topics):
        same_windows(roller.rollup, topics, oracle)


def _settled(case: Case, delivery: Delivery, topics: Topics) -> Iterator[tuple[Roller, list[Item], Oracle]]:
    """Yield the roller after each chunk, what the chunk held, and the oracle of all that has arrived."""
    items, again = items_of(case), [statement(strategies.respelled(said)) for said in case.assertions] + case.ticks
    roller, seen = Roller(topics, rule_set(case.rules)), set[int]()
    for chunk in delivered(case, delivery):
        arriving = []
        for position in chunk:
            arriving.append(again[position] if position in seen else items[position])
            seen.add(position)
        roller.follow(arriving)
        roller.settle(everything=False)
        yield roller, arriving, oracle_of(case, seen)


def aggregates_of_every_day_are_those_of_the_oracle(case: Case, delivery: Delivery, choose: Choose) -> None:
    """All lines, those of one scope, window and span of days, and the windows of a day."""
    roller, items = Roller(Topics(), rule_set([])), items_of(case)
    roller.follow([items[position] for position in delivery.order])
    roller.rollup.settle()
    oracle = Oracle(case.assertions, case.ticks)
    said = list(oracle.aggregates())
    assert list(aggregates_lines(roller.rollup)) == lines(said)
    if said:
        one, first, last = choose(said), choose(said)["at"], choose(said)["at"]
        asked = [
            each
            for each in said
            if (each["scope"], each["window"]) == (one["scope"], one["window"]) and first <= each["at"] <= last
        ]
        found = aggregates_lines(
            roller.rollup, one["scope"], one["window"], first=day_number(first), last=day_number(last)
        )
        assert list(found) == lines(asked)
        day = date.fromisoformat(one["at"])
        assert list(windows_at_lines(roller.rollup, day_number(one["at"]))) == lines(oracle.windows(day))


def a_repeat_changes_nothing(case: Case, delivery: Delivery) -> None:
    """All that arrived arrives again: nothing is accepted, nothing is told."""
    roller = Roller(Topics(), rule_set(case.rules))
    items = items_of(case)
    roller.follow([items[position] for position in delivery.order])
    roller.settle(everything=False)
    assert not any(roller.rollup.apply(one) for one in items if isinstance(one, Assertion))
    roller.follow(case.ticks)
    assert roller.settle(everything=False) == []
    assert roller.settle(everything=True) == []


def told_in_order(topics: Topics) -> None:
    """Every superseded alert follows its heir, and no thread is lost."""
    standing: dict[str, Json] = {}
    threads: dict[str, str] = {}  # how each thread ended: "" while it goes on or was cancelled, else the survivor
    noticed, ended, first_told = set[str](), set[str](), dict[str, int]()
    for (key, value), record in zip(topics.alerts, topics.told_alerts(), strict=True):
        AlertTransition.model_validate_json(value)
        before, told = standing.get(record["id"]), record["transition"]
        assert key == record["scope"]
        assert (before is None) == (told == "raised"), "raised once, and nothing else before"
        assert before is None or before["thread"] == record["thread"], "an alert keeps its thread"
        first_told.setdefault(record["id"], len(first_told))
        _replaced(record, standing, first_told)
        assert record["notify"] or record["thread"] not in noticed, "a thread that people were paged for is held back"
        if told == "raised" and not record["replaces"]:
            assert record["notify"] == (record["status"] == "open" or record["thread"] in noticed)
            assert record["thread"].startswith(record["id"]) or record["id"] in ended
        assert record["notify"] or record["status"] == "resolved" or told in ENDED, "open, and no one is paged"
        noticed |= {record["thread"]} if record["notify"] else set()
        if told in ENDED:
            del standing[record["id"]]
            ended.add(record["id"])
            threads[record["thread"]] = record["survivor"] if told == "superseded" else ""
            assert (record["heir"] is None) == (told == "cancelled")
        else:
            standing[record["id"]] = record
            threads[record["thread"]] = ""
            assert record["heir"] is None
        if told == "superseded":
            assert record["heir"] in standing, "superseded before its heir was told"
            heir = standing[record["heir"]]
            assert record["id"] in heir["replaces"]
            assert record["survivor"] == heir["thread"]
    live = {record["thread"] for record in standing.values()}
    assert len(live) == len(standing), "two alerts share a thread"
    for thread in threads:
        end, passed = thread, set[str]()
        while end not in live and threads[end]:
            assert end not in passed, "a thread that no one goes on with"
            passed.add(end)
            end = threads[end]


def superseded_by_the_first_that_overlaps(told: list[Json], standing: list[Json]) -> None:
    """What fell in a settlement has as heir the first that now overlaps its days, or none does and it is cancelled."""
    for record in told:
        if record["transition"] in ENDED:
            overlapping = [
                (each["first_day"], each["id"])
                for each in standing
                if (each["rule"], each["scope"]) == (record["rule"], record["scope"])
                and each["first_day"] <= record["last_day"]
                and record["first_day"] <= each["last_day"]
            ]
            assert record["heir"] == (min(overlapping)[1] if overlapping else None)


def _replaced(record: Json, standing: dict[str, Json], first_told: dict[str, int]) -> None:
    """What an heir replaces stood until then and overlaps it; a new heir goes on with the thread of the first told."""
    fallen = [standing[each] for each in record["replaces"]]
    assert record["replaces"] == sorted(record["replaces"])
    for each in fallen:
        assert (each["rule"], each["scope"]) == (record["rule"], record["scope"])
        assert each["first_day"] <= record["last_day"] and record["first_day"] <= each["last_day"]
    if fallen and record["transition"] == "raised":
        assert record["thread"] == min(fallen, key=lambda each: first_told[each["id"]])["thread"]


def crashes_of_the_ledger_change_nothing(case: Case, delivery: Delivery, choose: Choose) -> None:
    """Workers die between output and state, retry with other batch bounds, and append late after they were cut off."""
    partitions = [LedgerPartition() for _ in range(2)]
    items = items_of(case)
    for position in delivery.order:
        item = items[position]
        if isinstance(item, Assertion):
            partitions[sum(map(ord, item.id)) % 2].events.append(item)
    for _ in range(choose(range(9))):
        partition = choose(partitions)
        outcome = choose(("done", "done", "lost", "uncommitted", "stalled"))
        partition.batch(choose(range(1, 7)), outcome, choose(range(4)))
        if choose((False, True)):
            partition.append_late()
    for partition in partitions:
        partition.batch(len(partition.events), "done", 0)
        while partition.late:
            partition.append_late()
        partition.take_over()
        length = len(partition.timeline)
        partition.committed = 0
        partition.batch(len(partition.events), "done", 0)
        assert len(partition.timeline) == length, "what stands on the timeline was accepted again"
    written = [decode(*record) for partition in partitions for record in partition.timeline]
    roller = Roller(Topics(), rule_set(case.rules))
    roller.follow(strategies.shuffled(choose, [*written, *case.ticks]))
    roller.rollup.settle()
    oracle = Oracle(case.assertions, case.ticks)
    assert list(timeline_lines(written)) == lines(oracle.timeline())
    alike(alerts_lines(roller.rollup), lines(oracle.alerts(case.rules)))
    assert list(windows_lines(roller.rollup)) == lines(oracle.windows())


def takeovers_of_the_roller_lose_nothing(case: Case, delivery: Delivery, choose: Choose) -> None:
    """Rollers stop after any transaction, of the takeover or later; the next recalls what was committed and goes on."""
    topics, items, seen = Topics(), items_of(case), list[int]()
    rules = rule_set(case.rules)
    pending = delivered(case, delivery)
    for _ in range(choose(range(5))):
        roller = Roller(topics, rules)
        roller.follow([items[position] for position in strategies.shuffled(choose, seen)])
        stop_after = choose((None, None, 0, 1, 2, 3))
        roller.settle(everything=True, size=choose(SIZES), stop_after=stop_after)
        chunks = 0 if stop_after is not None else choose(range(min(len(pending), 3) + 1))
        for _ in range(chunks):
            chunk = pending.pop(0)
            seen += chunk
            roller.follow([items[position] for position in chunk])
            stop_after = choose((None, None, None, 0, 1, 2))
            roller.settle(everything=False, size=choose(SIZES), stop_after=stop_after)
            if stop_after is not None:
                break
        if choose((False, True)):
            topics.compact()
    last_takeover_tells_all(case, topics, items, choose)


def last_takeover_tells_all(case: Case, topics: Topics, items: list[Item], choose: Choose) -> None:
    roller = Roller(topics, rule_set(case.rules))
    roller.follow(strategies.shuffled(choose, items))
    roller.settle(everything=True, size=choose(SIZES))
    oracle = Oracle(case.assertions, case.ticks)
    same_alerts(roller.rollup, topics, oracle, case.rules)
    same_windows(roller.rollup, topics, oracle)
    told_in_order(topics)
    again = Roller(topics, rule_set(case.rules))
    again.follow(items)
    assert again.settle(everything=True) == [], "a takeover with nothing new tells nothing"


def a_change_of_rules_is_told_as_a_difference(case: Case, delivery: Delivery, others: list[Json]) -> None:
    """Rules change at any moment, and back again: what stands is what the last ones make of all that is known."""
    topics, items, seen = Topics(), items_of(case), list[int]()
    roller = Roller(topics, rule_set(case.rules))
    cut = delivered(case, delivery)
    for number, chunk in enumerate(cut):
        seen += chunk
        roller.follow([items[position] for position in chunk])
        roller.settle(everything=False)
        if number == len(cut) // 2:
            roller = Roller(topics, rule_set(others))
            roller.follow([items[position] for position in seen])
            roller.settle(everything=True)
            same_alerts(roller.rollup, topics, oracle_of(case, seen), others)
    oracle = Oracle(case.assertions, case.ticks)
    same_alerts(roller.rollup, topics, oracle, others)
    successor = Roller(topics, rule_set(case.rules))
    successor.follow(items)
    successor.settle(everything=True)
    same_alerts(successor.rollup, topics, oracle, case.rules)
    same_windows(successor.rollup, topics, oracle)
    told_in_order(topics)
