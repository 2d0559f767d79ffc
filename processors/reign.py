"""A reign: one time of being the active roller, from the takeover on.

Rules kept here:
- Takeover, in this order: fence whoever told before, recall what was told, read everything, tell the difference. Recall
  before the fence would miss what the other still commits.
- Everything is evaluated before a transaction begins.
- What may take long is done in a thread, so that the loop answers the group protocol meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

from eventlog.reading import LogReader
from eventlog.record import Record
from processors.followed import Followed
from processors.log_lines import tell
from processors.outlet import Outgoing, Outlet
from processors.settings import WorkerSettings
from processors.teller import Progress, Teller, transactions
from schemas.topics import TICKS
from timeline.telling import ScopeChange

POLL_SECONDS = 0.2
FINISH_SECONDS = 3.0
_SECOND_LOOK_SECONDS = 0.003
_PROGRESS_SECONDS = 0.2
_TICK_SECONDS = 3600.0
_INLINE_RECORDS = 2_000
_LONGEST_WORK_SECONDS = 600

Result = TypeVar("Result")


class Lost(Exception):
    """The ticks partition is with another roller, or this one is to stop."""


class Claim(Protocol):
    """What makes a roller the active one."""

    async def go_on(self) -> None:
        """Return once it is certain that this roller is the active one. Raises: Lost when it is not."""

    def note_work(self) -> None:
        """Let the watchdog see that there is work of a kind that commits nothing."""

    def write_in_hand(self) -> AbstractAsyncContextManager[None]:
        """Hold up revocations and stops until the block ends. Raises: Lost, as `go_on`."""


class Reign:
    """One time of being active, from the takeover on."""

    def __init__(self, settings: WorkerSettings, claim: Claim) -> None:
        self._settings, self._claim = settings, claim
        self._teller = Teller(self._settings)
        self._progress: Progress = {}
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
                await asyncio.wait_for(self._teller.stop(), FINISH_SECONDS)

    async def _take_over(self, followed: Followed) -> None:
        await self._tick_if_due()
        self._step("recall")
        async for _ in followed.recall():
            self._claim.note_work()
            await self._claim.go_on()
        self._step("rules")
        await followed.choose_rules()
        self._step("read")
        async for records in followed.read():
            self._claim.note_work()
            await self._claim.go_on()
            await self._work(lambda: followed.apply([records]), len(records))  # noqa: B023  # awaited at once
        self._step("evaluate")
        changes = await self._work(lambda: list(followed.told.differences(followed.rollup, everything=True)))
        self._step("tell", scopes=len(changes))
        await self._tell(followed, changes)
        # All of it stays; collections need not walk through it.
        gc.freeze()
        self._step("follow")

    async def _follow(self, followed: Followed, reader: LogReader) -> None:
        while True:
            await self._claim.go_on()
            batches = await self._poll(reader)
            if batches:
                await self._tell(followed, await self._evaluate(followed, batches))
            progress = await self._due_progress(reader, idle=not batches)
            if progress:
                await self._write(followed, [], progress)
            await self._tick_if_due()

    async def _poll(self, reader: LogReader) -> list[list[Record]]:
        """Return what there is. The client fetches nothing of a partition while it holds records of it, so what came
        during the last settlement is only fetched now: without a second look it would wait for one settlement more."""
        batches = await reader.poll(timeout_seconds=POLL_SECONDS)
        if batches and sum(map(len, batches)) <= _INLINE_RECORDS:
            batches += await reader.poll(timeout_seconds=_SECOND_LOOK_SECONDS)
        return batches

    async def _evaluate(self, followed: Followed, batches: Sequence[Sequence[Record]]) -> list[ScopeChange]:
        def work() -> list[ScopeChange]:
            followed.apply(batches)
            return list(followed.told.differences(followed.rollup, everything=False))

        return await self._work(work, sum(map(len, batches)))

    async def _work(self, work: Callable[[], Result], records: int | None = None) -> Result:
        """Do it at once, or in a thread when it may be long; the watchdog waits for it, but not for ever."""
        if records is not None and records <= _INLINE_RECORDS:
            return work()
        working = asyncio.ensure_future(asyncio.to_thread(work))
        for _ in range(_LONGEST_WORK_SECONDS):
            if working.done():
                break
            await asyncio.wait({working}, timeout=1.0)
            self._claim.note_work()
        return await working

    async def _tell(self, followed: Followed, changes: list[ScopeChange]) -> None:
        for part in transactions(changes, most=self._settings.transaction):
            await self._write(followed, part, {})

    async def _write(self, followed: Followed, part: list[ScopeChange], progress: Progress) -> None:
        async with self._claim.write_in_hand():
            await self._teller.write(part, progress=progress, told=followed.told.confirm)

    async def _due_progress(self, reader: LogReader, *, idle: bool) -> Progress:
        """Return how far has been read and told, for a transaction of its own: the broker begins it only when the one
        before shows in every partition, so whoever sees the progress sees its effects."""
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
        self._claim.note_work()
        tell("takeover", step=step, since_last=round(now - self._step_at, 3), **facts)
        self._step_at = now
