"""A role of the service as a child process that never outlives the supervisor, or as the embedded broker."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import orjson

from eventlog import guard
from eventlog.node.embedded import EmbeddedBroker

LOG_BYTES = 10_000_000
TAIL_BYTES = 16_384
MOST_WORDS = 200
FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
# A process that lived so long was not failing at its start; its next restart is the first again.
STEADY_SECONDS = 60.0


class Role(Protocol):
    """What the supervisor runs.

    `pid` is the process that does the work, None while there is none. `start` may be called again after the end; `poll`
    gives the exit code once it has ended; `ask_to_stop` returns at once, `wait` when it has ended.
    """

    name: str
    number: int
    log: Path

    @property
    def pid(self) -> int | None: ...
    def start(self) -> None: ...
    def poll(self) -> int | None: ...
    def ask_to_stop(self) -> None: ...
    def wait(self) -> None: ...


class Worker:
    """A role in a process of its own, under a guard that ends it when the supervisor ends, also by `kill -9`."""

    def __init__(
        self, name: str, number: int, *, arguments: list[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        """`environment` stands in the process's environment, on top of ours."""
        self.name, self.number, self.log = name, number, log
        self.arguments = arguments
        self._environment = environment or {}
        self.pid: int | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; its output is appended to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.old"))
        # -P: a folder `schemas` in the current folder is not ours.
        command = [sys.executable, "-P", "-m", "cli", *self.arguments]
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, str(self.log), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **self._environment},
            # Ctrl-C reaches the supervisor only, which stops its roles in order.
            start_new_session=True,
        )
        told = self._guard.stdout.readline() if self._guard.stdout else b""
        self.pid = int(told) if told else None

    def poll(self) -> int | None:
        """Return the exit code once it has ended, 128 + n after signal n."""
        if self._guard is None:
            return None
        code = self._guard.poll()
        if code is not None:
            self.pid = None
        return code

    def ask_to_stop(self) -> None:
        """Let the guard end the process: SIGTERM, and SIGKILL after a while."""
        if self._guard is not None and self._guard.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._guard.stdin.close()

    def wait(self) -> None:
        """Wait until the process has ended."""
        if self._guard is None:
            return
        self._guard.wait()
        for pipe in (self._guard.stdin, self._guard.stdout):
            if pipe is not None:
                pipe.close()
        self._guard, self.pid = None, None


class Broker:
    """The embedded broker as a role."""

    name, number = "broker", 1

    def __init__(self, folder: Path) -> None:
        self.log = folder / "broker.log"
        self._embedded = EmbeddedBroker(folder)
        self.bootstrap: str = ""

    @property
    def pid(self) -> int | None:
        """Return the process id of Java."""
        state = self._embedded.state
        return state.pid if state is not None and self._embedded.poll() is None else None

    def start(self) -> None:
        """Start the node and wait until clients can use it."""
        self.bootstrap = self._embedded.start()

    def poll(self) -> int | None:
        """Return the exit code once it has ended."""
        return self._embedded.poll()

    def ask_to_stop(self) -> None:
        """Stop the node; this waits, since nothing else is left to stop by then."""
        self._embedded.stop()

    def wait(self) -> None:
        """Nothing is left to wait for."""


def last_words(log: Path) -> str:
    """Return the last line of a log, short: why a process ended, as far as it said so itself."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - TAIL_BYTES))
            lines = stream.read().decode(errors="replace").split("\n")
    except FileNotFoundError:
        return ""
    line = next((line for line in reversed(lines) if line.strip()), "")
    try:
        said = orjson.loads(line)
        line = ": ".join(str(said[name]) for name in ("what", "why", "error") if said.get(name))
    except (orjson.JSONDecodeError, AttributeError, TypeError):
        line = line.removeprefix("vigil: ")
    return line if len(line) <= MOST_WORDS else line[:MOST_WORDS] + "…"


def delay_seconds(restarts: int) -> float:
    """Return how long to wait before this restart in a row (from 0)."""
    return float(min(FIRST_DELAY_SECONDS * 2**restarts, LONGEST_DELAY_SECONDS))
