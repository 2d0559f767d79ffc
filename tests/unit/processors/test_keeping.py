from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata

from processors.keeping import HolderKeeps

CLUSTER = SimpleNamespace(partitions_for_topic=lambda topic: {0})


class Member(HolderKeeps):
    """A member of its own; in a process there is one."""


@pytest.fixture
def members() -> dict[str, Any]:
    return {name: type(name, (Member,), {"_held_since": 0}) for name in "abc"}


def generation(members: dict[str, Any], *joining: str) -> str:
    """Let these members join; return who holds the partition then."""
    said = {name: members[name].metadata(["ticks"]).encode() for name in joining}
    read = {name: ConsumerProtocolMemberMetadata.decode(raw) for name, raw in said.items()}
    given = Member.assign(CLUSTER, read)
    for name, assignment in given.items():
        members[name].on_assignment(ConsumerProtocolMemberAssignment.decode(assignment.encode()))
    (holder,) = [name for name, assignment in given.items() if assignment.assignment]
    return holder


def test_whoever_holds_the_partition_keeps_it_when_others_join(members: dict[str, Any]) -> None:
    assert generation(members, "b") == "b"
    assert generation(members, "a", "b", "c") == "b"
    assert generation(members, "a", "b", "c") == "b"


def test_when_the_holder_leaves_somebody_takes_over_and_keeps_it(members: dict[str, Any]) -> None:
    generation(members, "b")
    generation(members, "a", "b", "c")
    taken = generation(members, "a", "c")
    assert generation(members, "a", "c") == taken


def test_of_two_who_believe_to_hold_it_the_later_is_right(members: dict[str, Any]) -> None:
    generation(members, "a")
    generation(members, "b")
    assert generation(members, "a", "b") == "b"
    assert members["a"].metadata(["ticks"]).user_data == bytes(8)


@pytest.mark.parametrize("user_data", [None, b"", b"something else"])
def test_a_member_that_says_nothing_has_no_claim(members: dict[str, Any], user_data: bytes | None) -> None:
    generation(members, "b")
    said = {
        "a": ConsumerProtocolMemberMetadata(0, ["ticks"], user_data),
        "b": members["b"].metadata(["ticks"]),
    }
    assert Member.assign(CLUSTER, said)["b"].assignment == [("ticks", [0])]
