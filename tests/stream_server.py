"""A server of streams as a process of its own, with bounds as a test wants them: started, stopped and killed by its id.

`python -m tests.stream_server` is the process; it prints the port on which it listens.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


class StreamServer:
    """`settings` are those of the hubs; `constants` of modules of theirs, by names such as `client.SLOW_SECONDS`."""

    def __init__(self, bootstrap: str, topic_prefix: str = "", *, port: int = 0, constants: Any = (), **settings: Any):
        said = {
            "bootstrap": bootstrap,
            "prefix": topic_prefix,
            "settings": settings,
            "port": port,
            "constants": dict(constants),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.stream_server", json.dumps(said)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the server ended before it listened"
        self.port = int(line)
        self.url = f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self._wait()

    def stop(self) -> int:
        """SIGTERM; return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self._wait()

    def _wait(self) -> int:
        code = self.process.wait(20)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        return code


def _app(said: dict[str, Any], hubs: dict[str, Any], folder: Path) -> Any:
    from subscribers.http.app import build_app
    from subscribers.http.callers import KnownTokens
    from subscribers.http.parts import Parts
    from subscribers.stream.hub import run_hubs

    parts: Any = Parts(
        bootstrap=said["bootstrap"],
        topic_prefix=said["prefix"],
        engine=None,  # type: ignore[arg-type]  # no route of streams asks the database
        hubs=hubs,
        push=None,
        tokens=KnownTokens(folder / "tokens.json", required=False),
        limits=None,
        now=lambda: 0,
    )
    app = build_app(parts)

    @contextlib.asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        running = asyncio.create_task(run_hubs(hubs))
        yield
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running

    app.router.lifespan_context = lifespan
    return app


def main() -> None:
    import tempfile

    import uvicorn

    from subscribers.stream.hub import Hub

    said = json.loads(sys.argv[1])
    for name, value in said["constants"].items():
        module, _, constant = name.partition(".")
        setattr(importlib.import_module(f"subscribers.stream.{module}"), constant, value)
    hubs = {
        name: Hub(name, bootstrap=said["bootstrap"], topic_prefix=said["prefix"], **said["settings"])
        for name in ("alerts", "timeline")
    }

    class Server(uvicorn.Server):
        def handle_exit(self, *arguments: Any) -> None:
            super().handle_exit(*arguments)
            for hub in hubs.values():
                hub.end()

    listener = socket.create_server(("127.0.0.1", said["port"]), backlog=2048)
    with tempfile.TemporaryDirectory() as folder:
        config = uvicorn.Config(
            _app(said, hubs, Path(folder)), http="httptools", log_level="warning", timeout_graceful_shutdown=2
        )
        print(listener.getsockname()[1], flush=True)
        Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
