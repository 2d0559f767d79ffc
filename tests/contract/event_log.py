"""The suite that every form of the log passes; a form's test class inherits it and gives the log."""

from collections import defaultdict
from collections.abc import Callable, Iterator

import pytest

from eventlog.protocol import EventLog
from eventlog.record import Record

TOPIC = "vigil.events.incidents.v1"
OTHER_TOPIC = "vigil.public.alerts.v1"

OpenLog = Callable[[], EventLog]


class EventLogContract:
    """Subclasses give the fixture `new_log`: a function that opens the same log, empty at first, again and again."""

    @pytest.fixture
    def new_log(self) -> OpenLog:
        raise NotImplementedError

    @pytest.fixture
    def open_log(self, new_log: OpenLog) -> Iterator[OpenLog]:
        """`new_log`, with all that it opened closed after the test, what the test closed too."""
        opened: list[EventLog] = []

        def open_one() -> EventLog:
            opened.append(new_log())
            return opened[-1]

        yield open_one
        for log in opened:
            log.close()

    def test_what_was_flushed_is_read_by_whoever_opens_the_log_next(self, open_log: OpenLog) -> None:
        log = open_log()
        log.send(TOPIC, key=b"a", value=b"1", headers=[("ce_id", b"x"), ("ce_id", b"y")])
        log.flush()
        log.close()
        reader = open_log()
        (record,) = reader.read(TOPIC)
        assert (record.topic, record.key, record.value) == (TOPIC, b"a", b"1")
        assert list(record.headers) == [("ce_id", b"x"), ("ce_id", b"y")]

    def test_the_log_goes_on_where_it_ended(self, open_log: OpenLog) -> None:
        for value in (b"1", b"2"):
            log = open_log()
            log.send(TOPIC, key=b"a", value=value)
            log.flush()
            log.close()
        records = list(open_log().read(TOPIC))
        assert [record.value for record in records] == [b"1", b"2"]
        assert records[0].offset < records[1].offset

    def test_every_record_comes_back_byte_for_byte_in_the_order_of_its_key(self, open_log: OpenLog) -> None:
        values = [bytes([number]) * (number + 1) + 'é\n"\\'.encode() for number in range(256)]
        log = open_log()
        for number, value in enumerate(values):
            log.send(TOPIC, key=b"key-%d" % (number % 7), value=value, headers=[("raw", bytes([255 - number]))])
        log.flush()
        by_key: defaultdict[bytes | None, list[Record]] = defaultdict(list)
        for record in log.read(TOPIC):
            by_key[record.key].append(record)
        for rest in range(7):
            found = by_key[b"key-%d" % rest]
            assert [record.value for record in found] == values[rest::7]
            assert [list(record.headers) for record in found] == [
                [("raw", bytes([255 - number]))] for number in range(rest, 256, 7)
            ]

    def test_offsets_grow_within_a_partition(self, open_log: OpenLog) -> None:
        log = open_log()
        for number in range(50):
            log.send(TOPIC, key=b"%d" % number, value=b"x")
        log.flush()
        offsets: defaultdict[int, list[int]] = defaultdict(list)
        for record in log.read(TOPIC):
            offsets[record.partition].append(record.offset)
        assert all(found == sorted(set(found)) for found in offsets.values())
        assert sum(map(len, offsets.values())) == 50

    def test_absent_keys_and_values_stay_absent_and_empty_ones_empty(self, open_log: OpenLog) -> None:
        log = open_log()
        log.send(TOPIC, key=None, value=b"")
        log.send(TOPIC, key=b"", value=None)
        log.flush()
        assert {(record.key, record.value) for record in log.read(TOPIC)} == {(None, b""), (b"", None)}

    def test_topics_are_apart_and_start_empty(self, open_log: OpenLog) -> None:
        log = open_log()
        log.send(TOPIC, key=b"a", value=b"1")
        log.flush()
        assert list(log.read(OTHER_TOPIC)) == []

    def test_the_log_gives_each_record_the_time_at_which_it_took_it(self, open_log: OpenLog) -> None:
        log = open_log()
        for value in (b"1", b"2"):
            log.send(TOPIC, key=b"a", value=value)
            log.flush()
        first, second = log.read(TOPIC)
        # Later than the year 2020: milliseconds, not seconds.
        assert 1_577_836_800_000 < first.timestamp_ms <= second.timestamp_ms
