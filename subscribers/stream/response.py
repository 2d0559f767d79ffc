"""The answer to a request for a stream: what was missed, what comes, heartbeats, and in the end why it ends.

History and live events join by position: a client enters the ring once its position covers what the ring begins with.
"""

from __future__ import annotations

import asyncio
import random
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from subscribers.http.problems import Problem
from subscribers.stream import frames
from subscribers.stream.catching_up import catch_up
from subscribers.stream.client import Client, slow
from subscribers.stream.hub import Hub
from subscribers.stream.positions import Vector
from timeline.filters import Filters

# After a restart all clients come again; not all in the same moment.
RETRY_MS: Final = (1_000, 3_000)
_END: Final = "the server ends; come again with the id of your last event"


class StreamResponse(Response):
    """The events that follow a position which the hub has placed, as far as they pass."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, position: Vector, filters: Filters) -> None:
        self._hub, self._position, self._filters = hub, position, filters
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Deliver until the client has gone, is cut off, or the process ends."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        client = Client(self._hub, scope, send)
        listening = asyncio.create_task(client.listen(receive))
        try:
            with self._hub.joined(client), client.watched():
                await self._deliver(client)
        finally:
            listening.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _deliver(self, client: Client) -> None:
        retry = random.randint(*RETRY_MS)  # noqa: S311 - not a secret
        try:
            await client.write(frames.opening(self._hub.text.encode(self._position), retry_ms=retry))
            position = self._position
            while not client.over:
                position = await catch_up(self._hub, client, position, self._filters)
                position = await self._follow(client, position)
        except Problem as problem:
            await client.cut_off(problem)
        else:
            await client.write(frames.comment(_END))

    async def _follow(self, client: Client, position: Vector) -> Vector:
        """Deliver what is in the ring and what comes; return the position when it has fallen behind the ring.

        Raises:
            Problem: it did so because it takes too little.
        """
        ring = self._hub.ring
        at = ring.enter(position)
        while not client.over and at.cursor >= ring.first:
            client.wake.clear()
            client.cursor = at.cursor
            if at.cursor < ring.end:
                at = self._hub.span(at.cursor, at.own, self._filters)
                position = ring.position(at.cursor, at.own)
                if at.frames:
                    await client.write(at.frames)
                # A quick client with much to take would keep all others waiting.
                await asyncio.sleep(0)
            elif client.is_due:
                await client.heartbeat(ring.position(at.cursor, at.own))
            else:
                await client.wake.wait()
        client.cursor = None
        if at.cursor < ring.first and client.is_late:
            raise slow("more came than is kept for those who follow")
        return position
