"""The compose file, without a container engine.

It is parsed, and each of our services' commands runs as a plain process, with that service's environment, against the
embedded broker until its own health check passes. The broker service is compared with the embedded broker's settings.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from eventlog.node.artefacts import read_lock
from eventlog.node.properties import properties
from eventlog.topics import check_topics

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
# What the addresses of a container differ in from those of the loopback interface.
ADDRESSES = {
    "node.id",
    "process.roles",
    "controller.quorum.voters",
    "listeners",
    "advertised.listeners",
    "listener.security.protocol.map",
    "controller.listener.names",
    "inter.broker.listener.name",
    "log.dirs",
}


@pytest.fixture(scope="module")
def services() -> Mapping[str, Any]:
    """The services of the compose file by name."""
    found: Mapping[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    return found


def _environment(service: Mapping[str, Any], bootstrap: str, folder: Path) -> dict[str, str]:
    """What the container would see: the service's variables, with this machine's broker in place of the service's."""
    places = {"broker:19092": bootstrap, "/var/lib/vigil": str(folder / "vigil")}
    given = {name: places.get(value, value) for name, value in service["environment"].items()}
    return {"PATH": f"{BIN}{os.pathsep}{os.defpath}", "HOME": str(folder), **given}


def _is_healthy(service: Mapping[str, Any], environment: Mapping[str, str], folder: Path) -> bool:
    kind, *command = service["healthcheck"]["test"]
    assert kind == "CMD"
    checked = subprocess.run(
        _resolved(command), env=environment, cwd=folder, timeout=30, check=False, capture_output=True
    )
    return checked.returncode == 0


def _resolved(command: list[str]) -> list[str]:
    program = shutil.which(command[0], path=str(BIN))
    assert program is not None, f"{command[0]} is no command of the image"
    return [program, *command[1:]]


@pytest.fixture
def prepared_broker(broker: str, services: Mapping[str, Any], tmp_path: Path) -> str:
    """The shared broker after the one-shot `topics` service has run."""
    service = services["topics"]
    environment = _environment(service, broker, tmp_path)
    subprocess.run(_resolved(service["command"]), env=environment, cwd=tmp_path, timeout=60, check=True)
    return broker


@pytest.fixture
def started() -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Processes by service name, killed after the test."""
    processes: dict[str, subprocess.Popen[bytes]] = {}
    yield processes
    for process in processes.values():
        process.kill()
        process.wait()


def test_there_is_one_image_of_ours_and_a_service_for_every_role(services: Mapping[str, Any]) -> None:
    ours = {name for name, service in services.items() if "build" in service}
    assert ours == {"topics", "ledger", "roller", "projection", "server", "webhooks"}
    assert {services[name]["image"] for name in ours} == {"vigil"}
    assert services["broker"]["image"] == f"apache/kafka:{read_lock().version}"


def test_a_worker_starts_after_its_topics_and_they_after_the_broker(services: Mapping[str, Any]) -> None:
    assert services["topics"]["depends_on"] == {"broker": {"condition": "service_healthy"}}
    for role in ("ledger", "roller", "projection", "webhooks"):
        assert services[role]["depends_on"] == {"topics": {"condition": "service_completed_successfully"}}
    assert services["server"]["depends_on"] == {"projection": {"condition": "service_healthy"}}
    for role in ("ledger", "roller", "projection", "server", "webhooks"):
        assert services[role]["restart"] == "unless-stopped"
        assert services[role]["healthcheck"]["test"]
    assert services["broker"]["healthcheck"]["test"]


def test_the_broker_service_is_set_up_as_the_embedded_broker_is(services: Mapping[str, Any]) -> None:
    environment = services["broker"]["environment"]
    for name, value in properties(data=Path("data"), port=1, controller_port=2).items():
        variable = "KAFKA_" + name.replace(".", "_").upper()
        assert variable in environment
        if name not in ADDRESSES:
            assert environment[variable] == value


def test_the_image_holds_every_package_and_the_locked_requirements() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "--require-hashes -r requirements.lock" in dockerfile
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for package in ("schemas", "timeline", "eventlog", "producers", "processors", "subscribers", "cli"):
        assert f"COPY {package} {package}\n" in dockerfile
        assert f"!{package}" in ignored


def test_the_topics_service_creates_the_topics(prepared_broker: str) -> None:
    check_topics(prepared_broker)


def test_the_server_listens_to_more_than_loopback_only_when_there_is_a_token(
    prepared_broker: str, services: Mapping[str, Any], tmp_path: Path
) -> None:
    service = services["server"]
    environment = _environment(service, prepared_broker, tmp_path)
    refused = subprocess.run(
        _resolved(service["command"]), env=environment, cwd=tmp_path, timeout=60, check=False, capture_output=True
    )
    assert refused.returncode == 1
    assert b"vigil token create" in refused.stderr


@pytest.mark.parametrize("role", ["ledger", "roller", "projection"])
def test_a_workers_command_becomes_healthy_and_stops_cleanly(
    role: str,
    prepared_broker: str,
    services: Mapping[str, Any],
    started: dict[str, subprocess.Popen[bytes]],
    tmp_path: Path,
) -> None:
    service = services[role]
    environment = _environment(service, prepared_broker, tmp_path)
    assert not _is_healthy(service, environment, tmp_path)

    process = subprocess.Popen(_resolved(service["command"]), env=environment, cwd=tmp_path)
    started[role] = process
    deadline = time.monotonic() + 60
    while not _is_healthy(service, environment, tmp_path):
        assert process.poll() is None, f"{role} ended instead of becoming healthy"
        assert time.monotonic() < deadline, f"{role} did not become healthy"
        time.sleep(0.2)

    # As `docker compose stop` does.
    process.terminate()
    assert process.wait(timeout=30) == 0
