"""What the benchmark publishes: real UCDP rows, most under other ids and in other countries, ready to be sent."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from aiokafka.partitioner import DefaultPartitioner

from processors.outlet import Outgoing
from schemas.countries import COUNTRIES
from schemas.event import check_event
from schemas.topics import PARTITIONS, events_topic
from tests.campaign.material import ROOT, SAMPLES, Json, events_of
from timeline.cloud_events import headers_of
from timeline.identity import assertion, encode

_UCDP = ROOT.parent / "shared" / "data" / "ucdp"
# Copies of a row are spread over so many countries, each with provinces and armed groups of its own.
_WORLD = sorted(COUNTRIES)


def real_rows() -> list[Json]:
    """Every distinct event of the UCDP files at hand."""
    files = [file for file in sorted(_UCDP.rglob("*.csv.gz")) if file.is_file()] or sorted(SAMPLES.glob("*.csv*"))
    return list({event["id"]: event for file in files for event in events_of(file)}.values())


def many(rows: list[Json], count: int) -> Iterator[Json]:
    """So many events: the rows first, then copies under fresh ids, each round in other countries."""
    for number, row in enumerate(itertools.islice(itertools.cycle(rows), count)):
        round_ = number // len(rows)
        yield row if not round_ else _copy(row, round_)


def _copy(row: Json, round_: int) -> Json:
    place: Json = row.get("place", {})
    country = _WORLD[(_WORLD.index(place.get("country") or "SDN") + 7 * round_) % len(_WORLD)]
    moved = {name: value for name, value in place.items() if name != "admin1_code"} | {"country": country}
    actors = [actor | {"id": f"{actor['id']}-{round_ % 5}"} for actor in row.get("actors", [])]
    return row | {"id": f"{row['id']}-{round_}", "place": moved, "actors": actors}


def ready(events: Iterator[Json], prefix: str) -> dict[tuple[str, int], list[Outgoing]]:
    """The records of these events by topic and partition."""
    partitions, choose = list(range(PARTITIONS)), DefaultPartitioner()
    records: dict[tuple[str, int], list[Outgoing]] = {}
    for event in events:
        statement = assertion(check_event(event))
        key = statement.id.encode()
        place = (prefix + events_topic(event["type"]), choose(key, partitions, partitions))
        records.setdefault(place, []).append(Outgoing(key, encode(statement), headers_of(statement)))
    return records


def coup(number: int) -> Json:
    """An event that raises an alert of its own."""
    minute, second = divmod(number // 10 % 3600, 60)
    time = f"2024-12-30T12:{minute:02}:{second:02}Z"
    return {
        "id": f"vigil:coup-{number}",
        "source": "vigil",
        "type": "coup",
        "event_time": {"start": time, "end": time, "precision": "instant"},
        "publish_time": time,
        "place": {"country": _WORLD[number % len(_WORLD)]},
        "coup": {"outcome": "attempted"},
    }


def attack(number: int) -> Json:
    """An event that raises no alert of its own."""
    changed: dict[str, Any] = {"id": f"vigil:attack-{number}", "type": "attack"}
    return {name: value for name, value in coup(number).items() if name != "coup"} | changed
