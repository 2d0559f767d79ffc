"""The embedded broker: Apache Kafka itself as one node on the loopback interface, with a durable data folder.

Rules it keeps:
- One node a folder: two would damage the data. The second start fails at once while the first owner lives; after a
  `kill -9` of the owner it waits until the old Java has ended.
- No orphan: whatever ends the owner ends the broker (see `eventlog.guard`).
- Ready means that a client got metadata; an open port is not enough.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from eventlog import guard
from eventlog.locks import lock
from eventlog.node.artefacts import Artefacts, installed
from eventlog.node.folder import POLL_SECONDS, BrokerState, choose_ports, remove_state, write_state
from eventlog.node.java import Java, find_java
from eventlog.node.properties import format_command, properties, run_command
from eventlog.node.security import NodeSecurity
from eventlog.security.cluster import Cluster, client_options
from eventlog.security.users import set_passwords
from schemas.errors import Failed

# How long the Java of a killed owner may take to end before a new start gives up.
OLD_NODE_SECONDS = guard.STOP_SECONDS + 10.0
LOG_BYTES = 10_000_000


class EmbeddedBroker:
    """One Kafka node on one folder. `start` may be called again after `stop`, or after the node was killed."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        java_options: Sequence[str] = (),
        security: NodeSecurity | None = None,
    ) -> None:
        """`port` None: the one of the last start on this folder when it is free, else any free one.

        With `security` only its users are let in, by SASL_SSL, and may do what the node's access list says.
        """
        self.folder = folder.absolute()
        self._port = port
        self._java_options = java_options
        self._security = security
        self._owner_lock: int | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self.state: BrokerState | None = None

    def start(self, *, timeout_seconds: float = 120.0) -> str:
        """Starts the node and returns its bootstrap address once a client got metadata from it.

        Raises: Failed, with one line, when there is no Java, the folder is in use, or Kafka does not come up; nothing
        is left running then.
        """
        java, artefacts = find_java(), installed()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._own()
        try:
            state = self._launch(java, artefacts, deadline=time.monotonic() + timeout_seconds)
        except BaseException:
            self.stop()
            raise
        write_state(self.folder, state)
        self.state = state
        return state.bootstrap

    @property
    def bootstrap(self) -> str:
        """Where clients reach the running node. Raises: Failed when it was not started."""
        if self.state is None:
            raise Failed(f"the broker on {self.folder} was not started")
        return self.state.bootstrap

    def poll(self) -> int | None:
        """The exit code of a node that has ended by itself (143 after SIGTERM); None while it runs or before it."""
        return self._guard.poll() if self._guard else None

    def wait(self) -> int:
        """Waits until the node ends by itself, or on somebody's `stop_running`; returns its exit code."""
        return self._guard.wait() if self._guard else 0

    def stop(self) -> None:
        """Stops the node cleanly and waits for its end. Harmless when it does not run."""
        if self._guard is not None:
            # The guard ends Java when this end of its pipe closes, by force if it has to.
            self._close_pipes(self._guard)
            self._guard.wait()
            self._guard = None
        if self._owner_lock is not None:
            remove_state(self.folder)
            os.close(self._owner_lock)
            self._owner_lock = None
        self.state = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _own(self) -> None:
        if self._guard is not None:
            if self._guard.poll() is None:
                raise Failed(f"the broker on {self.folder} runs already")
            self._close_pipes(self._guard)
            self._guard = None
        if self._owner_lock is None:
            self._owner_lock = lock(self.folder / "owner.lock")
        if self._owner_lock is None:
            raise Failed(f"another process runs a broker on {self.folder}; stop it, or choose another folder")
        remove_state(self.folder)

    def _launch(self, java: Java, artefacts: Artefacts, *, deadline: float) -> BrokerState:
        node_lock = lock(self.folder / "node.lock", wait_seconds=OLD_NODE_SECONDS)
        if node_lock is None:
            raise Failed(f"the broker of a killed process still runs on {self.folder}; end it by hand")
        try:
            port, controller_port = choose_ports(self.folder, port=self._port)
            log = self._open_log()
            self._format(java, artefacts, log=log, node_lock=node_lock, ports=(port, controller_port))
            settings = self._write_settings(data=self.folder / "data", ports=(port, controller_port))
            pid = self._spawn(run_command(java, artefacts, settings, self._java_options), log=log, node_lock=node_lock)
        finally:
            # Guard and Java hold it from here on, so that it tells when Java has ended and not when we have.
            os.close(node_lock)
        bootstrap = f"127.0.0.1:{port}"
        cluster = Cluster(bootstrap, self._security.of_node if self._security else None)
        self._wait_ready(cluster, log=log, deadline=deadline)
        if self._security is not None:
            set_passwords(cluster, self._security.users)
        return BrokerState(pid=pid, owner=os.getpid(), port=port, bootstrap=bootstrap)

    def _open_log(self) -> "_Log":
        path = self.folder / "broker.log"
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(self.folder / "broker.log.old")
        return _Log(path)

    def _write_settings(self, *, data: Path, ports: tuple[int, int]) -> Path:
        settings = properties(data=data, port=ports[0], controller_port=ports[1], security=self._security)
        path = self.folder / "server.properties"
        # For nobody else to read, from the first byte on: it may hold the node's password.
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()), encoding="utf-8")
        return path

    def _format(self, java: Java, artefacts: Artefacts, *, log: "_Log", node_lock: int, ports: tuple[int, int]) -> None:
        """Prepares the data folder once; under another name first, since an interrupted format would leave a half."""
        data, half = self.folder / "data", self.folder / "data.new"
        if data.exists():
            return
        shutil.rmtree(half, ignore_errors=True)
        settings = self._write_settings(data=half, ports=ports)
        with log.path.open("ab") as output:
            done = subprocess.run(
                format_command(java, artefacts, settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(node_lock,),
                check=False,
            )
        if done.returncode != 0:
            raise Failed(f"Kafka could not format {data}: {log.last_error()}")
        half.rename(data)

    def _spawn(self, command: list[str], *, log: "_Log", node_lock: int) -> int:
        """Starts guard and Java; returns Java's process id."""
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, str(log.path), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(node_lock,),
            # Ctrl-C reaches the owner only, which stops what uses the broker first.
            start_new_session=True,
        )
        told = self._guard.stdout
        line = told.readline() if told else b""
        if not line:
            raise Failed(f"the broker could not be started: {log.last_error()}")
        return int(line)

    def _wait_ready(self, bootstrap: Cluster, *, log: "_Log", deadline: float) -> None:
        while not _answers(bootstrap):
            if self.poll() is not None:
                raise Failed(f"the broker ended while it started: {log.last_error()} (log: {log.path})")
            if time.monotonic() >= deadline:
                raise Failed(f"the broker did not become ready in time: {log.last_error()} (log: {log.path})")
            time.sleep(POLL_SECONDS)

    @staticmethod
    def _close_pipes(process: subprocess.Popen[bytes]) -> None:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


class _Log:
    """The broker's log file from where this start begins in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._start = path.stat().st_size if path.exists() else 0

    def last_error(self) -> str:
        """The last line of this start that tells of an error, else its last line."""
        with self.path.open("rb") as log:
            log.seek(self._start)
            lines = [line.strip() for line in log.read().decode(errors="replace").splitlines() if line.strip()]
        errors = [line for line in lines if "ERROR" in line or "Exception" in line or line.startswith("Caused by")]
        return (errors or lines or ["it wrote nothing to its log"])[-1]


def _answers(bootstrap: Cluster) -> bool:
    """Whether a client gets metadata that names a live broker and a controller."""
    host, port = bootstrap.split(":")
    try:
        # Cheaper than a client and silent, as long as nothing listens.
        socket.create_connection((host, int(port)), timeout=1.0).close()
        client = KafkaAdminClient(**client_options(bootstrap), bootstrap_timeout_ms=5000, request_timeout_ms=5000)
    except (OSError, KafkaError):
        return False
    try:
        cluster = client.describe_cluster()
    except KafkaError:
        return False
    finally:
        client.close()
    return bool(cluster["brokers"]) and cluster["controller_id"] >= 0
