"""The embedded broker starts, stops, survives and dies as it promises, whatever happens to the process that owns it."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from eventlog.node import embedded as embedded_module
from eventlog.node.embedded import EmbeddedBroker
from eventlog.node.folder import BrokerState, running, stop_running
from eventlog.reading import read_to_end
from eventlog.topics import create_topics
from eventlog.writing import Writer
from schemas.errors import Failed
from schemas.topics import INCIDENTS

OWNER = """
import sys, threading
from pathlib import Path
from eventlog.node.embedded import EmbeddedBroker
try:
    with EmbeddedBroker(Path(sys.argv[1])) as broker:
        print(broker.state.pid, flush=True)
        threading.Event().wait()
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""

Owner = subprocess.Popen[str]


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[Callable[[], Owner]]:
    """Starts a process that runs a broker on `tmp_path / "broker"` and waits until it is ready."""
    owners: list[Owner] = []

    def start() -> Owner:
        command = [sys.executable, "-c", OWNER, str(tmp_path / "broker")]
        # A process group of its own, so that a test can press Ctrl-C in it.
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, process_group=0)
        owners.append(process)
        assert process.stdout is not None
        assert process.stdout.readline().strip().isdigit()
        return process

    yield start
    for process in owners:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
    _wait_until(lambda: running(tmp_path / "broker") is None)


def _wait_until(condition: Callable[[], bool], seconds: float = 25.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def _runs(folder: Path) -> BrokerState:
    state = running(folder)
    assert state is not None
    return state


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _values(bootstrap: str) -> list[bytes | None]:
    async def read() -> list[bytes | None]:
        return [record.value async for batch in read_to_end(bootstrap, INCIDENTS) for record in batch]

    return sorted(asyncio.run(read()), key=repr)


def _write(bootstrap: str, count: int) -> list[bytes | None]:
    values: list[bytes | None] = [b"%05d" % number for number in range(count)]
    with Writer(bootstrap) as writer:
        for value in values:
            writer.send(INCIDENTS, key=value, value=value)
    return values


def test_it_tells_where_it_runs_while_it_runs_and_keeps_its_address(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path)
    assert running(tmp_path) is None
    bootstrap = broker.start()
    assert _runs(tmp_path) == broker.state
    assert _runs(tmp_path).owner == os.getpid()
    assert broker.poll() is None
    pid = _runs(tmp_path).pid
    broker.stop()
    assert running(tmp_path) is None
    assert not _is_alive(pid)
    broker.stop()
    try:
        assert broker.start() == bootstrap
    finally:
        broker.stop()


def test_it_takes_another_port_when_the_last_one_is_taken(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path) as broker:
        assert broker.state is not None
        create_topics(broker.state.bootstrap)
        values = _write(broker.state.bootstrap, 10)
        port = broker.state.port
    with closing(socket.socket()) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with EmbeddedBroker(tmp_path) as broker:
            assert broker.state is not None
            assert broker.state.port != port
            assert _values(broker.state.bootstrap) == values
        with pytest.raises(Failed, match=f"port {port} is in use"):
            EmbeddedBroker(tmp_path, port=port).start()


def test_a_second_start_on_the_folder_fails_with_one_line(tmp_path: Path, owner: Callable[[], Owner]) -> None:
    owner()
    with pytest.raises(Failed, match=r"another process runs a broker on .*; stop it") as failed:
        EmbeddedBroker(tmp_path / "broker").start()
    assert "\n" not in str(failed.value)
    _runs(tmp_path / "broker")


def test_anyone_can_stop_it(tmp_path: Path, owner: Callable[[], Owner]) -> None:
    owner()
    pid = _runs(tmp_path / "broker").pid
    assert stop_running(tmp_path / "broker")
    assert not _is_alive(pid)
    assert running(tmp_path / "broker") is None
    assert not stop_running(tmp_path / "broker")


def test_a_stop_by_another_is_the_exit_code_of_a_clean_stop_to_the_owner(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path) as broker:
        assert stop_running(tmp_path)
        assert broker.wait() == 128 + signal.SIGTERM
        assert broker.poll() == 128 + signal.SIGTERM


def test_ctrl_c_stops_it_cleanly(tmp_path: Path, owner: Callable[[], Owner]) -> None:
    process = owner()
    pid = _runs(tmp_path / "broker").pid
    # As a terminal does: to the whole process group.
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=25) == 0
    assert process.stdout is not None
    assert process.stdout.read() == "interrupted\n"
    assert not _is_alive(pid)
    assert (tmp_path / "broker" / "data" / ".kafka_cleanshutdown").exists()


def test_kill_9_of_the_owner_leaves_no_java_behind(tmp_path: Path, owner: Callable[[], Owner]) -> None:
    process = owner()
    pid = _runs(tmp_path / "broker").pid
    process.kill()
    process.wait()
    _wait_until(lambda: not _is_alive(pid))
    _wait_until(lambda: running(tmp_path / "broker") is None)


def test_kill_9_of_owner_and_guard_leaves_no_java_behind(tmp_path: Path, owner: Callable[[], Owner]) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux tells a child of its parent's death")
    process = owner()
    pid = _runs(tmp_path / "broker").pid
    guard = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    process.kill()
    os.kill(guard, signal.SIGKILL)
    process.wait()
    _wait_until(lambda: not _is_alive(pid))


def test_a_start_right_after_kill_9_of_the_owner_waits_for_the_old_java(
    tmp_path: Path, owner: Callable[[], Owner]
) -> None:
    process = owner()
    state = _runs(tmp_path / "broker")
    create_topics(state.bootstrap)
    values = _write(state.bootstrap, 1000)
    # The old Java cannot end before it is woken, so the new start has to wait.
    os.kill(state.pid, signal.SIGSTOP)
    process.kill()
    process.wait()
    waker = subprocess.Popen(
        [sys.executable, "-c", f"import os, time; time.sleep(1); os.kill({state.pid}, {signal.SIGCONT:d})"]
    )
    with EmbeddedBroker(tmp_path / "broker") as broker:
        assert broker.state is not None
        assert not _is_alive(state.pid)
        assert broker.state.bootstrap == state.bootstrap
        assert _values(broker.state.bootstrap) == values
    waker.wait()


def test_acknowledged_records_survive_kill_9_of_the_node_and_it_can_be_started_again(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path) as broker:
        assert broker.state is not None
        bootstrap = broker.state.bootstrap
        create_topics(bootstrap)
        values = _write(bootstrap, 2000)
        os.kill(broker.state.pid, signal.SIGKILL)
        assert broker.wait() == 128 + signal.SIGKILL
        assert running(tmp_path) is None
        assert broker.start() == bootstrap
        assert _values(bootstrap) == values


def test_a_broker_that_cannot_start_says_why_in_one_line_and_leaves_nothing_running(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path) as broker:
        pass
    (tmp_path / "data" / "meta.properties").write_text("version=1\ncluster.id=other\nnode.id=7\n")
    with pytest.raises(Failed, match=r"the broker ended while it started: .*node id") as failed:
        broker.start()
    assert "\n" not in str(failed.value)
    assert running(tmp_path) is None


def test_a_format_that_was_interrupted_is_done_again(tmp_path: Path) -> None:
    (tmp_path / "data.new").mkdir()
    (tmp_path / "data.new" / "meta.properties").write_text("version=1\n")
    with EmbeddedBroker(tmp_path) as broker:
        assert broker.state is not None
        create_topics(broker.state.bootstrap)


def test_state_that_a_machine_crash_left_behind_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "node.lock").touch()
    (tmp_path / "state.json").write_text('{"pid": 1, "owner": 1, "port": 1, "bootstrap": "127.0.0.1:1"}')
    assert running(tmp_path) is None
    assert not stop_running(tmp_path)


def test_a_start_that_is_not_ready_in_time_fails_and_leaves_nothing_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_module, "_answers", lambda bootstrap: False)
    broker = EmbeddedBroker(tmp_path)
    with pytest.raises(Failed, match="did not become ready in time"):
        broker.start(timeout_seconds=0.5)
    assert running(tmp_path) is None
    assert broker.poll() is None
