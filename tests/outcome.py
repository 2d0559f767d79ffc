"""What a log holds in the end, as any reader of it sees it, and how far its workers have read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from eventlog.reading import end_offsets, read_to_end
from eventlog.record import Record
from eventlog.writing import Writer
from processors.assertions import Accepted, timeline_headers
from processors.settings import WorkerSettings
from schemas.event import check_event
from schemas.topics import AGGREGATES, ALERTS, INCIDENTS, POLITICAL, RULES, TICKS, TIMELINE, events_topic
from tests.oracle.oracle import line
from tests.simulation import ENDED, TELLING
from timeline.cloud_events import headers_of
from timeline.identity import Assertion, assertion, decode, encode
from timeline.replay import timeline_lines

Json = dict[str, Any]
Place = tuple[str, int]


def publish(settings: WorkerSettings, events: Iterable[Json]) -> None:
    """Append events to their topics, acknowledged."""
    with Writer(settings.bootstrap) as writer:
        for event in events:
            statement = assertion(check_event(event))
            topic = settings.topic(events_topic(statement.document["type"]))
            writer.send(topic, key=statement.id.encode(), value=encode(statement), headers=headers_of(statement))


def write_timeline(settings: WorkerSettings, events: Iterable[Json]) -> None:
    """Append events to the timeline, as a ledger would."""
    with Writer(settings.bootstrap) as writer:
        for said in events:
            statement = assertion(check_event(said))
            headers = timeline_headers(Accepted(statement, datetime(2021, 5, 1, tzinfo=UTC), {}), "none:0:0")
            writer.send(settings.timeline, key=statement.id.encode(), value=encode(statement), headers=headers)


def apply_rules(settings: WorkerSettings, rules: Iterable[Json]) -> None:
    """Append a rule set (JSON is YAML)."""
    with Writer(settings.bootstrap) as writer:
        writer.send(settings.topic(RULES), key=None, value=json.dumps({"rules": list(rules)}).encode())


def records(settings: WorkerSettings, topic: str, *, committed: bool = True) -> list[Record]:
    """All records of a topic; offsets of one partition in order."""

    async def read() -> list[Record]:
        batches = read_to_end(settings.bootstrap, settings.topic(topic), committed=committed)
        return [record async for batch in batches for record in batch]

    return asyncio.run(read())


def statements(settings: WorkerSettings) -> list[Assertion]:
    """The assertions of the timeline, repeats included."""
    return [
        decode(record.value or b"", dict(record.headers)["vigil_content"].decode())
        for record in records(settings, TIMELINE)
    ]


def timeline(settings: WorkerSettings) -> list[bytes]:
    """The final state of each event, as lines."""
    return list(timeline_lines(statements(settings)))


def windows(settings: WorkerSettings) -> list[bytes]:
    """The newest record of each scope; the world's names the clock."""
    last = {record.key: record.value for record in records(settings, AGGREGATES)}
    said = [json.loads(value) for value in last.values() if value is not None]
    clock = next((value["clock"] for value in said if value["scope"] == "world"), None)
    return [line(value | {"clock": clock}) for value in sorted(said, key=lambda value: value["scope"])]


def transitions(settings: WorkerSettings) -> list[Json]:
    """Every alert record; those of one scope in order."""
    return [json.loads(record.value or b"") for record in records(settings, ALERTS)]


def shown(record: Json) -> Json:
    """An alert without how it was told."""
    return {name: member for name, member in record.items() if name not in TELLING}


def standing(settings: WorkerSettings) -> list[bytes]:
    """The alerts that stand, without how they were told."""
    last = {record["id"]: record for record in transitions(settings)}
    alerts = [shown(record) for record in last.values() if record["transition"] not in ENDED]
    order = ("first_day", "rule", "scope", "id")
    return [line(alert) for alert in sorted(alerts, key=lambda alert: [alert[name] for name in order])]


def told_out_of_turn(told: Iterable[Json]) -> list[str]:
    """What of these transitions can only have been told twice, or of what was never told; in sentences."""
    wrong = []
    stands: dict[str, Json] = {}
    for record in told:
        before = stands.pop(record["id"], None)
        if (before is None) != (record["transition"] == "raised"):
            wrong.append(f"{record['id']}: {record['transition']}, but it {'stood' if before else 'did not stand'}")
        if (
            record["transition"] in ("updated", "resolved")
            and not record["replaces"]
            and shown(record) == shown(before or {})
        ):
            wrong.append(f"{record['id']}: {record['transition']}, but nothing changed")
        if record["transition"] not in ENDED:
            stands[record["id"]] = record
    return wrong


def ledger_lag(settings: WorkerSettings) -> dict[Place, int]:
    """How many records of each events partition are not committed."""
    return _lag(settings, settings.ledger_group, [INCIDENTS, POLITICAL])


def roller_lag(settings: WorkerSettings) -> dict[Place, int]:
    """How many records of each partition that the roller reads have not taken effect."""
    return _lag(settings, settings.progress_group, [TIMELINE, TICKS, RULES])


def _lag(settings: WorkerSettings, group: str, topics: list[str]) -> dict[Place, int]:
    async def ask() -> dict[Place, int]:
        ends = {name: await end_offsets(settings.bootstrap, settings.topic(name)) for name in topics}
        places = [(settings.topic(name), number) for name in topics for number in ends[name]]
        committed = await _committed(settings, group, places)
        return {
            place: end - committed[place]
            for name in topics
            for place, end in ((((settings.topic(name), n)), end) for n, end in ends[name].items())
        }

    return asyncio.run(ask())


async def _committed(settings: WorkerSettings, group: str, places: Iterable[Place]) -> Mapping[Place, int]:
    client = AIOKafkaConsumer(bootstrap_servers=settings.bootstrap, group_id=group, enable_auto_commit=False)
    await client.start()
    try:
        return {place: await client.committed(TopicPartition(*place)) or 0 for place in places}
    finally:
        await client.stop()


def is_read(settings: WorkerSettings) -> bool:
    """Whether ledger and roller have nothing left to read."""
    return not any(ledger_lag(settings).values()) and not any(roller_lag(settings).values())
