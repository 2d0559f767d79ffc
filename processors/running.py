"""Runs a Faust app as a process of its own: it works, or it ends."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

from processors.log_lines import tell
from processors.settings import WorkerSettings
from processors.watchdog import Watchdog

_STOP_SECONDS = 10.0
_CRASH_SECONDS = 3.0


class Service(Protocol):
    """A Faust app, what surrounds it, and what the watchdog looks at."""

    app: Any

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def duties(self) -> set[tuple[str, int]]: ...
    def busy(self) -> int: ...
    def between_assignments(self) -> bool: ...


def run_service(build: Callable[[], Service], settings: WorkerSettings, *, group: str) -> int:
    """Run until SIGTERM or Ctrl-C (0). After a crash the process ends here, with 1: nothing of Faust is to linger."""
    raise_gc_thresholds()
    return asyncio.run(_run(build, settings, group=group))


def raise_gc_thresholds() -> None:
    """Collect seldom: state is large and lives long, and collections would be the dearest part of a batch."""
    gc.set_threshold(100_000, 50, 100)


async def _run(build: Callable[[], Service], settings: WorkerSettings, *, group: str) -> int:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    service = build()
    Watchdog(service, bootstrap=settings.bootstrap, group=group, stall_seconds=settings.stall_seconds).start()
    started = time.perf_counter()
    starting = loop.create_task(service.start())
    try:
        await _first(starting, stop.wait(), service.app._crashed.wait())
        if starting.done() and not starting.exception():
            tell("started", seconds=round(time.perf_counter() - started, 3))
            await _first(stop.wait(), service.app._crashed.wait(), service.app.wait_until_stopped())
        error = starting.exception() if starting.done() else None
        if error is not None or not stop.is_set():
            await _end_after_crash(service, error or service.app.crash_reason)
        tell("stopping")
        await asyncio.wait_for(service.stop(), _STOP_SECONDS)
    except TimeoutError:
        _end("it did not stop in time", None)
    finally:
        starting.cancel()
    return 0


async def _first(*waits: Any) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task, wait in zip(tasks, waits, strict=True):
        if task is not wait:
            task.cancel()


async def _end_after_crash(service: Service, error: BaseException | None) -> None:
    """End with 1; leave the group first if that is quick, so that nobody has to wait for our session to run out."""
    with contextlib.suppress(Exception):
        # An event that is never acked would hold up the stop for ever.
        service.app.consumer._unacked_messages.clear()
        await asyncio.wait_for(service.app.stop(), _CRASH_SECONDS)
    _end("it crashed", error)


def _end(why: str, error: BaseException | None) -> None:
    trouble = f"{type(error).__name__}: {error}" if error is not None else None
    tell("this worker ends", level=logging.CRITICAL, why=why, error=trouble)
    sys.stderr.flush()
    os._exit(1)
