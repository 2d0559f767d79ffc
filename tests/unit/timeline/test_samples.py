"""The core against the oracle on the real rows of the samples, with the rules that Vigil starts with."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from producers.feeds import FEEDS
from producers.rows import Published
from tests.oracle.oracle import Oracle, line
from tests.simulation import Roller, Topics, rule_set, statement
from tests.strategies import chunks
from tests.unit.timeline.properties import same_alerts, same_windows, told_in_order
from timeline.replay import aggregates_lines, fold, timeline_lines

Json = dict[str, Any]

ROOT = Path(__file__).parents[3]
SAMPLES = {
    "ucdp-ged": ("ucdp-ged/mali-niger.csv", "ucdp-ged/burkina-faso.csv.gz", "ucdp-ged/sudan.csv.gz"),
    "un-fatalities": ("un-fatalities/minusma.csv",),
    "unsc": ("unsc/mali.jsonl",),
    "vigil": ("mali-2021.jsonl",),
}


@cache
def material() -> list[Json]:
    """What the feeds assert, one in twenty corrected or withdrawn later, one in fifty repeated, shuffled."""
    random, said = Random(3), list[Json]()
    for feed, names in SAMPLES.items():
        for name in names:
            with (ROOT / "samples" / name).open("rb") as stream:
                rows = list(FEEDS[feed](stream, name))
            said += [row.event.model_dump(mode="json", by_alias=True) for row in rows if isinstance(row, Published)]
    for one in random.sample(said, len(said) // 20):
        later = {"publish_time": "2024-06-30T00:00:00Z", "sequence": "2024-06-30"}
        members = {name: one[name] for name in ("id", "source", "type")} | {"state": "withdrawn"}
        if random.random() < 0.7:
            more = {"total": {"low": 1, "best": random.randrange(1, 200), "high": 200}}
            members = one | {"killed": more, "place": random.choice(said)["place"], "title": "corrected"}
        said.append(members | later)
    said += random.sample(said, len(said) // 50)
    return random.sample(said, len(said))


@cache
def oracle() -> Oracle:
    return Oracle(material())


def rules() -> list[Json]:
    text = (ROOT / "cli" / "rules.yaml").read_text(encoding="utf-8")
    return list(yaml.safe_load(text)["rules"])


def test_the_states_of_the_samples_are_those_of_the_oracle() -> None:
    assert list(timeline_lines(map(statement, material()))) == [line(each) for each in oracle().timeline()]


def test_what_was_told_of_the_samples_in_the_order_of_publication_is_what_stands() -> None:
    in_order = sorted(material(), key=lambda said: str(said["publish_time"]))
    topics = Topics()
    roller = Roller(topics, rule_set(rules()))
    for chunk in chunks(in_order, [150]):
        roller.follow(map(statement, chunk))
        roller.settle(everything=False)
    same_alerts(roller.rollup, topics, oracle(), rules())
    same_windows(roller.rollup, topics, oracle())
    told_in_order(topics)
    transitions = {record["transition"] for record in topics.told_alerts()}
    assert transitions == {"raised", "updated", "resolved", "cancelled", "superseded"}


def test_the_aggregates_of_each_day_of_the_samples_are_those_of_the_oracle() -> None:
    some = [said for said in material() if not said["id"].startswith("ucdp-ged:")]
    rollup = fold(map(statement, some))
    assert list(aggregates_lines(rollup)) == [line(each) for each in Oracle(some).aggregates()]
