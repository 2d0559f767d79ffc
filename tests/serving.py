"""A server process of a test: starts it on a free port, reads what it logs, ends it by its id."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx

from subscribers.read_model.database import migrate, open_database
from tests.processes import ROOT, until

_RUN = """
import json, sys
from pathlib import Path
from schemas.errors import VigilError
from subscribers.http.serving import run_server
said = json.loads(sys.argv[1])
try:
    sys.exit(run_server(**said | {"dir": Path(said["dir"])}))
except VigilError as error:
    print(error, file=sys.stderr)
    sys.exit(1)
"""


class ServerProcess:
    """A server on 127.0.0.1; `lines` is what it has logged, `url` where it listens once it does."""

    def __init__(
        self, bootstrap: str, folder: Path, *, topic_prefix: str = "", tables: bool = True, **how: Any
    ) -> None:
        self.database_url = f"sqlite:///{folder}/read-model.db"
        if tables:
            self.make_tables()
        said: dict[str, Any] = {"bootstrap": bootstrap, "topic_prefix": topic_prefix, "database_url": self.database_url}
        said |= {"host": "127.0.0.1", "port": 0, "dir": str(folder), **how}
        self.lines: list[dict[str, Any]] = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", _RUN, json.dumps(said)], stderr=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def make_tables(self) -> None:
        """Make the tables of the read model, empty."""
        engine = open_database(self.database_url)
        migrate(engine)
        engine.dispose()

    def client(self) -> httpx.Client:
        """A client, once the server listens."""
        until(lambda: self.find("listening") or self.process.poll() is not None)
        [line] = self.find("listening")
        return httpx.Client(base_url=f"http://127.0.0.1:{line['port']}", timeout=30)

    def find(self, what: str) -> list[dict[str, Any]]:
        """The lines so far that say this."""
        return [line for line in list(self.lines) if line["what"] == what]

    def ended(self, *, seconds: float = 60.0) -> tuple[int, str]:
        """Wait for the end; return the exit code and the last line of stderr."""
        code = self.process.wait(seconds)
        self._reader.join(5)
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()
        return code, self.lines[-1]["what"] if self.lines else ""

    def stop(self) -> int:
        """SIGTERM, unless it has ended; return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.ended(seconds=20)[0]

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            try:
                self.lines.append(json.loads(line))
            except json.JSONDecodeError:
                self.lines.append({"what": line.decode(errors="replace").strip()})
