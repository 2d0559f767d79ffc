"""The folder of an embedded broker: its locks, its ports, and the state that tells other processes where it listens.

| file | content |
|---|---|
| `owner.lock` | locked by the process that started the broker, as long as it lives |
| `node.lock` | locked by the broker itself (guard and Java inherit it), so it is free only when Java has ended |
| `state.json` | written once the broker is ready, removed when it ended or starts again |
| `ports.json` | the ports of the last start, taken again while they are free, so that clients' addresses stay valid |
| `server.properties`, `broker.log`, `data/` | Kafka's settings, output and data |
"""

import json
import os
import random
import signal
import socket
import time
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from eventlog.locks import is_locked
from schemas.errors import Failed

# Below the range from which systems give ports to outgoing connections: a client that retries a stopped broker's port
# inside that range can be connected to itself and so occupy it.
PORT_RANGE = range(20000, 32000)
POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class BrokerState:
    """A running broker: process ids of Java and of the process that started it, and where it listens."""

    pid: int
    owner: int
    port: int
    bootstrap: str


def running(folder: Path) -> BrokerState | None:
    """The broker that runs on this folder and is ready, whoever started it."""
    try:
        state = BrokerState(**json.loads((folder / "state.json").read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    return state if is_locked(folder / "node.lock") else None


def stop_running(folder: Path, *, timeout_seconds: float = 30.0) -> bool:
    """Stops the broker that runs on this folder, whoever started it; False when none does.

    Raises: Failed when it has not ended in time.
    """
    state = running(folder)
    if state is None:
        return False
    with suppress(ProcessLookupError):
        os.kill(state.pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout_seconds
    while is_locked(folder / "node.lock"):
        if time.monotonic() >= deadline:
            raise Failed(f"the broker (process {state.pid}) did not stop within {timeout_seconds:g} s; kill it by hand")
        time.sleep(POLL_SECONDS)
    return True


def write_state(folder: Path, state: BrokerState) -> None:
    """Makes this state the folder's, as a whole."""
    half = folder / "state.json.new"
    half.write_text(json.dumps(asdict(state)), encoding="utf-8")
    half.replace(folder / "state.json")


def remove_state(folder: Path) -> None:
    """From now on no broker is told to run here."""
    (folder / "state.json").unlink(missing_ok=True)


def choose_ports(folder: Path, *, port: int | None) -> tuple[int, int]:
    """Two free loopback ports, for clients and for the controller: those of the last start where they are free.

    Raises: Failed when the port asked for is taken.
    """
    if port is not None and not _is_free(port):
        raise Failed(f"port {port} is in use; name another or none")
    try:
        last_port, last_controller_port = json.loads((folder / "ports.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        last_port = last_controller_port = 0
    chosen = port or (last_port if last_port and _is_free(last_port) else _free_port(without=last_controller_port))
    kept = last_controller_port and last_controller_port != chosen and _is_free(last_controller_port)
    controller_port = last_controller_port if kept else _free_port(without=chosen)
    (folder / "ports.json").write_text(json.dumps([chosen, controller_port]), encoding="utf-8")
    return chosen, controller_port


def _free_port(*, without: int) -> int:
    for _ in range(1000):
        port = random.choice(PORT_RANGE)  # noqa: S311 - not a secret
        if port != without and _is_free(port):
            return port
    raise Failed(f"no free port between {PORT_RANGE.start} and {PORT_RANGE.stop}")


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        # As servers do: a port whose last connections still linger is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
