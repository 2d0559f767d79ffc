"""A record of the log, as read from any of its forms."""

from collections.abc import Sequence
from typing import NamedTuple

Header = tuple[str, bytes]


class Record(NamedTuple):
    """One record with its position. `timestamp_ms` is when the log took it (ingest_time), in milliseconds since 1970.

    Offsets grow within a partition but may have gaps (transaction markers, aborted records, compaction).
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header]
