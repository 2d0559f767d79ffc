"""What a campaign publishes: real events of four feeds, with repeats, corrections and withdrawals among them."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from producers.feeds import FEEDS
from producers.rows import Published
from timeline.identity import assertion, encode

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
WHOLE = ROOT.parent / "shared" / "data" / "ucdp" / "hdx" / "conflict_data_sdn.ged24.csv.gz"
SAMPLES = ROOT / "samples" / "ucdp-ged"

_OTHER_FEEDS = {"vigil": "mali-2021.jsonl", "un-fatalities": "un-fatalities/minusma.csv", "unsc": "unsc/mali.jsonl"}


def everything() -> list[Json]:
    """The Sudan extract and the samples of the other feeds: among them all seven kinds of rules find something."""
    others = [event for feed, name in _OTHER_FEEDS.items() for event in events_of(ROOT / "samples" / name, feed)]
    return [*sudan(), *others]


def sudan() -> list[Json]:
    """The events of the Sudan extract as JSON; of the samples where the extract is not there."""
    files = [WHOLE] if WHOLE.exists() else sorted(SAMPLES.glob("*.csv*"))
    return [event for file in files for event in events_of(file)]


def events_of(file: Path, feed: str = "ucdp-ged") -> Iterator[Json]:
    """The events that a file of a feed asserts, as JSON."""
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
        for row in FEEDS[feed](stream, str(file)):  # type: ignore[arg-type]  # a gzip file is a stream as well
            if isinstance(row, Published):
                yield json.loads(encode(assertion(row.event)))


def with_changes(events: list[Json], chance: random.Random) -> list[Json]:
    """The events in a random order with 2 % repeats, 5 % corrections and 1 % withdrawals among them."""
    said = list(events)
    for event in chance.sample(events, len(events) * 5 // 100):
        said.append(_corrected(event, chance))
    for event in chance.sample(events, len(events) // 100):
        kept = {name: event[name] for name in ("id", "source", "type")}
        said.append(kept | {"state": "withdrawn", "publish_time": _later(event), "reason": "found to be wrong"})
    said += chance.sample(events, len(events) * 2 // 100)
    chance.shuffle(said)
    return said


def _corrected(event: Json, chance: random.Random) -> Json:
    killed = chance.randrange(200)
    changed: Json = {"killed": {"total": {"low": killed, "best": killed, "high": killed}}}
    if chance.random() < 0.5:
        changed["place"] = {"country": chance.choice(["SDN", "TCD", "SSD"]), "admin1": "Elsewhere"}
    return event | changed | {"publish_time": _later(event), "sequence": "2100"}


def _later(event: Json) -> str:
    """Most corrections are published as late as the file itself allows: at the end of what happened."""
    published: str = event["publish_time"]
    return published.replace("T00:00:00", "T12:00:00")
