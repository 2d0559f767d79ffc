"""The delivery to one endpoint: message after message in the order of the outbox, each until it is taken.

One at a time: what an endpoint has is at any moment a beginning of what it is to get, so that `resolved` never comes
before `raised`, and one number says how far it is. Nothing is shared with other endpoints but the outbox, which is read
page by page.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from subscribers.log_lines import tell
from subscribers.webhooks.endpoints import Endpoint
from subscribers.webhooks.outbox import Head, Outbox
from subscribers.webhooks.retries import Outcome, Progress, after, of_revision, wait_seconds

PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class World:
    """What a delivery needs of the world. `post` takes endpoint, message id and body; `now` is in microseconds."""

    post: Callable[[Endpoint, str, bytes], Awaitable[Outcome]]
    now: Callable[[], int]
    sleep: Callable[[float], Awaitable[None]]
    chance: Callable[[], float]


class Delivery:
    """The delivery to one endpoint."""

    def __init__(self, endpoint: Endpoint, outbox: Outbox, world: World) -> None:
        self.endpoint = endpoint
        self._outbox, self._world = outbox, world
        self._more = asyncio.Event()
        self._page: deque[Head] = deque()
        self._progress = of_revision(outbox.progress(endpoint.id), endpoint.revision)
        self._scanned = self._progress.position

    def wake(self) -> None:
        """Tell it that there may be more messages."""
        self._more.set()

    async def run(self) -> None:
        """Deliver for ever, or until the endpoint is gone."""
        self._keep(self._progress)
        while not self._progress.gone:
            self._more.clear()
            head = await self._next()
            if head is None:
                self._pass_unwanted()
                await self._more.wait()
                continue
            await self._world.sleep(wait_seconds(self._progress, self._world.now()))
            await self._try(head)

    async def _next(self) -> Head | None:
        """Return the first message that is to be sent and was not taken yet."""
        while not self._page:
            heads = self._outbox.heads(self._scanned, limit=PAGE)
            if not heads:
                return None
            self._scanned = heads[-1].position
            self._page.extend(head for head in heads if is_due(self.endpoint, head))
            await asyncio.sleep(0)
        return self._page[0]

    def _pass_unwanted(self) -> None:
        if self._scanned > self._progress.position:
            self._keep(replace(self._progress, position=self._scanned))

    async def _try(self, head: Head) -> None:
        message_id, body = self._outbox.message(head.position)
        begun = self._world.now()
        outcome = await self._world.post(self.endpoint, message_id, body)
        now = self._world.now()
        self._keep(after(self._progress, outcome, position=head.position, now=now, chance=self._world.chance()))
        if outcome.taken:
            self._page.popleft()
        self._say(head, outcome, seconds=(now - begun) / 1_000_000, overdue=(now - head.at) / 1_000_000)

    def _keep(self, progress: Progress) -> None:
        self._progress = progress
        self._outbox.save(self.endpoint.id, progress)

    def _say(self, head: Head, outcome: Outcome, *, seconds: float, overdue: float) -> None:
        """Say how a try went; not the address, which may hold a password of its own kind."""
        say = partial(tell, endpoint=self.endpoint.name, position=head.position, status=outcome.status)
        if outcome.taken:
            say("delivered", seconds=round(seconds, 3), overdue_seconds=round(overdue, 3))
            return
        what = "the endpoint is gone, nothing more is sent" if self._progress.gone else "not taken, trying again"
        pause = round(wait_seconds(self._progress, self._world.now()), 3)
        attempts = self._progress.attempts
        say(what, level=logging.WARNING, why=outcome.error, attempts=attempts, pause_seconds=pause)


def is_due(endpoint: Endpoint, head: Head) -> bool:
    """Whether the endpoint is sent this message."""
    return head.at >= endpoint.since and endpoint.wants(head.decision, head.alert)
