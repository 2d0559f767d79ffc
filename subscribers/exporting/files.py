"""Exports: events and measures in the formats that other tools read.

- `csv` is RFC 4180 in UTF-8 with one header row; lists stand in one cell, parted by `;`.
- `hxl` is the same with a second row of hashtags, of the tagged columns alone.
- `geojson` is RFC 7946: one feature a row, a point where both coordinates are known, else a null geometry.
- `parquet` has times as times, days as days, lists as lists.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO, Final, Literal

import orjson

from subscribers.exporting.columns import Column, Kind, Members

Format = Literal["parquet", "csv", "hxl", "geojson"]
_PART: Final = ";"
_LISTED: Final[dict[Kind, tuple[str, ...]]] = {"actors": ("id", "name", "role"), "links": ("url",)}
"""Of lists of objects: what has a cell of its own in a flat table."""
_TAGS: Final = {"id": "#group+code", "name": "#group+name", "role": "#group+type", "url": "#meta+url"}
_SINGULAR: Final[dict[Kind, str]] = {"actors": "actor", "links": "link"}


def write_export(form: Format, columns: Sequence[Column], documents: Iterable[Members], out: BinaryIO) -> int:
    """Write the documents, a row each, and return how many."""
    if form == "parquet":
        return _write_parquet(columns, documents, out)
    if form == "geojson":
        return _write_geojson(columns, documents, out)
    flat = [each for each in flat_columns(columns) if form == "csv" or each.tag is not None]
    return _write_csv(flat, documents, out, tagged=form == "hxl")


def feature(columns: Sequence[Column], document: Members) -> Members:
    """Return the document as a GeoJSON feature; the columns are flat ones."""
    said = ((column.name, column.read(document)) for column in columns)
    feature: Members = {"type": "Feature", "geometry": _geometry(document.get("place", {}))}
    if "id" in document:
        feature["id"] = document["id"]
    return feature | {"properties": {name: value for name, value in said if value is not None}}


def flat_columns(columns: Iterable[Column]) -> list[Column]:
    """Return the columns as columns that hold one text or number each."""
    return [flat for column in columns for flat in _flat(column)]


def _flat(column: Column) -> Iterator[Column]:
    if column.kind not in _LISTED and column.kind != "texts":
        yield column
        return
    for member in _LISTED.get(column.kind, (None,)):
        name = column.name if member is None else f"{_SINGULAR[column.kind]}_{member}s"
        # A list of plain texts keeps the column's own tag.
        tag = (column.tag if member is None else _TAGS.get(member)) if column.tag is not None else None
        yield Column(name, "text", _joined(column, member), tag)


def _write_parquet(columns: Sequence[Column], documents: Iterable[Members], out: BinaryIO) -> int:
    import pyarrow.parquet as pq  # noqa: PLC0415 - only where it is asked for

    from subscribers.exporting.arrow import batches, schema_of  # noqa: PLC0415

    count = 0
    with pq.ParquetWriter(out, schema_of(columns), compression="zstd") as writer:
        for batch in batches(columns, documents):
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def _write_csv(columns: Sequence[Column], documents: Iterable[Members], out: BinaryIO, *, tagged: bool) -> int:
    # Not a TextIOWrapper, which closes the stream below when an error leaves it behind.
    writer = csv.writer(codecs.getwriter("utf-8")(out))
    writer.writerow([column.name for column in columns])
    if tagged:
        writer.writerow([column.tag for column in columns])
    count = 0
    for document in documents:
        writer.writerow([_cell(column.read(document)) for column in columns])
        count += 1
    return count


def _write_geojson(columns: Sequence[Column], documents: Iterable[Members], out: BinaryIO) -> int:
    flat = flat_columns(columns)
    out.write(b'{"type":"FeatureCollection","features":[')
    count = 0
    for document in documents:
        out.write(b",\n" if count else b"\n")
        out.write(orjson.dumps(feature(flat, document)))
        count += 1
    out.write(b"\n]}\n")
    return count


def _geometry(place: Members) -> Members | None:
    longitude, latitude = place.get("longitude"), place.get("latitude")
    if longitude is None or latitude is None:
        return None
    return {"type": "Point", "coordinates": [longitude, latitude]}


def _joined(column: Column, member: str | None) -> Any:
    def read(document: Members) -> str | None:
        found = column.read(document)
        if not found:
            return None
        return _PART.join(each if member is None else each.get(member, "") for each in found)

    return read


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
