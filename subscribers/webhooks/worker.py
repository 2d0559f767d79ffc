"""The worker of webhooks: follows what is decided on transitions into the outbox, and delivers to each endpoint.

Rules kept here:
- Each endpoint is a task of its own; the one that follows the log waits for none of them.
- Changes of the endpoints count within a second or two.
- A bug, a full disk, or a log that cannot be read ends the process: it is started again and goes on where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import signal
import time
from collections.abc import Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

from eventlog.locks import lock
from eventlog.log_lines import set_up_logging
from schemas.errors import Failed
from subscribers.log_lines import tell
from subscribers.notifications import follow_decisions
from subscribers.webhooks.delivery import Delivery, World
from subscribers.webhooks.endpoints import MOST_ENDPOINTS, Endpoint, Endpoints
from subscribers.webhooks.messages import Message, messages_of
from subscribers.webhooks.outbox import Outbox
from subscribers.webhooks.posting import open_session, post

LOOK_SECONDS: Final = 1.0
PIECE: Final = 200
"""So many messages are put into the outbox before deliveries have their turn."""
_LOCK: Final = "worker.lock"
# Whoever asks whether a worker runs holds the lock for a moment.
_LOCK_SECONDS: Final = 2.0


def run_webhooks(*, bootstrap: str, topic_prefix: str, dir: Path) -> int:  # noqa: A002 - the name of the setting
    """Send webhooks until SIGTERM; return the exit code.

    Raises:
        Failed: another worker has the folder, the endpoints cannot be read, or the log cannot.
    """
    set_up_logging("webhooks", level="info")
    endpoints = Endpoints(dir / "webhooks")
    with _alone(endpoints.folder), contextlib.closing(Outbox.open(endpoints.folder)) as outbox:
        return asyncio.run(_run(bootstrap, topic_prefix, endpoints, outbox))


def is_worked_on(folder: Path) -> bool:
    """Return whether a worker runs on this folder of webhooks."""
    path = folder / _LOCK
    held = lock(path) if path.exists() else None
    if held is not None:
        os.close(held)
    return path.exists() and held is None


class _Worker:
    """The tasks of the worker. `ended` is done when one of them failed, or the process is to stop."""

    def __init__(self, endpoints: Endpoints, outbox: Outbox, world: World) -> None:
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._endpoints, self._outbox, self._world = endpoints, outbox, world
        self._needed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._deliveries: dict[str, tuple[Delivery, asyncio.Task[None]]] = {}

    def stop(self) -> None:
        if not self.ended.done():
            self.ended.set_result(0)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._look)
        return task

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def follow(self, bootstrap: str, topic_prefix: str) -> None:
        """Put the messages of all that is decided into the outbox; without an endpoint the log is not read at all."""
        await self._needed.wait()
        decisions = follow_decisions(
            bootstrap, now=self._world.now, on_unreadable=_tell_unreadable, topic_prefix=topic_prefix
        )
        async with contextlib.aclosing(decisions):
            async for found in decisions:
                for piece in _pieces(message for heard in found for message in messages_of(heard)):
                    if self._outbox.append(piece):
                        self._wake()
                    await asyncio.sleep(0)

    async def watch(self) -> None:
        """Begin and end deliveries as the endpoints change."""
        seen: object = ()
        while True:
            stamp = self._endpoints.stamp()
            if stamp != seen:
                seen = stamp
                self._settle()
            await asyncio.sleep(LOOK_SECONDS)

    def _settle(self) -> None:
        try:
            all_of_them = self._endpoints.read()
        except Failed as error:
            tell("the endpoints cannot be read, those from before are kept", level=logging.ERROR, why=str(error))
            return
        wanted = {each.id: each for each in all_of_them[:MOST_ENDPOINTS] if each.enabled}
        for endpoint_id, (delivery, task) in list(self._deliveries.items()):
            if wanted.get(endpoint_id) != delivery.endpoint:
                task.cancel()
                del self._deliveries[endpoint_id]
        for endpoint_id in wanted.keys() - self._deliveries.keys():
            self._begin(wanted[endpoint_id])
        self._outbox.forget(but=[each.id for each in all_of_them])
        tell("endpoints", count=len(all_of_them), enabled=len(wanted))

    def _begin(self, endpoint: Endpoint) -> None:
        delivery = Delivery(endpoint, self._outbox, self._world)
        self._deliveries[endpoint.id] = delivery, self.start(delivery.run())
        self._needed.set()

    def _wake(self) -> None:
        for delivery, _ in self._deliveries.values():
            delivery.wake()

    def _look(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not self.ended.done():
            self.ended.set_exception(error)


async def _run(bootstrap: str, topic_prefix: str, endpoints: Endpoints, outbox: Outbox) -> int:
    endpoints.read()  # damaged from the start is a reason to end, later it is not
    loop = asyncio.get_running_loop()
    # A resolver that hangs keeps a thread for half a minute: the endpoints of others must not wait for one.
    loop.set_default_executor(ThreadPoolExecutor(MOST_ENDPOINTS * 2))
    async with open_session() as session:
        world = World(
            post=lambda endpoint, name, body: post(session, endpoint, name, body, now=_now()),
            now=_now,
            sleep=asyncio.sleep,
            chance=random.random,
        )
        worker = _Worker(endpoints, outbox, world)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, worker.stop)
        worker.start(worker.watch())
        worker.start(worker.follow(bootstrap, topic_prefix))
        try:
            return await worker.ended
        finally:
            await worker.end()


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder: two workers on one would send everything twice."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    held = lock(folder / _LOCK, wait_seconds=_LOCK_SECONDS)
    if held is None:
        raise Failed(f"another worker sends the webhooks of {folder} already")
    try:
        yield
    finally:
        os.close(held)


def _pieces(messages: Iterable[Message]) -> Iterator[list[Message]]:
    return iter(partial(lambda them: list(islice(them, PIECE)), iter(messages)), [])


def _tell_unreadable(place: str) -> None:
    tell("a record is no command and counts for nothing", level=logging.WARNING, place=place)


def _now() -> int:
    return time.time_ns() // 1000
