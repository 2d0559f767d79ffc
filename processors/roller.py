"""The roller: it turns the timeline into aggregates and alerts. The holder of the ticks partition is the active one.

Rules kept here:
- Callbacks of the group protocol set flags and wait for the write in hand; the loop does the rest.
- Revoked: finish the write, wait for the assignment. Kept: go on. Else drop all state.
- A failed or fenced write ends the process: the next one takes over anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from typing import Any

from processors.faust_remedies import Slices, add_agent, build_app
from processors.followed import RulesChanged
from processors.keeping import HolderKeeps
from processors.log_lines import tell
from processors.reign import FINISH_SECONDS, POLL_SECONDS, Lost, Reign
from processors.settings import WorkerSettings
from schemas.topics import PARTITIONS, RULES, TICKS


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
            strategy=HolderKeeps,
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
            await asyncio.wait_for(self._idle.wait(), FINISH_SECONDS)
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
            await asyncio.wait_for(self._idle.wait(), FINISH_SECONDS)

    async def _note_assignment(self, _app: Any, assigned: set[Any], **_: Any) -> None:
        self._holds = (self._ticks, 0) in {(partition.topic, partition.partition) for partition in assigned}
        self._settled.set()
        tell("assigned", generation=self.app.consumer_generation_id, active=self._holds)

    async def _run(self) -> None:
        while not self._stopping:
            await self._settled.wait()
            if not self._holds:
                await asyncio.sleep(POLL_SECONDS / 4)
                continue
            try:
                self._active = True
                await Reign(self._settings, self).rule()
            except Lost:
                tell("handed over")
            except RulesChanged:
                tell("the rules changed, so everything is evaluated again")
            finally:
                self._active = False
            # State that refers to itself and was frozen by the reign would otherwise stay for ever.
            gc.unfreeze()
            gc.collect()

    def note_work(self) -> None:
        """Let the watchdog see that there is work of a kind that commits nothing."""
        self._busy += 1

    async def go_on(self) -> None:
        """Return once it is certain that this roller is the active one. Raises: Lost when it is not."""
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
