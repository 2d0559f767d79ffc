"""A worker that hangs in one way or another, for the test of the watchdog."""

import asyncio
import sys
import time
from typing import Any

from eventlog.log_lines import set_up_logging
from processors.faust_remedies import add_agent, build_app
from processors.running import run_service
from processors.settings import WorkerSettings


class Hanging:
    """Consumes one topic, and hangs at the first record of the bad kind."""

    def __init__(self, settings: WorkerSettings, topic: str, way: str) -> None:
        self.app = build_app(topic, bootstrap=settings.bootstrap, batch=100, session_seconds=6.0)
        self.way, self.topic = way, topic
        self.assigned = False
        add_agent(self.app, [topic], self.take)
        self.app.on_partitions_assigned.connect(self.note_assignment)

    async def start(self) -> None:
        await self.app.start()

    async def stop(self) -> None:
        await self.app.stop()

    def duties(self) -> set[tuple[str, int]]:
        if self.way == "broken":
            raise RuntimeError("the watchdog cannot see")
        return {(self.topic, 0)} if self.assigned else set()

    def busy(self) -> int:
        return int(time.monotonic() * 1000) if self.way == "busy" else 0

    def between_assignments(self) -> bool:
        return not self.assigned

    async def note_assignment(self, _app: Any, _assigned: Any, **_: Any) -> None:
        self.assigned = self.way != "unassigned"

    async def take(self, slices: Any) -> None:
        if any(record.value == b"hang" for event in slices for record in event.value):
            if self.way == "loop":
                time.sleep(1e6)
            await asyncio.sleep(1e6)
        for event in slices:
            event.ack()


if __name__ == "__main__":
    bootstrap, topic, way = sys.argv[1:]
    set_up_logging("hanging", level="info")
    chosen = WorkerSettings(bootstrap=bootstrap, stall_seconds=2.0)
    sys.exit(run_service(lambda: Hanging(chosen, topic, way), chosen, group=topic))
