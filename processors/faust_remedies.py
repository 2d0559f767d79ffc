"""Faust's remedies: what faust-streaming 0.15.3 needs so that an app without tables loses nothing and works on.

Each remedy has a test in `tests/broker/test_faust_remedies.py` that fails on plain Faust. Versions are pinned exactly:
all of this rests on internals. What plain Faust does, and the remedy:

- A revocation throws away what was acked since the last commit (its issue 502). `on_partitions_revoked` commits first.
- A commit steps over an unacked event or a hole (issue 606). `_new_offset` is the end of the last acked slice: slices
  are acked in order, and a failure ends the process.
- A failing agent acks its event and goes on. `add_agent`: acks by hand, and a supervisor that ends the app.
- Records fetched around a rebalance are dropped, and the position is set back only where something was committed
  before. `_drain_messages` puts back whatever it drops, and `seek_to_committed` knows the start of a partition.
- An emptied set of active partitions means "all" to aiokafka, and full queues mean a second of sleep.
  `_drain_messages` hands out copies, never an empty one, and waits for room.
- Four tasks a record (80 us). One Faust event holds a slice: all records of one partition that one fetch gave.
- From three workers on, partitions of one number of two topics go to different workers. A range for each topic.
- A second of sleep before the first subscription. `QuickTables`.
- Fetches that wait 1.5 s for records, and every seek and stop on the same connection behind them. 0.2 s instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import faust
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faust.auth import Credentials, SASLCredentials, SSLCredentials
from faust.events import Event
from faust.tables.manager import TableManager
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import ConsumerMessage
from mode import CrashingSupervisor

from eventlog.security.cluster import security_of

Slices = Sequence[Any]
"""Faust events, each with the list of records of one partition as value; to be acked in order."""

# How long a fetch waits for records, and so how late a stop is noticed.
_FETCH_SECONDS = 0.2
_FETCH_WAIT_MS = 200
_ROOM_POLL_SECONDS = 0.002
_MOST_SLICES = 64


class SliceThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]  # faust has no types
    """The thread that talks to the broker."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._partition_assignment_strategy = [self.app.assignment_strategy]
        consumer._fetch_max_wait_ms = _FETCH_WAIT_MS
        return consumer

    async def seek_to_committed(self) -> Mapping[Any, int]:
        """Set every assigned partition to its committed offset, to its start when there is none."""
        committed: Mapping[Any, int] = await self.call_thread(self._seek_to_committed)
        return committed

    async def _seek_to_committed(self) -> Mapping[Any, int]:
        consumer = self._ensure_consumer()
        if not consumer.assignment():
            # A worker that stands by; aiokafka would raise.
            return {}
        committed: dict[Any, int] = await consumer.seek_to_committed()
        # aiokafka seeks only where the committed offset is above 0; elsewhere the position would stay behind what was
        # fetched and dropped.
        fresh = [partition for partition, offset in committed.items() if not offset]
        if fresh:
            await consumer.seek_to_beginning(*fresh)
        return committed


class SliceConsumer(driver.Consumer):  # type: ignore[misc]  # faust has no types
    """A consumer that delivers slices: events whose value is the list of one partition's records of one fetch."""

    def _new_consumer_thread(self) -> SliceThread:
        return SliceThread(self, loop=self.loop, beacon=self.beacon)

    async def on_partitions_revoked(self, revoked: set[Any]) -> None:
        """Commit what is acked, then let Faust forget it."""
        # A commit that is under way may have begun before the last acks.
        await self.maybe_wait_for_commit_to_finish()
        await self.commit()
        await super().on_partitions_revoked(revoked)

    def _new_offset(self, tp: Any) -> int | None:
        acked: list[int] = self._acked[tp]
        if not acked:
            return None
        offset = max(acked) + 1
        acked.clear()
        self._acked_index[tp].clear()
        return offset

    async def _drain_messages(self, fetcher: Any) -> None:
        dropped = False
        while not (self.should_stop or fetcher.should_stop):
            if not self.flow_active:
                await self.wait(self.can_resume_flow)
                continue
            generation = self.app.consumer_generation_id
            if dropped:
                dropped = not await self._put_back(generation)
                continue
            active = frozenset(self._get_active_partitions())
            if not active:
                await self.sleep(_FETCH_SECONDS / 10)
                continue
            records = await self._getmany(active, _FETCH_SECONDS)
            dropped = not await self._deliver(records, generation)

    def _is_over(self, generation: int) -> bool:
        return not self.flow_active or generation != self.app.consumer_generation_id

    async def _put_back(self, generation: int) -> bool:
        """Set the positions back to what is committed, before anything of this generation is delivered."""
        try:
            await self.perform_seek()
        except Exception:
            if self._is_over(generation):
                return False
            raise
        return not self._is_over(generation)

    async def _deliver(self, records: Mapping[Any, list[Any]], generation: int) -> bool:
        """Put slices into the agent's queue; False when the generation ended first and some were dropped."""
        for tp, slice_ in records.items():
            for channel in self.app.topics._tp_index[tp]:
                await self._wait_for_room(channel.queue, generation)
                if self._is_over(generation):
                    return False
                message = _message(tp, slice_, generation)
                channel.queue.force_put_nowait(Event(self.app, None, slice_, None, message))
        return not self._is_over(generation)

    async def _wait_for_room(self, queue: Any, generation: int) -> None:
        limit = self.app.conf.broker_max_poll_records
        while not self._is_over(generation) and (
            queue.qsize() >= _MOST_SLICES or sum([len(event.value) for event in queue._queue]) >= limit
        ):
            await asyncio.sleep(_ROOM_POLL_SECONDS)


class QuickTables(TableManager):  # type: ignore[misc]  # faust has no types
    """No tables, so nothing to wait for before the first subscription."""

    async def on_start(self) -> None:
        """Start without the second of sleep that lets tables register."""
        await self._update_channels()
        await self.recovery.start()


class SliceTransport(driver.Transport):  # type: ignore[misc]  # faust has no types
    """Faust's transport with the consumer above."""

    Consumer = SliceConsumer


class SafeApp(faust.App):  # type: ignore[misc]  # faust has no types
    """An app that writes no folder; `assignment_strategy` is aiokafka's, not Faust's."""

    assignment_strategy: Any = RangePartitionAssignor

    def _create_directories(self) -> None:
        """Without tables there is nothing to keep on the disk."""


def build_app(
    app_id: str, *, bootstrap: str, batch: int, session_seconds: float, strategy: Any = RangePartitionAssignor
) -> Any:
    """Return a Faust app with all remedies; its topics must exist. `batch` is the most records of one fetch."""
    app = SafeApp(
        app_id,
        broker=[f"aiokafka://{server}" for server in bootstrap.split(",")],
        broker_credentials=_credentials(bootstrap),
        TableManager=QuickTables,
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        consumer_auto_offset_reset="earliest",
        broker_max_poll_records=batch,
        broker_commit_interval=0.5,
        broker_session_timeout=session_seconds,
        broker_rebalance_timeout=session_seconds,
        broker_heartbeat_interval=min(3.0, session_seconds / 4),
        broker_request_timeout=max(30.0, session_seconds * 2),
        producer_request_timeout=60.0,
    )
    app.assignment_strategy = strategy
    app.transport = SliceTransport(app.conf.broker_consumer, app)
    return app


def _credentials(bootstrap: str) -> Credentials | None:
    """Return what Faust hands to aiokafka as security protocol, TLS context, mechanism, name and password."""
    security = security_of(bootstrap)
    if security is None or security.protocol == "PLAINTEXT":
        return None
    if not security.authenticated:
        return SSLCredentials(security.tls_context())
    # Its protocol is SASL_SSL if and only if there is a context.
    return SASLCredentials(
        username=security.username,
        password=security.password,
        mechanism=security.mechanism,
        ssl_context=security.tls_context(),
    )


def add_agent(app: Any, topics: Sequence[str], take: Callable[[Slices], Awaitable[None]]) -> None:
    """Let `take` have all that waits, batch by batch. It acks the slices; what it raises ends the app."""
    source = app.topic(
        *topics, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw", allow_empty=True
    )

    async def agent(stream: Any) -> None:
        async for event in stream.noack().events():
            await take([event, *waiting_slices(app, stream.channel.queue)])

    app.agent(source, name=f"{app.conf.id}.agent", concurrency=1, supervisor_strategy=CrashingSupervisor)(agent)


def waiting_slices(app: Any, queue: Any) -> list[Any]:
    """Take what waits in an agent's queue, as its stream would: nothing of another generation, all of it tracked."""
    taken = []
    while not queue.empty():
        event = queue.get_nowait()
        message = event.message
        if app.flow_control.is_active() and message.generation_id == app.consumer_generation_id:
            message.tracked = True
            app.consumer._unacked_messages.add(message)
            taken.append(event)
    return taken


def give_up(app: Any, slices: Slices) -> None:
    """Forget slices whose generation is over: whoever is assigned their partitions next reads them again."""
    for event in slices:
        app.consumer._unacked_messages.discard(event.message)


def is_current(app: Any, event: Any) -> bool:
    """Return whether the event's partition is still ours, by all that this process has heard."""
    return bool(app.flow_control.is_active() and event.message.generation_id == app.consumer_generation_id)


def _message(tp: Any, slice_: list[Any], generation: int) -> Any:
    last = slice_[-1]
    message = ConsumerMessage(
        last.topic,
        last.partition,
        last.offset,
        last.timestamp / 1000,
        last.timestamp_type,
        None,
        None,
        None,
        None,
        0,
        0,
        tp,
        generation_id=generation,
    )
    message.incref()
    return message
