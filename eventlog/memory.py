"""The log in memory: one partition a topic, gone with the process."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from eventlog.record import Header, Record


class MemoryLog:
    """An `EventLog` for tests and replay. `clock` gives the time at which a record is taken, in milliseconds."""

    def __init__(self, *, clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._clock = clock
        self._topics: defaultdict[str, list[Record]] = defaultdict(list)

    def send(self, topic: str, *, key: bytes | None, value: bytes | None, headers: Sequence[Header] = ()) -> None:
        """Appends the record at once."""
        records = self._topics[topic]
        records.append(Record(topic, 0, len(records), self._clock(), key, value, tuple(headers)))

    def flush(self) -> None:
        """There is nothing to wait for."""

    def read(self, topic: str) -> Iterator[Record]:
        """The records that are there now; what is sent while they are read is not among them."""
        return iter(self._topics[topic][:])

    def close(self) -> None:
        """Keeps the records: a log in memory is read after the code under test has closed it."""
