"""One client of a stream: what is written to it, when it has to hear something, and whether it still takes anything.

Rules kept here:
- One write at a time, of bounded size; nothing is put aside for a client that does not take what was written before.
- Who has not taken anything for `SLOW_SECONDS` is given up; who hears nothing for `HEARTBEAT_SECONDS` gets a heartbeat.
- Who has fallen behind the ring is cut off if it let a write wait for `LATE_SECONDS`, else it is not to blame.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from typing import Final

from starlette.types import Receive, Scope, Send

from subscribers.http.problems import Problem
from subscribers.stream import frames
from subscribers.stream.hub import Hub
from subscribers.stream.positions import Vector

HEARTBEAT_SECONDS: Final = 15.0
SLOW_SECONDS: Final = 30.0
LATE_SECONDS: Final = 2.0
_LOGGER = logging.getLogger("vigil.stream")


class Client:
    """Writes to one client. `wake` is set when there may be something to do for it.

    `cursor` is where it stands in the ring, None while it is not there.
    """

    def __init__(self, hub: Hub, scope: Scope, send: Send) -> None:
        self.wake = asyncio.Event()
        self.cursor: int | None = None
        self._hub, self._scope, self._send = hub, scope, send
        self._gone = self._writing = False
        self._since = time.monotonic()
        self._waited = 0.0
        self._alarm: asyncio.TimerHandle

    @property
    def over(self) -> bool:
        """Whether there is nobody any more, or nothing more is told."""
        return self._gone or self._hub.ended

    @property
    def is_due(self) -> bool:
        """Whether it has heard nothing for so long that it needs a heartbeat."""
        return time.monotonic() - self._since >= HEARTBEAT_SECONDS

    @property
    def is_late(self) -> bool:
        """Whether it let the last write wait."""
        return self._waited >= LATE_SECONDS

    def takes(self, before: int) -> bool:
        """Whether it stands in the ring before this number, and would go on if it were given the time."""
        return self.cursor is not None and self.cursor < before and not self._writing

    async def listen(self, receive: Receive) -> None:
        """Wait until it has gone."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        self.wake.set()

    async def write(self, body: bytes) -> None:
        """Write whole events; returns when the connection takes more."""
        self._writing, self._since = True, time.monotonic()
        await self._send({"type": "http.response.body", "body": body, "more_body": True})
        now = time.monotonic()
        self._writing, self._since, self._waited = False, now, now - self._since

    async def heartbeat(self, position: Vector) -> None:
        """Tell it how far it has come, and whether there is somebody who would know of more."""
        said = "up to date" if self._hub.reached else "no Kafka answers; what is new comes when it is back"
        await self.write(frames.heartbeat(self._hub.text.encode(position), said))

    async def cut_off(self, problem: Problem) -> None:
        """Tell it why it is told nothing more."""
        self._note(problem)
        await self.write(self._farewell(problem))

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Wake it for its heartbeats, and give it up when it takes nothing."""
        self._look_in(HEARTBEAT_SECONDS)
        try:
            yield
        finally:
            self._alarm.cancel()

    def _look_in(self, seconds: float) -> None:
        self._alarm = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        waited = time.monotonic() - self._since
        patience = SLOW_SECONDS if self._writing else HEARTBEAT_SECONDS
        if waited < patience:
            self._look_in(patience - waited)
        elif self._writing:
            self._give_up()
        else:
            self.wake.set()
            self._look_in(HEARTBEAT_SECONDS)

    def _give_up(self) -> None:
        """End the connection from which nothing is taken; what it was sent comes to it, if it ever reads again."""
        problem = slow(f"nothing was taken for {SLOW_SECONDS:g} seconds")
        self._note(problem)
        self._gone = True
        farewell: Callable[[bytes], None] = self._scope["vigil.farewell"]
        farewell(self._farewell(problem))

    def _farewell(self, problem: Problem) -> bytes:
        return frames.event("cut-off", problem.document(self._scope["path"]))

    def _note(self, problem: Problem) -> None:
        self._hub.cut_off += 1
        facts = {"topic": self._hub.topic, "client": self._scope.get("client"), "why": problem.detail}
        _LOGGER.warning("a subscriber is cut off", extra={"facts": facts})


def slow(why: str) -> Problem:
    """Return the problem of a client that takes less than comes."""
    detail = f"{why}; come again with Last-Event-ID, the id of the last event, and nothing is missed"
    return Problem(503, "Too slow", detail, kind="too-slow-to-follow")
