"""What every form of the log can do: take records, answer for them, and be read to its end.

Forms: `eventlog.memory` (tests, replay), `eventlog.jsonl` (archives), `eventlog.broker` (Kafka). One suite,
`tests/contract/`, holds for all of them.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from eventlog.record import Header, Record


class EventLog(Protocol):
    """An append-only log of topics.

    Records of one key keep their order; delivery is at least once. Nothing is changed or removed.
    """

    def send(self, topic: str, *, key: bytes | None, value: bytes | None, headers: Sequence[Header] = ()) -> None:
        """Takes a record; it is in the log for certain after the next `flush`.

        Raises: what `flush` raises, perhaps for an earlier record.
        """

    def flush(self) -> None:
        """Returns when every record taken so far survives the end of this process.

        Raises: Failed or Transient when one could not be written.
        """

    def read(self, topic: str) -> Iterator[Record]:
        """Every record of the topic up to its present end; in offset order within a partition, in none between them.

        A topic that nobody has written to is empty. Raises: Failed or Transient when it cannot be read.
        """

    def close(self) -> None:
        """Lets go of files and connections; what was not flushed may be lost."""
