"""What a running `vigil up` leaves in the folder `run` of its data, for `vigil status` and a second `vigil up`.

`up.lock` is locked as long as the supervisor lives; `up.json` says what it runs. A lock of the kernel's
vanishes with its holder, so nothing that `kill -9` leaves behind is taken for a running service.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from eventlog.locks import lock


@dataclass(frozen=True, slots=True)
class ProcessState:
    """One process of a role. `state` is `starting`, `running` or `restarting`; `pid` is None while there is none."""

    role: str
    number: int
    pid: int | None
    state: str


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A running supervisor, the cluster that its roles use, their processes, and where HTTP is served, if it is."""

    pid: int
    bootstrap: str
    clock: str
    processes: tuple[ProcessState, ...]
    url: str | None = None
    database: str | None = None
    """URL of the read model's database without its password; None is the file in the data folder."""


def take_service_lock(run_folder: Path) -> int | None:
    """Return the descriptor of the lock that makes this process the folder's supervisor, or None if there is one."""
    run_folder.mkdir(parents=True, exist_ok=True)
    # A `vigil status` that looks for a holder holds it itself for a moment.
    return lock(run_folder / "up.lock", wait_seconds=0.3)


def write_state(run_folder: Path, state: ServiceState) -> None:
    """Make this state the folder's, as a whole."""
    half = run_folder / "up.json.new"
    half.write_bytes(orjson.dumps(asdict(state)))
    half.replace(run_folder / "up.json")


def remove_state(run_folder: Path) -> None:
    """From now on no service is told to run here."""
    (run_folder / "up.json").unlink(missing_ok=True)


def read_state(run_folder: Path) -> ServiceState | None:
    """Return the service that runs in this folder, or None. One that only starts has no state yet."""
    if not (run_folder / "up.lock").exists():
        return None
    descriptor = lock(run_folder / "up.lock")
    if descriptor is not None:
        os.close(descriptor)
        return None
    try:
        members = orjson.loads((run_folder / "up.json").read_bytes())
    except FileNotFoundError:
        return None
    members["processes"] = tuple(ProcessState(**process) for process in members["processes"])
    return ServiceState(**members)
