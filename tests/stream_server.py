"""The HTTP server as a process of its own, with bounds as a test of streams wants them: started, stopped and killed.

`python -m tests.stream_server` is the process. It is the service's own server; only its hubs get other settings, and
its read model is empty.
"""

from __future__ import annotations

import functools
import importlib
import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
START_SECONDS = 60.0


class StreamServer:
    """`settings` are those of the hubs; `constants` of modules of theirs, by names such as `client.SLOW_SECONDS`."""

    def __init__(self, bootstrap: str, topic_prefix: str = "", *, port: int = 0, constants: Any = (), **settings: Any):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = tempfile.TemporaryDirectory(prefix="vigil-server-")
        said = {
            "folder": self._folder.name,
            "bootstrap": bootstrap,
            "prefix": topic_prefix,
            "port": self.port,
            "constants": dict(constants),
            "settings": settings,
        }
        self._log_file = Path(self._folder.name) / "log"
        self._log = self._log_file.open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.stream_server", json.dumps(said)], stderr=self._log, cwd=ROOT
        )
        self._wait_until_it_listens()

    def kill(self) -> None:
        """kill -9; harmless when it has ended."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)
        self._log.close()
        self._folder.cleanup()

    def log(self) -> str:
        """What it has logged so far."""
        return self._log_file.read_text(encoding="utf-8")

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1.0).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        said = self.log()
        self.kill()
        raise AssertionError(f"the server does not listen: {said}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def main() -> int:
    from subscribers.http import serving
    from subscribers.read_model.database import migrate, open_database
    from subscribers.stream.hub import Hub

    said = json.loads(sys.argv[1])
    for name, value in said["constants"].items():
        module, _, constant = name.partition(".")
        setattr(importlib.import_module(f"subscribers.stream.{module}"), constant, value)
    vars(serving)["Hub"] = functools.partial(Hub, **said["settings"])
    url = f"sqlite:///{said['folder']}/read-model.db"
    engine = open_database(url)
    migrate(engine)
    engine.dispose()
    return serving.run_server(
        bootstrap=said["bootstrap"],
        topic_prefix=said["prefix"],
        database_url=url,
        host="127.0.0.1",
        port=said["port"],
        dir=Path(said["folder"]),
    )


if __name__ == "__main__":
    sys.exit(main())
