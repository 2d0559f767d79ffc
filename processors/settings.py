"""What a worker is told when it starts; the command line reads it from options and environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemas.groups import LEDGER, PROGRESS, ROLLER
from schemas.topics import TIMELINE


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """Where a worker works, and how patiently.

    `bootstrap` is "host:port[,host:port...]". `prefix` stands before every topic and group name. `batch` is the most
    records that the ledger takes at once, `transaction` the most that the roller writes in one. The session timeout is
    how long a killed worker's partitions wait for another; the watchdog ends a worker that has stood still for
    `stall_seconds`.
    """

    bootstrap: str
    prefix: str = ""
    clock: Literal["live", "log"] = "log"
    batch: int = 4_000
    transaction: int = 5_000
    session_seconds: float = 10.0
    stall_seconds: float = 60.0
    log_level: str = "info"

    @property
    def ledger_group(self) -> str:
        """App id and consumer group of the ledger."""
        return self.prefix + LEDGER

    @property
    def roller_group(self) -> str:
        """App id, consumer group and transactional id of the roller."""
        return self.prefix + ROLLER

    @property
    def progress_group(self) -> str:
        """Group under which the active roller commits how far it has read."""
        return self.prefix + PROGRESS

    def topic(self, name: str) -> str:
        """Return the name of a topic of the topic table on this cluster."""
        return self.prefix + name

    @property
    def timeline(self) -> str:
        """Name of the timeline topic."""
        return self.topic(TIMELINE)
