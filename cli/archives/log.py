"""The log into an archive, as far as it is not there yet, and an archive into a log, as far as it does not know it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from cli.archives.rows import restore_record, row_of
from cli.ledger_input import LedgerInput
from eventlog.archive import ArchiveWriter, Positions, Row, read_rows
from eventlog.reading import LogReader, end_offsets, read_to_end
from eventlog.record import Record
from eventlog.topics import topic_ids
from eventlog.writing import Writer
from processors.assertions import read_assertion
from schemas.errors import BadInput, Failed
from schemas.topics import INCIDENTS, POLITICAL, TIMELINE
from subscribers.timeline import decode_taken
from timeline.identity import Assertion

PART_ROWS = 25_000
PART_BYTES = 32 * 1024 * 1024
"""A part is written when so much is read, by rows or by bytes of payload; it is held in memory until then."""
SHOWN = 5
_EVENTS = (INCIDENTS, POLITICAL)
_COLUMNS = ("topic", "partition", "offset", "key", "payload", "headers", "ingest_time")


@dataclass(slots=True)
class Archived:
    """What an archiving did: rows appended, of which refused by the ledger; parts written; rows in all."""

    appended: int = 0
    refused: int = 0
    parts: int = 0
    rows: int = 0


@dataclass(slots=True)
class Restoring:
    """What became of the rows: sent, left out because the log knows them, left out because they assert nothing."""

    read: int = 0
    restored: int = 0
    known: int = 0
    refused: int = 0


async def append_log(
    folder: Path,
    bootstrap: str,
    *,
    topic_prefix: str,
    on_progress: Callable[[int, int], object],
    part_rows: int = PART_ROWS,
) -> Archived:
    """Append what the archive lacks of both events topics up to their present ends.

    `on_progress` is told how many records are read, and of how many.

    Raises:
        Failed: the archive is damaged, in use, or another log's.
    """
    done = Archived()
    with ArchiveWriter(folder, topic_ids(bootstrap, _EVENTS, prefix=topic_prefix)) as archive:
        left = await _left(archive.positions, bootstrap, topic_prefix)
        part = _Part(archive, part_rows)
        async for batch in _batches(archive.positions, bootstrap, topic_prefix):
            for record in batch:
                row = row_of(record, prefix=topic_prefix)
                done.refused += row.refused is not None
                done.appended += 1
                done.parts += part.take(row)
            on_progress(done.appended, max(left, done.appended))
        done.parts += part.write()
        done.rows = archive.rows
    return done


class _Part:
    """The rows of the part that is to be written next."""

    def __init__(self, archive: ArchiveWriter, most_rows: int) -> None:
        self._archive, self._most_rows = archive, most_rows
        self._rows: list[Row] = []
        self._bytes = 0
        self._reached: Positions = {}

    def take(self, row: Row) -> bool:
        """Take in a row; return whether that made a part, which is written then."""
        self._rows.append(row)
        self._bytes += len(row.payload or b"")
        self._reached[row.topic, row.partition] = row.offset + 1
        full = len(self._rows) >= self._most_rows or self._bytes >= PART_BYTES
        return full and self.write()

    def write(self) -> bool:
        """Write what there is; return whether there was anything."""
        if not self._rows:
            return False
        self._archive.add(self._rows, self._reached)
        self._rows, self._bytes, self._reached = [], 0, {}
        return True


def restore_log(
    path: Path,
    bootstrap: str,
    known: set[bytes],
    *,
    topic_prefix: str,
    tell: Callable[[str], None],
    on_progress: Callable[[int], object],
) -> Restoring:
    """Publish what the archive has and the log does not know, each with its ingest time, to the topics it came from.

    `known` is what `read_known` returns; it grows.
    """
    done = Restoring()
    with Writer(bootstrap) as writer:
        for batch in read_rows(path, _COLUMNS):
            for topic, partition, offset, *row in batch:
                done.read += 1
                try:
                    record = _record(*row)
                    mark = _mark(read_assertion(record).statement)
                except BadInput as error:
                    done.refused += 1
                    if done.refused <= SHOWN:
                        tell(f"the record at {topic}:{partition}:{offset} is left out: {error}")
                    continue
                if mark in known:
                    done.known += 1
                    continue
                writer.send(topic_prefix + topic, key=record.key, value=record.value, headers=record.headers)
                known.add(mark)
                done.restored += 1
            on_progress(done.read)
    return done


def _record(
    key: bytes | None, payload: bytes | None, headers: list[dict[str, Any]], ingest_time: int | None
) -> LedgerInput:
    if ingest_time is None:
        raise BadInput("the ledger refused it")
    own = [(each["name"], each["value"]) for each in headers]
    return restore_record(key, payload, own, ingest_time=ingest_time, now_ms=time.time_ns() // 1_000_000)


async def read_known(bootstrap: str, *, topic_prefix: str) -> set[bytes]:
    """Return the marks of all that stands in the timeline."""
    known = set()
    async for batch in read_to_end(bootstrap, topic_prefix + TIMELINE):
        known.update([_mark(decode_taken(record).statement) for record in batch if record.value is not None])
    return known


def _mark(statement: Assertion) -> bytes:
    """What tells assertions apart, in 16 bytes: a million ids and stamps would take half a gigabyte."""
    return blake2b("\n".join(map(str, (statement.id, *statement.stamp))).encode(), digest_size=16).digest()


async def _left(positions: Positions, bootstrap: str, prefix: str) -> int:
    """Return how many offsets the archive lacks; refuse a log that ends before the archive does."""
    left = 0
    for topic in _EVENTS:
        for number, end in (await end_offsets(bootstrap, prefix + topic)).items():
            reached = positions.get((topic, number), 0)
            if end < reached:
                raise Failed(
                    f"partition {number} of {prefix + topic} ends at {end}, but the archive reaches {reached}: "
                    "the log has lost records; restore the archive, or give this log a folder of its own"
                )
            left += end - reached
    return left


async def _batches(positions: Positions, bootstrap: str, prefix: str) -> AsyncIterator[list[Record]]:
    start = {(prefix + topic, number): offset for (topic, number), offset in positions.items()}
    async with LogReader(bootstrap) as reader:
        await reader.assign([prefix + topic for topic in _EVENTS], start=start)
        async for batch in reader.read_to_end():
            yield batch
