"""The broker form of the log passes the contract on a real broker, each test on topics of its own."""

from collections.abc import Iterator, Sequence

import pytest

from eventlog.broker import BrokerLog
from eventlog.record import Header, Record
from tests.contract.event_log import EventLogContract, OpenLog


class _Prefixed:
    """A broker's log whose topics have a prefix that the contract knows nothing of."""

    def __init__(self, log: BrokerLog, prefix: str) -> None:
        self._log = log
        self._prefix = prefix

    def send(self, topic: str, *, key: bytes | None, value: bytes | None, headers: Sequence[Header] = ()) -> None:
        self._log.send(self._prefix + topic, key=key, value=value, headers=headers)

    def flush(self) -> None:
        self._log.flush()

    def read(self, topic: str) -> Iterator[Record]:
        for record in self._log.read(self._prefix + topic):
            yield record._replace(topic=record.topic.removeprefix(self._prefix))

    def close(self) -> None:
        self._log.close()


class TestBrokerLog(EventLogContract):
    @pytest.fixture
    def new_log(self, broker: str, topic_prefix: str) -> OpenLog:
        return lambda: _Prefixed(BrokerLog(broker), topic_prefix)
