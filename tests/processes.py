"""Worker processes of a test: start them, read what they log, stop, continue and kill them, each by its own id."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from processors.settings import WorkerSettings

ROOT = Path(__file__).parent.parent
Line = dict[str, Any]


class WorkerProcess:
    """A ledger or a roller as a process of its own. `lines` is what it has logged so far."""

    def __init__(self, role: str, settings: WorkerSettings) -> None:
        self.role, self.settings = role, settings
        self.lines: list[Line] = []
        self.started = time.monotonic()
        said = json.dumps(dataclasses.asdict(settings))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.processes", role, said],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            try:
                self.lines.append(json.loads(line))
            except json.JSONDecodeError:
                self.lines.append({"what": "other output", "text": line.decode(errors="replace")})

    def find(self, what: str, **facts: object) -> list[Line]:
        """The lines so far that say this."""
        return [
            line
            for line in list(self.lines)
            if line["what"] == what and all(line.get(name) == fact for name, fact in facts.items())
        ]

    def wait_for(self, what: str, *, seconds: float = 30.0, times: int = 1, **facts: object) -> Line:
        """Wait until it has said this so often; return the last such line."""
        until(lambda: len(self.find(what, **facts)) >= times or self.process.poll() is not None, seconds=seconds)
        found = self.find(what, **facts)
        assert len(found) >= times, f"{self.role} ended ({self.process.poll()}) before {what}: {self.lines[-3:]}"
        return found[-1]

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def halt_at(self, moment: str, number: int) -> None:
        """Let it freeze by itself as soon as it comes to this phase or step for so manyth time from now on."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([moment, number]).encode() + b"\n")
        self.process.stdin.flush()

    def is_halted(self) -> bool:
        """Whether it stands still."""
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def kill(self) -> None:
        """kill -9, whatever state it is in."""
        if self.process.poll() is None:
            self.signal(signal.SIGKILL)
        self.process.wait()
        self._close()

    def stop(self, *, seconds: float = 20.0) -> int:
        """SIGTERM; return the exit code."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        code = self.process.wait(seconds)
        self._close()
        return code

    def _close(self) -> None:
        self._reader.join(5)
        for pipe in (self.process.stdin, self.process.stderr):
            if pipe is not None:
                pipe.close()


def until(condition: Callable[[], object], *, seconds: float = 30.0, poll_seconds: float = 0.01) -> None:
    """Poll to a deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(poll_seconds)


def main() -> int:
    from processors.worker import run_ledger, run_roller

    role, said = sys.argv[1:]
    settings = WorkerSettings(**json.loads(said))
    halt = _Halt()
    logging.getLogger("vigil.processors").addFilter(halt)
    threading.Thread(target=_obey_parent, args=(halt,), daemon=True).start()
    return {"ledger": run_ledger, "roller": run_roller}[role](settings)


class _Halt(logging.Filter):
    """Freezes the process where it logs a phase or step, so that it can be met there exactly."""

    def __init__(self) -> None:
        super().__init__()
        self._moment, self._left = "", 0

    def arm(self, moment: str, number: int) -> None:
        self._moment, self._left = moment, number

    def filter(self, record: logging.LogRecord) -> bool:
        facts = getattr(record, "facts", {})
        if self._left and self._moment in (facts.get("phase"), facts.get("step")):
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGSTOP)
        return True


def _obey_parent(halt: _Halt) -> None:
    """End when the test does, however it ends: the pipe closes then."""
    for line in sys.stdin:
        halt.arm(*json.loads(line))
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
