"""Whether every role does its work: what the supervisor knows of its processes, joined with what their groups tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cli.service.progress import Progress
from cli.service.state import ProcessState

_WORKING = {"server": "serving"}


@dataclass(frozen=True, slots=True)
class RoleReport:
    """One process of a role, as `vigil status` prints it.

    `state`: `running` (the broker answers), `consuming`, `serving`, `starting` (the process lives but does not work
    yet), `restarting` (it ended and its pause is not over), `absent`. `lag` is that of the role, None where it is not
    known.
    """

    role: str
    pid: int | None
    state: str
    lag: int | None

    @property
    def ready(self) -> bool:
        """Whether it does its work."""
        return self.state in ("running", "consuming", "serving")


def role_reports(processes: Iterable[ProcessState], progress: Mapping[str, Progress] | None) -> list[RoleReport]:
    """Return a report for each process of a supervisor; `progress` is None while the broker does not answer."""
    processes = list(processes)
    alive = Counter(process.role for process in processes if process.state == "running")
    return [_report(process, alive[process.role], progress) for process in processes]


def group_reports(progress: Mapping[str, Progress] | None) -> list[RoleReport]:
    """Return a report for each role of a cluster whose processes are started elsewhere."""
    if progress is None:
        return [RoleReport("broker", None, "absent", None)]
    return [
        RoleReport("broker", None, "running", None),
        *(
            RoleReport(role, None, _WORKING.get(role, "consuming") if found.members else "absent", found.lag)
            for role, found in progress.items()
        ),
    ]


def _report(process: ProcessState, alive: int, progress: Mapping[str, Progress] | None) -> RoleReport:
    found = progress.get(process.role) if progress is not None else None
    lag = found.lag if found is not None else None
    if process.state != "running":
        return RoleReport(process.role, process.pid, process.state, lag)
    if process.role == "webhooks":
        # Each endpoint has a lag of its own: `vigil webhook list` tells.
        return RoleReport(process.role, process.pid, "running", None)
    if process.role == "broker":
        return RoleReport(process.role, process.pid, "starting" if progress is None else "running", None)
    # A group tells its members and not which process each is: all of a role read, or it is still starting.
    reads = found is not None and found.members >= alive
    working = _WORKING.get(process.role, "consuming")
    return RoleReport(process.role, process.pid, working if reads else "starting", lag)
