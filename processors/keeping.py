"""Assigns each partition to the member that holds it, as long as it lives: a roller that joins moves nothing.

Every other strategy orders members by their random ids, so that half of all joins would cost a takeover. Who holds a
partition says since when in its metadata; of several who believe to, the last to be assigned it is right. This is a
preference and no fence: clocks that differ cost a takeover, not more.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata

_BYTES = 8


class HolderKeeps(AbstractPartitionAssignor):  # type: ignore[misc]  # aiokafka has no types that mypy reads here
    """For groups whose members all subscribe to the same topics. aiokafka uses the class itself: one a process."""

    name = "vigil-holder-keeps"
    version = 0
    _held_since: ClassVar[int] = 0

    @classmethod
    def assign(cls, cluster: Any, members: Mapping[str, Any]) -> dict[str, Any]:
        """Give every partition of every topic to one member."""
        holder = max(sorted(members), key=lambda member: _since(members[member].user_data))
        topics = sorted({topic for said in members.values() for topic in said.subscription})
        everything = [(topic, sorted(cluster.partitions_for_topic(topic) or ())) for topic in topics]
        return {
            member: ConsumerProtocolMemberAssignment(cls.version, everything if member == holder else [], b"")
            for member in members
        }

    @classmethod
    def metadata(cls, topics: Iterable[str]) -> Any:
        """Say since when this member holds the partitions; 0 if it does not."""
        return ConsumerProtocolMemberMetadata(cls.version, list(topics), cls._held_since.to_bytes(_BYTES, "big"))

    @classmethod
    def on_assignment(cls, assignment: Any) -> None:
        """Note whether this member holds the partitions now."""
        cls._held_since = time.time_ns() if assignment.partitions() else 0


def _since(user_data: bytes | None) -> int:
    return int.from_bytes(user_data, "big") if user_data and len(user_data) == _BYTES else 0
