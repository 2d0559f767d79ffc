"""Writes records to a broker with kafka-python: idempotent, acknowledged by all replicas, batched, no failure unseen.

Delivery is at least once. Within one writer Kafka removes the repeats of its own retries; a command that failed and is
run again sends its records again, and readers, whose state is a function of the set of assertions, do not mind.
"""

import time
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final, Self

from kafka import KafkaProducer
from kafka.errors import KafkaError

from eventlog.reaching import reach
from eventlog.record import Header
from eventlog.security.cluster import client_options
from eventlog.security.refusals import forbidden
from schemas.errors import Failed, Transient, VigilError
from schemas.topics import MAX_MESSAGE_BYTES

CONNECT_SECONDS: Final = 15.0
# How long a record is retried while the broker is away or refuses for a reason that passes.
DELIVERY_SECONDS: Final = 60.0
# kafka-python buffers without bound; so many records at most wait for their acknowledgement.
UNACKNOWLEDGED: Final = 10_000
CLOSE_SECONDS: Final = 5.0
BATCH_BYTES: Final = 256 * 1024
LINGER_MS: Final = 5


class Writer:
    """Sends records and answers for each of them. After an error it is of no further use but to be closed.

    As a context manager it flushes at the end of a block that went well.
    """

    def __init__(self, bootstrap: str, *, delivery_seconds: float = DELIVERY_SECONDS) -> None:
        """Raises: Failed when no broker answers."""
        self._bootstrap = bootstrap
        self._delivery_seconds = delivery_seconds
        self._pending: deque[Any] = deque()
        reach(bootstrap)
        try:
            self._producer: Any = KafkaProducer(
                **client_options(bootstrap),
                bootstrap_timeout_ms=int(CONNECT_SECONDS * 1000),
                max_block_ms=int(CONNECT_SECONDS * 1000),
                enable_idempotence=True,
                acks="all",
                delivery_timeout_ms=int(delivery_seconds * 1000),
                request_timeout_ms=int(min(delivery_seconds, 30.0) * 1000) - LINGER_MS,
                linger_ms=LINGER_MS,
                batch_size=BATCH_BYTES,
                max_request_size=MAX_MESSAGE_BYTES,
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
        except KafkaError as error:
            raise Failed(f"what listens at {bootstrap} does not answer as Kafka does: {error!r}") from error

    def send(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[Header] = (),
        partition: int | None = None,
    ) -> None:
        """Takes a record; its partition follows from the key unless it is given. Waits while too many are on their way.

        Raises: as `flush`, perhaps for an earlier record.
        """
        try:
            sent = self._producer.send(topic, key=key, value=value, headers=list(headers), partition=partition)
        except KafkaError as error:
            raise self._error(error, topic) from error
        self._pending.append((topic, sent))
        if len(self._pending) >= UNACKNOWLEDGED:
            self._settle(leave=UNACKNOWLEDGED // 2)

    def flush(self) -> None:
        """Returns when every record taken so far is acknowledged.

        Raises: Transient when the broker did not acknowledge one in time, Failed when it refused one.
        """
        try:
            self._producer.flush(timeout=self._delivery_seconds)
        except KafkaError as error:
            raise self._error(error, "the log") from error
        self._settle(leave=0)

    def close(self) -> None:
        """Ends the connection; what is not acknowledged then is given up."""
        if self._pending:
            # The producer's own `close` waits for records, and when they do not go it leaves its thread running.
            self._producer._sender.force_close()
            self._pending.clear()
        self._producer.close(timeout=CLOSE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.flush()
        finally:
            self.close()

    def _settle(self, *, leave: int) -> None:
        deadline = time.monotonic() + self._delivery_seconds
        while len(self._pending) > leave:
            topic, sent = self._pending[0]
            try:
                sent.get(timeout=max(0.0, deadline - time.monotonic()))
            except KafkaError as error:
                raise self._error(error, topic) from error
            self._pending.popleft()

    def _error(self, error: KafkaError, topic: str) -> VigilError:
        if (refusal := forbidden(error, self._bootstrap, what=f"to write to {topic}")) is not None:
            return refusal
        reason = f"Kafka at {self._bootstrap} did not take a record for {topic}: {error!r}"
        return Transient(reason) if error.retriable else Failed(reason)
