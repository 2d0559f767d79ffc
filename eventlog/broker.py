"""The log on a Kafka cluster: written with kafka-python, read in bulk with aiokafka."""

import asyncio
from collections.abc import Iterator, Sequence

from eventlog.reading import read_to_end
from eventlog.record import Header, Record
from eventlog.writing import Writer


class BrokerLog:
    """An `EventLog` on the cluster at `bootstrap`, whose topics exist already. The connection to write opens with it.

    Not for code inside an event loop: reading runs a loop of its own.
    """

    def __init__(self, bootstrap: str) -> None:
        """Raises: Failed when no broker answers."""
        self._bootstrap = bootstrap
        self._writer = Writer(bootstrap)

    def send(self, topic: str, *, key: bytes | None, value: bytes | None, headers: Sequence[Header] = ()) -> None:
        """Takes a record; its partition follows from its key."""
        self._writer.send(topic, key=key, value=value, headers=headers)

    def flush(self) -> None:
        """Returns when the cluster has acknowledged everything."""
        self._writer.flush()

    def read(self, topic: str) -> Iterator[Record]:
        """The committed records of the topic up to its present end."""
        batches = read_to_end(self._bootstrap, topic)

        async def next_batch() -> list[Record] | None:
            return await anext(batches, None)

        with asyncio.Runner() as runner:
            try:
                while batch := runner.run(next_batch()):
                    yield from batch
            finally:
                runner.run(batches.aclose())

    def close(self) -> None:
        """Ends the connection."""
        self._writer.close()
