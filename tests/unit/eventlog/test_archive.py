"""The archive as files: whole or not there, in one piece or refused."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eventlog.archive import SCHEMA, ArchiveWriter, Row, count_rows, read_rows
from eventlog.archive_files import is_archive
from schemas.errors import Failed
from schemas.topics import INCIDENTS, POLITICAL
from tests.archives import TOPIC_IDS


def row(offset: int, *, topic: str = INCIDENTS, partition: int = 0, payload: bytes | None = b"\x00\xff") -> Row:
    return Row(topic, partition, offset, 1_640_995_200_123, b"key", (("a", b"\xff"), ("a", b"")), payload, refused="no")


def add(folder: Path, rows: list[Row]) -> Path:
    with ArchiveWriter(folder, TOPIC_IDS) as archive:
        return archive.add(rows, {(each.topic, each.partition): each.offset + 1 for each in rows})


def offsets(path: Path) -> list[int]:
    return [offset for batch in read_rows(path, ("offset",)) for (offset,) in batch]


def test_rows_come_back_byte_for_byte_in_the_order_of_the_log(tmp_path: Path) -> None:
    said = [row(1), row(0), row(0, topic=POLITICAL, partition=3, payload=None)]
    path = add(tmp_path / "new" / "archive", said)
    names = ("topic", "partition", "offset", "appended", "key", "headers", "payload", "ingest_time")
    [batch] = read_rows(path.parent, names)
    headers = [{"name": "a", "value": b"\xff"}, {"name": "a", "value": b""}]
    assert batch == [
        (INCIDENTS, 0, 0, 1_640_995_200_123, b"key", headers, b"\x00\xff", None),
        (INCIDENTS, 0, 1, 1_640_995_200_123, b"key", headers, b"\x00\xff", None),
        (POLITICAL, 3, 0, 1_640_995_200_123, b"key", headers, None, None),
    ]
    assert pq.read_table(path).schema.equals(SCHEMA)


def test_how_far_it_reaches_stands_in_the_parts_alone(tmp_path: Path) -> None:
    add(tmp_path, [row(0), row(4)])
    add(tmp_path, [row(7), row(2, topic=POLITICAL)])
    with ArchiveWriter(tmp_path, TOPIC_IDS) as archive:
        assert archive.positions == {(INCIDENTS, 0): 8, (POLITICAL, 0): 3}
        assert archive.rows == count_rows(tmp_path) == 4
    assert sorted(path.name for path in tmp_path.glob("part*")) == ["part-000001.parquet", "part-000002.parquet"]


def test_what_a_killed_run_left_half_is_not_read_and_goes(tmp_path: Path) -> None:
    add(tmp_path, [row(0)])
    (tmp_path / "part-000002.half").write_bytes(b"PAR1 and half a part")
    assert offsets(tmp_path) == [0]
    add(tmp_path, [row(1)])
    assert offsets(tmp_path) == [0, 1]
    assert not list(tmp_path.glob("*.half"))


def test_a_part_that_is_missing_is_noticed(tmp_path: Path) -> None:
    parts = [add(tmp_path, [row(number)]) for number in range(3)]
    parts[1].rename(tmp_path / "elsewhere")
    with pytest.raises(Failed, match="has no part 000002"):
        offsets(tmp_path)
    parts[2].rename(parts[1])
    with pytest.raises(Failed, match=r"part-000002\.parquet does not begin where the part before it ended"):
        add(tmp_path, [row(3)])


def test_a_damaged_part_is_named(tmp_path: Path) -> None:
    # Bytes that do not get shorter stand in the file as they are.
    noise = b"".join(sha256(bytes([number])).digest() for number in range(200))
    part = add(tmp_path, [row(number, payload=noise[number:]) for number in range(3)])
    whole = part.read_bytes()
    part.write_bytes(whole[:-20])
    with pytest.raises(Failed, match=r"part-000001\.parquet cannot be read"):
        offsets(tmp_path)
    place = whole.index(noise[100:120])
    part.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    assert offsets(tmp_path) == [0, 1, 2]
    with pytest.raises(Failed, match=r"part-000001\.parquet cannot be read"):
        list(read_rows(tmp_path, ("payload",)))


def test_one_process_writes_at_a_time(tmp_path: Path) -> None:
    with (
        ArchiveWriter(tmp_path, TOPIC_IDS),
        pytest.raises(Failed, match="another process writes to the archive"),
        ArchiveWriter(tmp_path, TOPIC_IDS),
    ):
        pass
    add(tmp_path, [row(0)])


def test_another_log_is_refused_and_leaves_the_folder_free(tmp_path: Path) -> None:
    add(tmp_path, [row(0)])
    for _ in range(2):
        with pytest.raises(Failed, match="archive of another log"):
            ArchiveWriter(tmp_path, TOPIC_IDS | {POLITICAL: "c"})


def test_a_file_alone_is_an_archive_and_another_parquet_file_is_none(tmp_path: Path) -> None:
    part = add(tmp_path / "archive", [row(0), row(1)])
    alone = part.rename(tmp_path / "alone")
    assert is_archive(alone)
    assert (offsets(alone), count_rows(alone)) == ([0, 1], 2)
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"a": [1]}), other)
    assert is_archive(other)
    with pytest.raises(Failed, match="no part of an archive"):
        offsets(other)
    (tmp_path / "text").write_text("PAR")
    assert not any(map(is_archive, (tmp_path / "text", tmp_path / "archive", tmp_path / "nothing")))
