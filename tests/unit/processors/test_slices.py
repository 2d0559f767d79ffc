"""What the consumer does with records that a fetch brings while partitions change hands; no broker, no Faust app."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

from faust.types import TP

from processors.faust_remedies import SliceConsumer, SliceThread

PLACE = TP("events", 0)


class Log:
    """One partition of ten records, and a consumer whose fetches are followed by what `events` says."""

    def __init__(self, **events: Callable[[], None]) -> None:
        self.position, self.fetches, self.seeks = 0, 0, 0
        self.queue: asyncio.Queue[Any] = asyncio.Queue()
        self.queue.force_put_nowait = self.queue.put_nowait  # type: ignore[attr-defined]
        self.events = events
        self.consumer: Any = SimpleNamespace(
            app=SimpleNamespace(
                consumer_generation_id=1,
                conf=SimpleNamespace(broker_max_poll_records=100),
                topics=SimpleNamespace(_tp_index={PLACE: [SimpleNamespace(queue=self.queue)]}),
            ),
            should_stop=False,
            flow_active=True,
            can_resume_flow=None,
            _get_active_partitions=lambda: {PLACE},
            _getmany=self.fetch,
            perform_seek=self.seek,
            wait=self.wait,
            sleep=asyncio.sleep,
        )
        for name in ("_is_over", "_put_back", "_deliver", "_wait_for_room"):
            setattr(self.consumer, name, getattr(SliceConsumer, name).__get__(self.consumer))

    async def fetch(self, active: Any, timeout: float) -> dict[TP, list[Any]]:
        self.fetches += 1
        record = SimpleNamespace(topic="events", partition=0, offset=self.position, timestamp=0, timestamp_type=1)
        self.position += 1
        event = self.events.get(f"after_fetch_{self.fetches}")
        if event is not None:
            event()
        self.consumer.should_stop = self.position >= 10
        return {PLACE: [record]}

    async def seek(self) -> None:
        self.seeks += 1
        self.position = 0
        event = self.events.get(f"after_seek_{self.seeks}")
        if event is not None:
            event()

    async def wait(self, _: Any) -> None:
        self.consumer.flow_active = True

    def run(self) -> list[tuple[int, int]]:
        """Offsets and generations of what reached the queue."""
        drain: Callable[..., Awaitable[None]] = SliceConsumer._drain_messages
        asyncio.run(asyncio.wait_for(drain(self.consumer, SimpleNamespace(should_stop=False)), 5))
        delivered = [self.queue.get_nowait().message for _ in range(self.queue.qsize())]
        return [(message.offset, message.generation_id) for message in delivered]


def test_records_reach_the_queue_in_order() -> None:
    assert Log().run() == [(offset, 1) for offset in range(10)]


def test_what_comes_while_the_flow_is_suspended_is_dropped_and_read_again() -> None:
    def suspend() -> None:
        log.consumer.flow_active = False

    log = Log(after_fetch_3=suspend)
    assert log.run() == [(0, 1), (1, 1), *[(offset, 1) for offset in range(10)]]
    assert log.seeks == 1


def test_what_comes_in_another_generation_than_it_was_asked_for_is_dropped_and_read_again() -> None:
    def change_hands() -> None:
        log.consumer.app.consumer_generation_id = 2

    log = Log(after_fetch_2=change_hands)
    assert log.run() == [(0, 1), *[(offset, 2) for offset in range(10)]]


def test_a_seek_that_another_rebalance_overtakes_is_repeated() -> None:
    def suspend() -> None:
        log.consumer.flow_active = False

    def fail() -> None:
        log.consumer.app.consumer_generation_id = 2
        raise RuntimeError("the partitions are with another worker")

    log = Log(after_fetch_2=suspend, after_seek_1=fail)
    assert log.run() == [(0, 1), *[(offset, 2) for offset in range(10)]]
    assert log.seeks == 2


def test_a_full_queue_is_waited_for() -> None:
    log = Log()
    log.consumer.app.conf.broker_max_poll_records = 3

    async def scenario() -> list[int]:
        sizes = []
        drain: Callable[..., Awaitable[None]] = SliceConsumer._drain_messages
        draining = asyncio.ensure_future(drain(log.consumer, SimpleNamespace(should_stop=False)))
        for _ in range(10):
            await asyncio.sleep(0.03)
            sizes.append(log.queue.qsize())
            await log.queue.get()
        await draining
        return sizes

    assert max(asyncio.run(scenario())) == 3


def test_a_worker_without_partitions_has_nothing_to_seek() -> None:
    thread: Any = SimpleNamespace(_ensure_consumer=lambda: SimpleNamespace(assignment=set))
    assert asyncio.run(SliceThread._seek_to_committed(thread)) == {}
