"""The command as a person runs it: as a process, with a data folder of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.main import run

HOME = Path(__file__).parents[2]
VIGIL = (sys.executable, "-m", "cli")
START_SECONDS = 60.0


class Vigil:
    """Runs `vigil` on one data folder. No setting of the surroundings reaches it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        clean = {name: value for name, value in os.environ.items() if not name.startswith("VIGIL_")}
        self.environment = {**clean, "VIGIL_DIR": str(folder), "PYTHONPATH": str(HOME)}

    def run(self, *arguments: str, code: int = 0, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*VIGIL, *arguments],
            cwd=HOME,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, f"vigil {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def answer(self, *arguments: str) -> str:
        """Standard output of the command run in this process, which spares the loading of a fresh one."""
        out = io.TextIOWrapper(io.BytesIO())
        with contextlib.redirect_stdout(out):
            code = run(["--dir", str(self.folder), *arguments])
        out.seek(0)
        assert code == 0, arguments
        return out.read()

    def lines(self, *arguments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run(*arguments).stdout.splitlines()]

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen([*VIGIL, *arguments], cwd=HOME, env=self.environment, text=True, **options)

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.start_and_read("status"))
        return found

    def start_and_read(self, *arguments: str) -> str:
        """Standard output whatever the exit code."""
        done = subprocess.run(
            [*VIGIL, *arguments], cwd=HOME, env=self.environment, capture_output=True, text=True, check=False
        )
        return done.stdout

    def pids(self, role: str) -> list[int]:
        return [each["pid"] for each in self.status()["roles"] if each["role"] == role and each["pid"]]

    def processes(self) -> list[int]:
        """Every process of this data folder that lives, whoever its parent is."""
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and str(self.folder).encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
        return found


class Service:
    """A running `vigil up`."""

    def __init__(self, vigil: Vigil, *arguments: str) -> None:
        self.vigil = vigil
        self.log = vigil.folder.with_suffix(".stderr")
        with self.log.open("w") as stderr:
            self.process = vigil.start("up", *arguments, stdout=subprocess.PIPE, stderr=stderr)
        assert self.process.stdout is not None
        self.ready = json.loads(self.process.stdout.readline() or "{}")
        assert self.ready.get("ready"), self.log.read_text()

    def told(self) -> str:
        return self.log.read_text()

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        code = self.process.wait(60)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


def until(condition: Callable[[], bool], *, seconds: float = 60.0) -> None:
    """Poll to a deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


@pytest.fixture(autouse=True, scope="session")
def _no_settings_of_the_surroundings() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("VIGIL_")]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="module")
def vigil(tmp_path_factory: pytest.TempPathFactory) -> Vigil:
    return Vigil(tmp_path_factory.mktemp("service") / "vigil")


@pytest.fixture(scope="module")
def service(vigil: Vigil) -> Iterator[Service]:
    """One service for the module; a test that needs it stopped uses one of its own."""
    service = Service(vigil, "--clock", "log")
    yield service
    if service.process.poll() is None:
        service.stop()
