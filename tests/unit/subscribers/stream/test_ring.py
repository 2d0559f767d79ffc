"""The join of history and live events: wherever a client comes from, it is given each record once and in order.

A log is drawn with gaps in its offsets (markers, aborted records), and servers read it in orders of their own, with
rings of any size. Clients connect, lose the connection in the middle of what they are sent, and come again with the id
of their last event, to any server. What lies before a ring they read from the log, in another order still.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from subscribers.stream.frames import event
from subscribers.stream.positions import PositionText, Vector, covers, moved
from subscribers.stream.ring import ENTRY_BYTES, LOOKED_AT, Ring
from subscribers.stream.told import Told
from tests.sse import Blocks, Event

Log = list[list[int]]
"""By partition the offsets of its records, growing, with gaps."""
Where = tuple[int, int]
PARTITIONS = 3
TEXT = PositionText("log", PARTITIONS)
LOGS = st.lists(
    st.lists(st.integers(1, 3), max_size=12).map(
        lambda steps: [sum(steps[: count + 1]) - 1 for count in range(len(steps))]
    ),
    min_size=PARTITIONS,
    max_size=PARTITIONS,
)
START: Vector = (0,) * PARTITIONS


def told(partition: int, offset: int) -> Told:
    return Told(event("alert", f"[{partition},{offset}]".encode()), {"partition": partition, "offset": offset})


class Server:
    """Reads a log in an order of its own, some records at a time."""

    def __init__(self, log: Log, chance: random.Random) -> None:
        self._log, self._chance = log, chance
        # A server that starts later reads back for a part only.
        start = tuple(chance.randint(0, (records or [0])[-1] + 1) for records in log)
        self.ring = Ring(start, TEXT.encode, records=chance.randint(1, 12), size=10**9)

    def poll(self) -> bool:
        """Take in a few records; whether there were any."""
        waiting = [later(records, at) for records, at in zip(self._log, self.ring.now, strict=True)]
        before = self.ring.end
        for _ in range(self._chance.randint(1, 5)):
            left = [partition for partition, records in enumerate(waiting) if records]
            if left:
                partition = self._chance.choice(left)
                offset = waiting[partition].pop(0)
                self.ring.append(partition, offset, told(partition, offset))
        # A reader's position passes markers: it may lie anywhere up to the next record.
        now = [
            self._chance.randint(at, records[0]) if records else at
            for at, records in zip(self.ring.now, waiting, strict=True)
        ]
        self.ring.settle(tuple(now))
        return self.ring.end != before


def later(records: list[int], offset: int) -> list[int]:
    return [each for each in records if each >= offset]


class Client:
    """Hears what it is sent up to where the connection breaks."""

    def __init__(self, log: Log, passes: Callable[[Any], bool] | None, chance: random.Random) -> None:
        self._log, self._passes, self._chance = log, passes, chance
        self.heard: list[Where] = []
        self.last_id = TEXT.encode(START)

    def connect(self, server: Server, *, breaks_after: int) -> None:
        """Come with the last id, hear for a while, and lose the connection, in the middle of a span or after it."""
        left = breaks_after
        position = TEXT.decode(self.last_id)
        while not covers(position, server.ring.start):
            behind = [number for number in range(PARTITIONS) if position[number] < server.ring.start[number]]
            partition = self._chance.choice(behind)
            following = later(self._log[partition], position[partition])
            # Perhaps further than needed, and beyond what the server has read.
            offset = following[0] if following else server.ring.start[partition] - 1
            position = moved(position, partition, offset + 1)
            if following and self._wanted(partition, offset):
                if not left:
                    return
                left -= 1
                self._hear(Event(id=TEXT.encode(position), data=f"[{partition},{offset}]"))
        at = server.ring.enter(position)
        while left and at.cursor >= server.ring.first:
            if at.cursor < server.ring.end:
                at = server.ring.span(at.cursor, at.own, self._passes, most=self._chance.randint(1, 200))
                blocks = list(Blocks().feed(at.frames))
                for block in blocks[:left]:
                    self._hear(block)
                left -= min(left, len(blocks))
            else:
                if self._chance.random() < 0.5:
                    self.last_id = TEXT.encode(server.ring.position(at.cursor, at.own))  # a heartbeat
                if not server.poll():
                    break

    def _wanted(self, partition: int, offset: int) -> bool:
        return self._passes is None or self._passes(told(partition, offset).members)

    def _hear(self, block: Event) -> None:
        assert block.id is not None
        self.last_id = block.id
        partition, offset = block.json
        self.heard.append((partition, offset))


@given(LOGS, st.sampled_from([None, 2, 3]), st.integers(0, 2**32))
def test_whoever_comes_again_anywhere_hears_each_record_once_and_in_order(
    log: Log, chosen: int | None, seed: int
) -> None:
    passes = None if chosen is None else (lambda members: members["offset"] % chosen == 0)
    chance = random.Random(seed)
    servers = [Server(log, chance) for _ in range(2)]
    client = Client(log, passes, chance)
    for _ in range(chance.randint(0, 8)):
        client.connect(chance.choice(servers), breaks_after=chance.randint(0, 12))
        if chance.random() < 0.5:
            servers[chance.randint(0, 1)] = Server(log, chance)
    whole = Server(log, chance)
    while whole.poll():
        pass
    client.connect(whole, breaks_after=10**6)
    heard_all_once_in_order(client.heard, log, passes)


def heard_all_once_in_order(heard: list[Where], log: Log, passes: Callable[[Any], bool] | None) -> None:
    wanted = [
        (partition, offset)
        for partition, records in enumerate(log)
        for offset in records
        if passes is None or passes({"offset": offset})
    ]
    assert len(heard) == len(set(heard)), "a record was repeated"
    assert sorted(heard) == wanted, "a record was left out"
    assert sorted(heard, key=lambda where: where[0]) == wanted, "the order of a partition was lost"


def _ring(records: int = 10, size: int = 10**9) -> Ring:
    return Ring((0, 0), PositionText("log", 2).encode, records=records, size=size)


def test_a_ring_holds_no_more_records_than_it_may() -> None:
    ring = _ring(records=3)
    for offset in range(5):
        ring.append(0, offset, told(0, offset))
    assert (ring.first, ring.end, ring.start, ring.now) == (2, 5, (2, 0), (5, 0))


def test_a_ring_holds_no_more_bytes_than_it_may() -> None:
    ring = _ring(size=3 * (ENTRY_BYTES + 100))
    for offset in range(5):
        ring.append(0, offset, Told(b"x" * 100, {}))
    assert (ring.first, ring.end) == (2, 5)
    ring.append(0, 5, Told(b"x" * 10**6, {}))
    assert (ring.first, ring.end, ring.size, ring.start) == (6, 6, 0, (6, 0)), (
        "what is too large for it leaves it empty"
    )


def test_a_span_ends_with_the_event_that_fills_it() -> None:
    ring = _ring()
    for offset in range(5):
        ring.append(0, offset, Told(b"x" * 100, {}))
    assert ring.span(0, None, None, most=150).cursor == 2
    assert ring.span(0, None, None, most=10**6).cursor == 5


def test_a_filter_that_nothing_passes_does_not_look_at_everything_at_once() -> None:
    ring = _ring(records=LOOKED_AT * 2)
    for offset in range(LOOKED_AT + 5):
        ring.append(0, offset, told(0, offset))
    at = ring.span(0, None, lambda members: False, most=100)
    assert (at.frames, at.cursor) == (b"", LOOKED_AT)


def test_who_is_up_to_date_goes_on_after_the_markers_that_follow_the_last_record() -> None:
    ring = _ring()
    ring.append(0, 0, told(0, 0))
    ring.settle((2, 0))
    at = ring.enter((2, 0))
    assert (at.cursor, at.own) == (1, None)
    assert ring.position(at.cursor, at.own) == (2, 0)
