"""An archive: the event topics of a log as a folder of Parquet files, to which parts are added and nothing else.

Rules kept here:
- A part is written under another name, brought to the disk, and renamed: a file of the archive is whole, always.
- How far the archive reaches stands in the parts themselves, nowhere else. Each part names, by partition, the offsets
  that it covers; one begins where the part before it ended, so that a missing or doubled part is noticed.
- Pages carry checksums, so that a byte that changed on the disk is noticed too.
- Each part names the topics by the ids that Kafka gave them: another log of the same name is not taken for this one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from eventlog.archive_files import parts_of
from eventlog.locks import lock
from eventlog.reading import Position
from eventlog.record import Header
from schemas.errors import Failed

_MOMENT: Final = pa.timestamp("us", tz="UTC")
SCHEMA: Final = pa.schema(
    [
        ("topic", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("appended", pa.timestamp("ms", tz="UTC")),
        ("key", pa.binary()),
        ("headers", pa.list_(pa.struct([("name", pa.string()), ("value", pa.binary())]))),
        ("payload", pa.binary()),
        ("ingest_time", _MOMENT),
        ("id", pa.string()),
        ("source", pa.string()),
        ("type", pa.string()),
        ("state", pa.string()),
        ("sequence", pa.string()),
        ("publish_time", _MOMENT),
        ("content", pa.string()),
        ("event", pa.string()),
        ("refused", pa.string()),
    ]
)
_COVERS: Final = b"vigil.covers"
_TOPIC_IDS: Final = b"vigil.topic_ids"
_FEW_VALUES: Final = ["topic", "source", "type", "state", "refused"]
_HALF: Final = ".half"

Positions = dict[Position, int]
"""By topic (without prefix) and partition: the offset of the next record."""
TopicIds = Mapping[str, str]
"""By topic, without prefix: Kafka's id of it."""


class Row(NamedTuple):
    """One record of an events topic, as the columns of `SCHEMA`; times in microseconds (`appended`: milliseconds).

    `payload`, `key` and `headers` are the record's own. What follows says what it asserts: `event` is the assertion in
    canonical form, `content` its hash. Where it asserts nothing, `refused` says why and all of that is None.
    """

    topic: str
    partition: int
    offset: int
    appended: int
    key: bytes | None
    headers: Sequence[Header]
    payload: bytes | None
    ingest_time: int | None = None
    id: str | None = None
    source: str | None = None
    type: str | None = None
    state: str | None = None
    sequence: str | None = None
    publish_time: int | None = None
    content: str | None = None
    event: str | None = None
    refused: str | None = None


class ArchiveWriter:
    """Adds parts to the archive in a folder, as the only one who does. Use it as a context manager.

    `positions` is how far the archive reaches, `rows` how many it has.
    """

    def __init__(self, folder: Path, topic_ids: TopicIds) -> None:
        """Raises: Failed when the folder is in use, holds a damaged archive or that of another log."""
        folder.mkdir(parents=True, exist_ok=True)
        _sync_folder(folder.parent)
        descriptor = lock(folder / ".lock")
        if descriptor is None:
            raise Failed(f"another process writes to the archive {folder}; wait until it has ended")
        self._lock, self._folder, self._topic_ids = descriptor, folder, dict(topic_ids)
        try:
            for half in folder.glob(f"*{_HALF}"):
                half.unlink()
            self._numbers, self.positions, self.rows = _look(folder, self._topic_ids)
        except BaseException:
            self.close()
            raise

    def add(self, rows: Sequence[Row], reached: Mapping[Position, int]) -> Path:
        """Write these rows as a part and return its path; it survives whatever follows.

        `reached` is how far the archive reaches with them: of each partition that moved the offset after the last one.
        """
        covers = [[topic, number, self._reached((topic, number)), end] for (topic, number), end in reached.items()]
        told = {_COVERS: orjson.dumps(sorted(covers)), _TOPIC_IDS: orjson.dumps(self._topic_ids)}
        path = self._folder / f"part-{self._numbers + 1:06}.parquet"
        half = path.with_suffix(_HALF)
        with half.open("wb") as file:
            pq.write_table(
                _table(rows, told), file, compression="zstd", use_dictionary=_FEW_VALUES, write_page_checksum=True
            )
            file.flush()
            os.fsync(file.fileno())
        half.rename(path)
        _sync_folder(self._folder)
        self._numbers += 1
        self.rows += len(rows)
        self.positions.update(reached)
        return path

    def close(self) -> None:
        """Let others write."""
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _reached(self, position: Position) -> int:
        return self.positions.get(position, 0)


def count_rows(path: Path) -> int:
    """Return how many rows an archive (a folder, or one file of it) has. Raises: Failed when it is damaged."""
    return _look(path, None)[2] if path.is_dir() else int(_opened(path).metadata.num_rows)


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of an archive in batches, each row as the values of these columns; times as whole numbers.

    Rows of one partition come in the order of the log. Raises: Failed when the archive is damaged.
    """
    if path.is_dir():
        _look(path, None)
    for part in parts_of(path) if path.is_dir() else [path]:
        opened = _opened(part)
        try:
            for batch in opened.iter_batches(columns=list(columns)):
                yield list(zip(*[_values(batch.column(name)) for name in columns], strict=True))
        except (pa.ArrowException, OSError) as error:
            raise _damaged(part, error) from error


def _table(rows: Sequence[Row], told: Mapping[bytes, bytes]) -> Any:
    ordered = sorted(rows, key=lambda row: (row.topic, row.partition, row.offset))
    columns = list(zip(*ordered, strict=True)) if ordered else [()] * len(SCHEMA)
    named = dict(zip(SCHEMA.names, columns, strict=True))
    named["headers"] = [[{"name": name, "value": value} for name, value in each] for each in named["headers"]]
    return pa.table([pa.array(named[each.name], each.type) for each in SCHEMA], SCHEMA.with_metadata(told))


def _values(column: Any) -> list[Any]:
    whole = column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
    values: list[Any] = whole.to_pylist()
    return values


def _look(folder: Path, topic_ids: TopicIds | None) -> tuple[int, Positions, int]:
    """Return how many parts there are, how far they reach, and how many rows they have; of this log, if it is given."""
    positions: Positions = {}
    rows = number = 0
    for number, part in enumerate(parts_of(folder), start=1):
        metadata = _opened(part).metadata
        told = metadata.metadata
        if int(part.stem.removeprefix("part-")) != number:
            raise Failed(f"the archive {folder} has no part {number:06}, but later ones; bring it back")
        if topic_ids is not None and orjson.loads(told[_TOPIC_IDS]) != topic_ids:
            raise Failed(f"{folder} is the archive of another log; give a folder of its own to this one")
        for topic, partition, first, end in orjson.loads(told[_COVERS]):
            if positions.get((topic, partition), 0) != first:
                raise Failed(f"{part} does not begin where the part before it ended; bring back what is missing")
            positions[topic, partition] = end
        rows += metadata.num_rows
    return number, positions, rows


def _opened(part: Path) -> Any:
    try:
        opened = pq.ParquetFile(part, page_checksum_verification=True)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(part, error) from error
    if not {_COVERS, _TOPIC_IDS} <= (opened.metadata.metadata or {}).keys() or not set(SCHEMA.names) <= set(
        opened.schema_arrow.names
    ):
        raise Failed(f"{part} is no part of an archive as `vigil archive` writes them")
    return opened


def _damaged(part: Path, error: Exception) -> Failed:
    return Failed(f"{part} cannot be read: {' '.join(str(error).split())}")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
