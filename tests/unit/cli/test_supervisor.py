"""The supervisor: what ends is started again after a growing pause, and everything stops in order."""

import dataclasses
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.service.progress import Progress
from cli.service.readiness import group_reports, role_reports
from cli.service.role import LONGEST_DELAY_SECONDS, Worker, delay_seconds, last_words
from cli.service.state import ProcessState, ServiceState, read_state, take_service_lock, write_state
from cli.service.status import other_database
from cli.service.supervisor import Supervisor
from cli.settings import Settings, shown_database


def test_the_pause_doubles_up_to_a_bound() -> None:
    pauses = [delay_seconds(number) for number in range(12)]
    assert pauses[:3] == [0.5, 1.0, 2.0]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_DELAY_SECONDS


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def supervisor(told: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(tell=told.append, changed=lambda: None)
    yield supervisor
    supervisor.stop()


def _worker(tmp_path: Path, *arguments: str) -> Worker:
    return Worker("ledger", 1, arguments=list(arguments), log=tmp_path / "ledger-1.log")


def _until(condition: Callable[[], bool], *, look: Callable[[], None] = lambda: None) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        look()
        time.sleep(0.02)


def test_a_worker_that_fails_is_named_with_its_log_and_started_again(
    tmp_path: Path, supervisor: Supervisor, told: list[str]
) -> None:
    supervisor.start_worker(_worker(tmp_path, "replay", "--archive", "/does/not/exist"))
    _until(lambda: any("runs again" in line for line in told), look=supervisor.look)
    assert told[0].startswith("ledger 1 ended (exit code 1: /does/not/exist: cannot be read")
    assert "); starting it again in 0.5 s (log: " in told[0]
    assert "/does/not/exist: cannot be read" in (tmp_path / "ledger-1.log").read_text()


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("", ""),
        ("first\nvigil: no Kafka answers\n\n", "no Kafka answers"),
        (
            '{"what":"this worker ends","why":"it crashed","error":"KeyError: 1","pid":7}\n',
            "this worker ends: it crashed: KeyError: 1",
        ),
        ('{"what":"stopping"}\n', "stopping"),
        ("[1]\n", "[1]"),
        ("x" * 300, "x" * 200 + "…"),
    ],
)
def test_the_last_words_of_a_process_are_its_last_line(log: str, words: str, tmp_path: Path) -> None:
    assert last_words(tmp_path / "log") == ""
    (tmp_path / "log").write_text(log)
    assert last_words(tmp_path / "log") == words


def test_a_killed_worker_is_told_with_its_signal_and_comes_back(
    tmp_path: Path, supervisor: Supervisor, told: list[str]
) -> None:
    worker = _worker(tmp_path, "replay", "--archive", "/dev/tty-none", "-")
    worker.arguments = ["broker", "start", "--dir", str(tmp_path / "vigil")]
    supervisor.start_worker(worker)
    first = worker.pid
    assert first is not None
    assert supervisor.processes() == (ProcessState("ledger", 1, first, "running"),)
    subprocess.run(["kill", "-9", str(first)], check=True)
    _until(lambda: bool(told), look=supervisor.look)
    assert supervisor.processes() == (ProcessState("ledger", 1, None, "restarting"),)
    assert "signal 9" in told[0]
    _until(lambda: worker.pid not in (None, first), look=supervisor.look)


def test_a_worker_ends_with_whoever_started_it(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from cli.service.role import Worker; "
        f"w = Worker('ledger', 1, arguments=['broker', 'start', '--dir', {str(tmp_path / 'v')!r}], "
        f"log=Path({str(tmp_path / 'log')!r})); w.start(); print(w.pid, flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    owner.kill()
    owner.wait()
    owner.stdout.close()
    _until(lambda: not Path(f"/proc/{pid}").exists())


def test_the_lock_tells_a_running_service_from_what_one_left_behind(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert read_state(folder) is None
    held = take_service_lock(folder)
    assert held is not None
    state = ServiceState(1, "127.0.0.1:1", "log", (ProcessState("broker", 1, 2, "running"),))
    write_state(folder, state)
    assert read_state(folder) == state
    assert take_service_lock(folder) is None
    os.close(held)
    assert read_state(folder) is None


def test_who_looks_into_another_database_than_the_service_is_told_so_without_its_password(tmp_path: Path) -> None:
    given = Settings(dir=tmp_path, database_url="postgresql+psycopg://vigil:secret@db/vigil")
    held = take_service_lock(given.run_folder)
    state = ServiceState(1, "127.0.0.1:1", "log", (), "http://127.0.0.1:8420", shown_database(given))
    write_state(given.run_folder, state)
    assert other_database(given) == ""
    said = other_database(Settings(dir=tmp_path))
    assert "another database, postgresql+psycopg://vigil:***@db/vigil" in said and "secret" not in said
    write_state(given.run_folder, dataclasses.replace(state, database=None))
    assert "the file in its data folder" in other_database(given)
    assert held is not None
    os.close(held)


def test_a_role_is_ready_when_as_many_read_as_live() -> None:
    processes = [ProcessState("broker", 1, 1, "running"), *(ProcessState("ledger", n, n, "running") for n in (1, 2))]
    states = [report.state for report in role_reports(processes, {"ledger": Progress(members=1, lag=7)})]
    assert states == ["running", "starting", "starting"]
    reports = role_reports(processes, {"ledger": Progress(members=2, lag=7)})
    assert [(report.state, report.lag, report.ready) for report in reports] == [
        ("running", None, True),
        ("consuming", 7, True),
        ("consuming", 7, True),
    ]


def test_while_the_broker_does_not_answer_nothing_is_ready() -> None:
    processes = [ProcessState("broker", 1, 1, "running"), ProcessState("ledger", 1, None, "restarting")]
    assert [report.state for report in role_reports(processes, None)] == ["starting", "restarting"]
    assert [report.state for report in group_reports(None)] == ["absent"]


def test_of_a_cluster_elsewhere_the_groups_tell() -> None:
    reports = group_reports({"ledger": Progress(2, 0), "roller": Progress(0, 5)})
    assert [(report.role, report.state, report.lag) for report in reports] == [
        ("broker", "running", None),
        ("ledger", "consuming", 0),
        ("roller", "absent", 5),
    ]
