"""Columns as Arrow: types, tables, and tables in pieces for what is larger than memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

import pyarrow as pa

from subscribers.exporting.columns import Column, Kind, Members
from timeline.times import day_number, microseconds

BATCH_ROWS: Final = 20_000
_TYPES: Final[dict[Kind, Any]] = {
    "text": pa.string(),
    "time": pa.timestamp("us", tz="UTC"),
    "day": pa.date32(),
    "whole": pa.int64(),
    "real": pa.float64(),
    "flag": pa.bool_(),
    "texts": pa.list_(pa.string()),
    "actors": pa.list_(pa.struct([("id", pa.string()), ("name", pa.string()), ("role", pa.string())])),
    "links": pa.list_(pa.struct([("url", pa.string()), ("title", pa.string())])),
}
_READ: Final[dict[Kind, Any]] = {"time": microseconds, "day": day_number}


def schema_of(columns: Sequence[Column]) -> Any:
    """Return the Arrow schema of these columns."""
    return pa.schema([(column.name, _TYPES[column.kind]) for column in columns])


def batches(columns: Sequence[Column], documents: Iterable[Members]) -> Iterator[Any]:
    """Yield the documents as record batches of at most `BATCH_ROWS` rows."""
    documents, schema = iter(documents), schema_of(columns)
    while chunk := list(islice(documents, BATCH_ROWS)):
        arrays = [_array(column, chunk) for column in columns]
        yield pa.record_batch(arrays, schema)


def table(columns: Sequence[Column], documents: Iterable[Members]) -> Any:
    """Return the documents as one pyarrow.Table, a row each."""
    return pa.Table.from_batches(batches(columns, documents), schema_of(columns))


def _array(column: Column, documents: Sequence[Members]) -> Any:
    values = [column.read(document) for document in documents]
    read = _READ.get(column.kind)
    if read is not None:
        values = [None if value is None else read(value) for value in values]
    return pa.array(values, _TYPES[column.kind])
