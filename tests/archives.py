"""Archives for tests that need no broker: records as a log would hold them, written as the command writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from cli.archives.rows import row_of
from eventlog.archive import ArchiveWriter
from eventlog.record import Record
from schemas.topics import INCIDENTS, POLITICAL, events_topic

Json = dict[str, Any]
TOPIC_IDS = {INCIDENTS: "a", POLITICAL: "b"}


def event(number: int, **more: Any) -> Json:
    """An attack on a day of October 2021, published the day after."""
    return {
        "id": f"vigil:{number}",
        "source": "vigil",
        "type": "attack",
        "event_time": {"start": f"2021-10-{number:02}T00:00:00Z", "end": f"2021-10-{number + 1:02}T00:00:00Z"}
        | {"precision": "day"},
        "publish_time": f"2021-10-{number + 1:02}T00:00:00Z",
        "place": {"country": "MLI"},
        "killed": {"total": {"best": number}},
        **more,
    }


def record(offset: int, said: Json | bytes | None, *, taken: str = "2022-01-01T00:00:00Z", **more: Any) -> Record:
    """A record of an events topic, in partition 0."""
    value = json.dumps(said).encode() if isinstance(said, dict) else said
    kind = said["type"] if isinstance(said, dict) else "attack"
    key = said["id"].encode() if isinstance(said, dict) else b"vigil:none"
    milliseconds = int(datetime.fromisoformat(taken).timestamp() * 1000)
    return Record(more.get("topic", events_topic(kind)), 0, offset, milliseconds, key, value, more.get("headers", ()))


def add_part(folder: Path, records: Iterable[Record]) -> Path:
    """Add a part with these records, whose offsets follow those of the archive."""
    rows = [row_of(each, prefix="") for each in records]
    with ArchiveWriter(folder, TOPIC_IDS) as archive:
        return archive.add(rows, {(row.topic, row.partition): row.offset + 1 for row in rows})


def archive_of(folder: Path, said: Iterable[Json], *, taken: str = "2022-01-01T00:00:00Z") -> Path:
    """A folder with one part that has these events."""
    offsets = {INCIDENTS: 0, POLITICAL: 0}
    records = []
    for each in said:
        topic = events_topic(each["type"])
        records.append(record(offsets[topic], each, taken=taken))
        offsets[topic] += 1
    add_part(folder, records)
    return folder
