"""The roller: it turns the timeline into aggregates and alerts. The holder of the ticks partition is the active one.

Rules kept here:
- Takeover, in this order: fence whoever told before, recall what was told, read everything, tell the difference.
- Callbacks of the group protocol set flags and wait for the write in hand; the loop does the rest.
- Revoked: finish the write, wait for the assignment. Kept: go on. Else drop all state.
- A failed or fenced write ends the process: the next one takes over anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeVar

from eventlog.reading import LogReader
from eventlog.record import Record
from processors.faust_remedies import Slices, add_agent, build_app
from processors.followed import Followed, RulesChanged
from processors.log_lines import tell
from processors.outlet import Outgoing, Outlet
from processors.settings import WorkerSettings
from processors.teller import Teller, transactions
from schemas.topics import PARTITIONS, RULES, TICKS
from timeline.telling import ScopeChange

_POLL_SECONDS = 0.2
_PROGRESS_SECONDS = 0.2
_TICK_SECONDS = 3600.0
_FINISH_SECONDS = 3.0
Result = TypeVar("Result")
# Longer work is done in a thread, so that the loop answers the group protocol meanwhile.
_INLINE_RECORDS = 2_000


class Lost(Exception):
    """The ticks partition is with another roller, or this one is to stop."""


class Roller:
    """The Faust app and the task of the active one."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._ticks = settings.topic(TICKS)
        self._holds = self._active = self._stopping = False
        self._busy = 0
        # Set while it is known who holds the partition; cleared between two assignments.
        self._settled = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.app = build_app(
            settings.roller_group,
            bootstrap=settings.bootstrap,
            batch=settings.batch,
            session_seconds=settings.session_seconds,
        )
        add_agent(self.app, [self._ticks], self._take_ticks)
        self.app.on_partitions_revoked.connect(self._note_revocation)
        self.app.on_partitions_assigned.connect(self._note_assignment)
        self.app.task(self._run)

    async def start(self) -> None:
        """Join the group; whoever holds the ticks partition takes over."""
        await self.app.start()

    async def stop(self) -> None:
        """Finish the write in hand and leave."""
        self._stopping = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), _FINISH_SECONDS)
        await self.app.stop()

    def duties(self) -> set[tuple[str, int]]:
        """Return what the active one follows, for the watchdog."""
        if not self._active:
            return set()
        timeline = {(self._settings.timeline, partition) for partition in range(PARTITIONS)}
        return timeline | {(self._ticks, 0), (self._settings.topic(RULES), 0)}

    def busy(self) -> int:
        """Return a number that moves with every step of a takeover, for the watchdog."""
        return self._busy

    def between_assignments(self) -> bool:
        """Return whether it is unknown who holds the partition, for the watchdog."""
        return not self._settled.is_set()

    async def _take_ticks(self, slices: Slices) -> None:
        # The agent is there for its membership; the task reads the ticks themselves.
        for event in slices:
            event.ack()

    async def _note_revocation(self, _app: Any, _revoked: set[Any], **_: Any) -> None:
        self._settled.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), _FINISH_SECONDS)

    async def _note_assignment(self, _app: Any, assigned: set[Any], **_: Any) -> None:
        self._holds = (self._ticks, 0) in {(partition.topic, partition.partition) for partition in assigned}
        self._settled.set()
        tell("assigned", generation=self.app.consumer_generation_id, active=self._holds)

    async def _run(self) -> None:
        while not self._stopping:
            await self._settled.wait()
            if not self._holds:
                await asyncio.sleep(_POLL_SECONDS / 4)
                continue
            try:
                self._active = True
                await _Reign(self).rule()
            except Lost:
                tell("handed over")
            except RulesChanged:
                tell("the rules changed, so everything is evaluated again")
            finally:
                self._active = False

    async def go_on(self) -> None:
        """Return once it is certain that this roller is the active one. Raises: Lost when it is not."""
        self._busy += 1
        await self._settled.wait()
        if self._stopping or not self._holds:
            raise Lost

    @contextlib.asynccontextmanager
    async def write_in_hand(self) -> AsyncIterator[None]:
        """Hold up revocations and stops until the block ends."""
        await self.go_on()
        self._idle.clear()
        try:
            yield
        finally:
            self._idle.set()

    @property
    def settings(self) -> WorkerSettings:
        """What the worker was told."""
        return self._settings


class _Reign:
    """One time of being active, from the takeover on."""

    def __init__(self, roller: Roller) -> None:
        self._roller = roller
        self._settings = roller.settings
        self._teller = Teller(self._settings)
        self._progress: dict[tuple[str, int], int] = {}
        self._progress_at = self._ticked_at = 0.0
        self._step_at = time.perf_counter()

    async def rule(self) -> None:
        """Take over and follow. Raises: Lost, RulesChanged, KafkaError."""
        try:
            self._step("fence")
            await self._teller.start()
            async with LogReader(self._settings.bootstrap, committed=False) as reader:
                followed = Followed(self._settings, reader)
                await self._take_over(followed)
                await self._follow(followed, reader)
        finally:
            # After an error it may wait for a broker that is gone.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._teller.stop(), _FINISH_SECONDS)

    async def _take_over(self, followed: Followed) -> None:
        await self._tick_if_due()
        self._step("recall")
        async for _ in followed.recall():
            await self._roller.go_on()
        self._step("rules")
        await followed.choose_rules()
        self._step("read")
        async for records in followed.read():
            await self._roller.go_on()
            await _off_loop(lambda: followed.apply([records]), len(records))  # noqa: B023  # awaited at once
        self._step("evaluate")
        changes = await asyncio.to_thread(lambda: list(followed.told.differences(followed.rollup, everything=True)))
        self._step("tell", scopes=len(changes))
        await self._tell(followed, changes)
        # All of it stays; collections need not walk through it.
        gc.freeze()
        self._step("follow")

    async def _follow(self, followed: Followed, reader: LogReader) -> None:
        while True:
            await self._roller.go_on()
            batches = await reader.poll(timeout_seconds=_POLL_SECONDS)
            changes = await self._evaluate(followed, batches) if batches else []
            progress = await self._due_progress(reader, idle=not batches)
            if changes or progress:
                await self._tell(followed, changes, progress)
            await self._tick_if_due()

    async def _evaluate(self, followed: Followed, batches: Sequence[Sequence[Record]]) -> list[ScopeChange]:
        def work() -> list[ScopeChange]:
            followed.apply(batches)
            return list(followed.told.differences(followed.rollup, everything=False))

        return await _off_loop(work, sum(map(len, batches)))

    async def _tell(
        self, followed: Followed, changes: list[ScopeChange], progress: dict[tuple[str, int], int] | None = None
    ) -> None:
        """Write the changes, the progress with the last of them."""
        parts = list(transactions(changes)) or [[]]
        for number, part in enumerate(parts, start=1):
            said = (progress or {}) if number == len(parts) else {}
            if part or said:
                async with self._roller.write_in_hand():
                    await self._teller.write(part, progress=said, told=followed.told.confirm)

    async def _due_progress(self, reader: LogReader, *, idle: bool) -> dict[tuple[str, int], int]:
        now = time.monotonic()
        if not idle and now - self._progress_at < _PROGRESS_SECONDS:
            return {}
        positions = await reader.positions()
        if positions == self._progress:
            return {}
        self._progress, self._progress_at = positions, now
        return positions

    async def _tick_if_due(self) -> None:
        now = time.monotonic()
        if self._settings.clock == "live" and (not self._ticked_at or now - self._ticked_at >= _TICK_SECONDS):
            self._ticked_at = now
            async with Outlet(self._settings.bootstrap) as outlet:
                await outlet.write({(self._settings.topic(TICKS), 0): [Outgoing(None, b"")]})

    def _step(self, step: str, **facts: int) -> None:
        """Log that a step of the takeover begins, with how long the one before took."""
        now = time.perf_counter()
        tell("takeover", step=step, since_last=round(now - self._step_at, 3), **facts)
        self._step_at = now


async def _off_loop(work: Callable[[], Result], records: int) -> Result:
    return await asyncio.to_thread(work) if records > _INLINE_RECORDS else work()
