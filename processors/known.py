"""What the ledger knows: the stamps of every record of its partitions of the timeline, read in bulk.

Rules kept here:
- The state of a partition is the union of the stamps of all its records, never its last record: a worker that was cut
  off may append late.
- After each assignment a partition is read on to its end before its first batch. What was read of it before stays true
  whatever others appended, so only what follows is read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from eventlog.reading import LogReader
from eventlog.record import Header
from timeline.identity import Assertion, Stamp
from timeline.ordering import Known
from timeline.times import microseconds


class KnownPartitions:
    """What is known of each assigned partition; `records_read` counts for the watchdog."""

    def __init__(self, bootstrap: str, *, timeline: str) -> None:
        self._bootstrap, self._timeline = bootstrap, timeline
        self._known: dict[int, Known] = {}
        self._next: dict[int, int] = {}
        self._current: set[int] = set()
        self.records_read = 0

    def __getitem__(self, partition: int) -> Known:
        """Return what is known of a partition that `catch_up` has read since it was assigned."""
        return self._known[partition]

    def __len__(self) -> int:
        return sum(map(len, self._known.values()))

    def assign(self, partitions: Collection[int]) -> None:
        """Forget partitions that are with another worker now; the others have to be read on."""
        self._current.clear()
        for gone in self._known.keys() - set(partitions):
            del self._known[gone], self._next[gone]
        for partition in partitions:
            self._known.setdefault(partition, Known())
            self._next.setdefault(partition, 0)

    def is_current(self) -> bool:
        """Return whether every assigned partition has been read to its end since it was assigned."""
        return self._current == self._known.keys()

    async def catch_up(self, *, goes_on: Callable[[], bool]) -> bool:
        """Read all assigned partitions to their ends; False when the assignment ended first."""
        partitions = sorted(self._known)
        start = {(self._timeline, partition): self._next[partition] for partition in partitions}
        async with LogReader(self._bootstrap, committed=False) as reader:
            await reader.assign([self._timeline], partitions=partitions, start=start)
            async for records in reader.read_to_end():
                if not goes_on():
                    return False
                known = self._known[records[0].partition]
                for record in records:
                    if record.key is not None:
                        known.add(Assertion(record.key.decode(), _stamp(record.headers), {}))
                self._next[records[0].partition] = records[-1].offset + 1
                self.records_read += len(records)
        if not goes_on():
            return False
        self._current.update(partitions)
        return True


def _stamp(headers: Sequence[Header]) -> Stamp:
    said = dict(headers)
    return Stamp(
        said["vigil_sequence"].decode(),
        microseconds(said["vigil_publish_time"].decode()),
        said["vigil_withdrawn"] == b"1",
        said["vigil_content"].decode(),
    )
