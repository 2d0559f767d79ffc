"""What the benchmark measures of a process: CPU, memory, and how far it has read."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from processors.settings import WorkerSettings
from schemas.topics import PARTITIONS

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """CPU time of a process so far, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def peak_mib(pid: int) -> int:
    """The most memory that a process has held."""
    return _memory_mib(pid, "VmHWM")


def resident_mib(pid: int) -> int:
    """The memory that a process holds now."""
    return _memory_mib(pid, "VmRSS")


def _memory_mib(pid: int, name: str) -> int:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status[name].split()[0]) // 1024


class Progress:
    """Watches committed offsets of a group over all partitions of some topics, at little cost."""

    def __init__(self, settings: WorkerSettings, group: str, topics: list[str]) -> None:
        self._client: Any = AIOKafkaConsumer(
            bootstrap_servers=settings.bootstrap, group_id=group, enable_auto_commit=False
        )
        self._partitions = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]

    async def __aenter__(self) -> Progress:
        await self._client.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.stop()

    async def committed(self) -> int:
        """The sum of the committed offsets."""
        return sum([await self._client.committed(partition) or 0 for partition in self._partitions])

    async def wait_for(self, count: int, *, seconds: float = 300.0) -> float:
        """Wait until so many records are committed; return the time (perf_counter)."""
        return await wait_until(lambda: self._reached(count), seconds=seconds)

    async def _reached(self, count: int) -> bool:
        return await self.committed() >= count


async def wait_until(
    condition: Callable[[], Awaitable[bool]], *, seconds: float = 300.0, poll_seconds: float = 0.05
) -> float:
    """Poll to a deadline; return the time (perf_counter) at which it came to pass."""
    deadline = time.perf_counter() + seconds
    while not await condition():
        if time.perf_counter() > deadline:
            raise TimeoutError("it did not come to pass in time")
        await asyncio.sleep(poll_seconds)
    return time.perf_counter()


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
