"""The supervisor: keeps every role of the service running, and stops all of them in order.

Rules it keeps:
- Workers stop before the broker that they write to.
- A role that ends is told on stderr and started again, after a pause that doubles while it keeps failing.
- What it says about its processes (`run/up.json`) is written at each change, as a whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from cli.service.role import STEADY_SECONDS, Broker, Role, Worker, delay_seconds, last_words
from cli.service.state import ProcessState
from schemas.errors import Failed

# Exit codes above it are signals.
SIGNALLED = 128


@dataclass(slots=True)
class _Watch:
    """A role under supervision; times are of the monotonic clock."""

    role: Role
    restarts: int = 0
    started: float = 0.0
    due: float | None = None


class Supervisor:
    """Runs workers, and the embedded broker if it is to start one.

    `tell` takes one line for people; `changed` is called whenever `processes()` tells something else than before.
    """

    def __init__(self, *, tell: Callable[[str], None], changed: Callable[[], None]) -> None:
        self._broker: Broker | None = None
        self._workers: list[Worker] = []
        self._watches: list[_Watch] = []
        self._tell = tell
        self._changed = changed

    def start_broker(self, broker: Broker) -> None:
        """Start the broker, wait until clients can use it, and keep it running from now on.

        Raises:
            Failed: it cannot be started at all.
        """
        self._broker = broker
        self._start(broker)

    def start_worker(self, worker: Worker) -> None:
        """Start a worker and keep it running from now on."""
        self._workers.append(worker)
        self._start(worker)

    def look(self) -> None:
        """Start again what has ended and whose pause is over; never raises for a role that fails."""
        now = time.monotonic()
        for watch in self._watches:
            if watch.due is None and (code := watch.role.poll()) is not None:
                self._fell(watch, code, now)
            elif watch.due is not None and now >= watch.due:
                self._start_again(watch)

    def stop(self) -> None:
        """Stop workers, all at once, then the broker; harmless for what does not run."""
        for worker in self._workers:
            worker.ask_to_stop()
        for worker in self._workers:
            worker.wait()
        if self._broker is not None:
            self._broker.ask_to_stop()

    def processes(self) -> tuple[ProcessState, ...]:
        """Return what runs now, as `vigil status` reads it."""
        return tuple(
            ProcessState(
                watch.role.name, watch.role.number, watch.role.pid, "running" if watch.due is None else "restarting"
            )
            for watch in self._watches
        )

    def _start(self, role: Role) -> None:
        role.start()
        self._watches.append(_Watch(role, started=time.monotonic()))
        self._changed()

    def _fell(self, watch: _Watch, code: int, now: float) -> None:
        if now - watch.started >= STEADY_SECONDS:
            watch.restarts = 0
        pause = delay_seconds(watch.restarts)
        watch.due = now + pause
        watch.restarts += 1
        role = watch.role
        # A process that was killed had no time for words; its last line tells of something else.
        why = f": {words}" if code < SIGNALLED and (words := last_words(role.log)) else ""
        self._tell(f"{_name(role)} ended ({_how(code)}{why}); starting it again in {pause:g} s (log: {role.log})")
        self._changed()

    def _start_again(self, watch: _Watch) -> None:
        watch.role.wait()
        bootstrap = self._broker.bootstrap if self._broker is not None else ""
        try:
            watch.role.start()
        except Failed as error:
            pause = delay_seconds(watch.restarts)
            watch.due = time.monotonic() + pause
            watch.restarts += 1
            self._tell(f"{_name(watch.role)} could not be started ({error}); trying again in {pause:g} s")
        else:
            watch.due, watch.started = None, time.monotonic()
            self._tell(f"{_name(watch.role)} runs again (process {watch.role.pid})")
            if self._broker is not None and self._broker.bootstrap != bootstrap:
                self._move_workers(bootstrap, self._broker.bootstrap)
        self._changed()

    def _move_workers(self, old: str, new: str) -> None:
        """The broker's port was taken by another program meanwhile, so the workers look for it in vain."""
        self._tell(f"the broker listens at {new} now; its workers are started again")
        for worker in self._workers:
            worker.arguments = [new if argument == old else argument for argument in worker.arguments]
            worker.ask_to_stop()


def _name(role: Role) -> str:
    return f"{role.name} {role.number}" if role.name != "broker" else role.name


def _how(code: int) -> str:
    return f"signal {code - SIGNALLED}" if code > SIGNALLED else f"exit code {code}"
