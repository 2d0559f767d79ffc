"""How far the roles have read: from the committed offsets of their groups, and what is left up to the topics' ends.

No worker has to be asked: whatever runs wherever, its group's offsets tell, and the positions in the read model.
"""

from __future__ import annotations

import contextlib
import http.client
import time
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError, UnknownTopicOrPartitionError

from eventlog.reaching import reach
from eventlog.security.cluster import client_options
from schemas.errors import Failed, Transient
from schemas.groups import LEDGER, PROGRESS, ROLLER
from schemas.topics import AGGREGATES, ALERTS, COMMANDS, INCIDENTS, POLITICAL, RULES, TICKS, TIMELINE, TOPICS

CONNECT_MS = 3000
HEALTH_SECONDS = 2.0
# A projection looks at the log's end every two seconds, also when nothing comes.
FRESH_SECONDS = 10.0
PROJECTED = (TIMELINE, AGGREGATES, ALERTS, COMMANDS, RULES)
SETTLE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class RoleGroup:
    """The group whose members are the role's workers, the group that holds its offsets, and the topics it reads."""

    members: str
    offsets: str
    topics: tuple[str, ...]


GROUPS = {
    "ledger": RoleGroup(LEDGER, LEDGER, (INCIDENTS, POLITICAL)),
    "roller": RoleGroup(ROLLER, PROGRESS, (TIMELINE, RULES)),
}
_PARTITIONS = {topic.name: topic.partitions for topic in TOPICS}


@dataclass(frozen=True, slots=True)
class Progress:
    """Workers that may read, or serve, and how many records are left to read: None where that is not known."""

    members: int
    lag: int | None


@dataclass(frozen=True, slots=True)
class Served:
    """What the service does beside the log: the database of its read model, and where it serves HTTP."""

    database_url: str
    url: str


def read_progress(bootstrap: str, *, topic_prefix: str, served: Served | None = None) -> dict[str, Progress]:
    """Return how far each role is. Raises: Transient when no broker answers."""
    reader = ProgressReader(bootstrap, topic_prefix=topic_prefix)
    try:
        progress = reader.read()
        if served is not None:
            # After the roller: when that has nothing left, all that it wrote is in these ends.
            progress["projection"] = reader.projection(served.database_url)
            progress["server"] = Progress(int(is_well(served.url)), None)
        return progress
    finally:
        reader.close()


def read_ends(bootstrap: str, *, topic_prefix: str) -> dict[str, int]:
    """Return by topic how much the roles could ever have read of it. Raises: Transient when no broker answers."""
    reader = ProgressReader(bootstrap, topic_prefix=topic_prefix)
    try:
        return reader.ends()
    finally:
        reader.close()


class ProgressReader:
    """Asks a cluster how far each role is. Raises Transient from every method while no broker answers."""

    def __init__(self, bootstrap: str, *, topic_prefix: str) -> None:
        self._prefix = topic_prefix
        try:
            reach(bootstrap)
        except Failed as error:
            raise Transient(str(error)) from error
        with _asking(bootstrap):
            self._admin: Any = KafkaAdminClient(**client_options(bootstrap), bootstrap_timeout_ms=CONNECT_MS)
        self._bootstrap = bootstrap

    def close(self) -> None:
        """End the connection."""
        self._admin.close()

    def read(self) -> dict[str, Progress]:
        """Return the progress of each role, in the order in which records pass through them.

        The order matters: when the ledger has nothing left, all that it wrote is in the roller's ends, read after that.
        """
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            try:
                with _asking(self._bootstrap):
                    return {role: self._progress(group) for role, group in GROUPS.items()}
            except Transient:
                # A fresh cluster makes the topic of its groups when they are first asked for.
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.1)

    def projection(self, database_url: str) -> Progress:
        """Return how far the read model is; 0 members when nobody has looked after it for some seconds."""
        from cli.service.projected import read_projected  # noqa: PLC0415 - SQL takes time to load

        found = read_projected(database_url)
        if found is None:
            return Progress(0, None)
        partitions = self._partitions(PROJECTED)
        with _asking(self._bootstrap):
            ends = self._admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
        read = found.next_offsets
        lag = sum(max(0, ends[each].offset - read.get((each.topic, each.partition), 0)) for each in partitions)
        return Progress(int(found.age_seconds < FRESH_SECONDS), lag)

    def ends(self) -> dict[str, int]:
        """Return the sum of the end offsets of each topic that decides what stands."""
        topics = [*(topic for group in GROUPS.values() for topic in group.topics), TICKS]
        with _asking(self._bootstrap):
            ends = self._admin.list_partition_offsets(dict.fromkeys(self._partitions(topics), OffsetSpec.LATEST))
        sums = dict.fromkeys((self._prefix + topic for topic in topics), 0)
        for partition, found in ends.items():
            sums[partition.topic] += found.offset
        return sums

    def _partitions(self, topics: Iterable[str]) -> list[TopicPartition]:
        return [TopicPartition(self._prefix + topic, n) for topic in topics for n in range(_PARTITIONS[topic])]

    def _progress(self, group: RoleGroup) -> Progress:
        partitions = self._partitions(group.topics)
        committed = self._committed(self._prefix + group.offsets)
        ends = self._admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
        lag = sum(max(0, ends[each].offset - committed.get(each, 0)) for each in partitions)
        return Progress(self._members(self._prefix + group.members), lag)

    def _committed(self, group: str) -> dict[TopicPartition, int]:
        offsets = self._admin.list_group_offsets([group])[group]
        return {partition: found.offset for partition, found in offsets.items() if found.offset >= 0}

    def _members(self, group: str) -> int:
        """Members of a group that has settled who reads what; 0 while it rebalances."""
        found = self._admin.describe_groups([group])[group]
        return len(found["members"]) if found["group_state"] == "Stable" else 0


def is_well(url: str) -> bool:
    """Whether what serves HTTP there is well."""
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=HEALTH_SECONDS) as answer:  # noqa: S310 - our own URL
            return bool(answer.status == HTTPStatus.OK)
    except (OSError, http.client.HTTPException):
        return False


@contextlib.contextmanager
def _asking(bootstrap: str) -> Iterator[None]:
    try:
        yield
    except UnknownTopicOrPartitionError as error:
        raise Transient(f"topics are missing at {bootstrap}; run `vigil topics create`") from error
    except KafkaError as error:
        raise Transient(f"Kafka at {bootstrap} does not answer: {error!r}") from error
