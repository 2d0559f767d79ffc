"""The log in a file of JSON lines: an archive that a person can read and any tool can write.

One record a line, in the order of appending:
`{"topic", "partition", "offset", "timestamp_ms", "key", "value", "headers": [[name, value], ...]}`. Bytes are written
as text when they are UTF-8, else as `{"base64": "..."}`, so every record comes back byte for byte. A last line without
its end is the trace of an interrupted append that nobody was told had succeeded: readers pass over it, writers remove
it.
"""

import base64
import binascii
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from eventlog.record import Header, Record
from schemas.errors import Failed


class JsonlLog:
    """An `EventLog` in one file, with one partition a topic, made when it is first written to. One writer at a time."""

    def __init__(self, path: Path, *, clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        """Raises: Failed when the file exists and is not such a log."""
        self._path = path
        self._clock = clock
        self._next_offsets: Counter[str] = (
            Counter(record.topic for record in read_jsonl(path)) if path.exists() else Counter()
        )
        self._file = path.open("ab")
        self._file.truncate(_complete_size(path))

    def send(self, topic: str, *, key: bytes | None, value: bytes | None, headers: Sequence[Header] = ()) -> None:
        """Appends the record to the file's buffer."""
        record = Record(topic, 0, self._next_offsets[topic], self._clock(), key, value, tuple(headers))
        self._file.write(encode_line(record))
        self._next_offsets[topic] += 1

    def flush(self) -> None:
        """Brings everything to the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def read(self, topic: str) -> Iterator[Record]:
        """The topic's records, in the order in which they were sent."""
        self._file.flush()
        return iter([record for record in read_jsonl(self._path) if record.topic == topic])

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def read_jsonl(path: Path) -> Iterator[Record]:
    """All records of the file in its order. Raises: Failed naming the first line that is no record."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):
                return
            yield decode_line(line, where=f"line {number} of {path}")


def encode_line(record: Record) -> bytes:
    """The record as one line, with its end."""
    line = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp_ms": record.timestamp_ms,
        "key": _encode(record.key),
        "value": _encode(record.value),
        "headers": [[name, _encode(value)] for name, value in record.headers],
    }
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def decode_line(line: bytes, *, where: str) -> Record:
    """The record of one line. Raises: Failed, naming `where`, when it is none."""
    try:
        found = orjson.loads(line)
        return Record(
            topic=str(found["topic"]),
            partition=int(found["partition"]),
            offset=int(found["offset"]),
            timestamp_ms=int(found["timestamp_ms"]),
            key=_decode(found["key"]),
            value=_decode(found["value"]),
            headers=tuple((str(name), _decode(value) or b"") for name, value in found["headers"]),
        )
    except (ValueError, TypeError, KeyError, binascii.Error) as error:
        raise Failed(f"{where} is not a record of the log: {error}") from error


def _complete_size(path: Path) -> int:
    """The size of the file up to the end of its last complete line, in bytes."""
    with path.open("rb") as lines:
        return sum(len(line) for line in lines if line.endswith(b"\n"))


def _encode(content: bytes | None) -> str | dict[str, str] | None:
    if content is None:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def _decode(content: Any) -> bytes | None:
    if isinstance(content, dict):
        return base64.b64decode(content["base64"], validate=True)
    return content.encode() if content is not None else None
