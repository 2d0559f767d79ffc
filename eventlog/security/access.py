"""Who needs which access to a cluster: a table of roles over the topic table, and what Kafka must allow for each.

Rules kept here:
- Least privilege: a role is given what its commands and workers do, found in their code, and nothing beside.
- To read a topic, or to join a group, also allows to describe it: so says Kafka.
- Names are exact. Only a subscriber's are prefixes: public topics that are yet to come, and groups of its own.
- Nobody needs access to the cluster to write idempotently: to write one topic is enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from schemas.groups import LEDGER, PROGRESS, ROLLER
from schemas.topics import (
    AGGREGATES,
    ALERTS,
    COMMANDS,
    DEADLETTERS,
    FEED_POSITIONS,
    INCIDENTS,
    POLITICAL,
    RELEASES,
    RULES,
    TICKS,
    TIMELINE,
    TOPICS,
)

Resource = Literal["topic", "group", "transactional-id", "cluster"]
Operation = Literal["read", "write", "create", "delete", "alter", "describe", "describe-configs", "alter-configs"]

CLUSTER: Final = "kafka-cluster"
"""The one name that Kafka knows for the cluster itself."""
PUBLIC: Final = "vigil.public."
_EVENTS: Final = (INCIDENTS, POLITICAL)
_EVERYTHING: Final = tuple(topic.name for topic in TOPICS)
_MANAGE: Final[tuple[Operation, ...]] = ("create", "alter", "alter-configs", "delete")


class Access(NamedTuple):
    """One thing that a role may do, from any host."""

    resource: Resource
    name: str
    prefixed: bool
    operation: Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """What a role does.

    `checks`: it compares all topics with the topic table. `joins`: groups; `watches`: groups at whose offsets and
    members it looks. `manages`: it creates, changes and deletes topics. `grants`: it applies access lists.
    """

    summary: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    checks: bool = False
    joins: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()
    transaction: str | None = None
    manages: bool = False
    grants: bool = False
    subscribes: bool = False


ROLES: Final[Mapping[str, Duty]] = {
    "subscriber": Duty(summary="reads the public topics, in groups of its own: NAME, NAME.anything", subscribes=True),
    "feed": Duty(
        summary="vigil publish, watch, feeds: writes assertions, and reads what was published and refused",
        reads=(*_EVENTS, RELEASES, FEED_POSITIONS, DEADLETTERS),
        writes=(*_EVENTS, RELEASES, FEED_POSITIONS, DEADLETTERS),
        checks=True,
    ),
    "ledger": Duty(
        summary="vigil worker ledger: turns assertions into the timeline",
        reads=(*_EVENTS, TIMELINE),
        writes=(TIMELINE, DEADLETTERS),
        checks=True,
        joins=(LEDGER,),
    ),
    "roller": Duty(
        summary="vigil worker roller: turns the timeline into aggregates and alerts",
        reads=(TIMELINE, AGGREGATES, ALERTS, RULES, TICKS),
        writes=(AGGREGATES, ALERTS, TICKS),
        checks=True,
        joins=(ROLLER, PROGRESS),
        transaction=ROLLER,
    ),
    "projection": Duty(
        summary="vigil worker projection: keeps the read model", reads=(TIMELINE, AGGREGATES, ALERTS, COMMANDS, RULES)
    ),
    "server": Duty(
        summary="vigil worker server: streams, and takes pushed events and people's commands",
        reads=(TIMELINE, ALERTS, COMMANDS),
        writes=(*_EVENTS, COMMANDS),
    ),
    "webhooks": Duty(summary="vigil worker webhooks: posts alerts to addresses", reads=(TIMELINE, ALERTS, COMMANDS)),
    "analyst": Duty(
        summary="reads everything and changes nothing: timeline, export, archive, verify, replay, status",
        reads=_EVERYTHING,
        checks=True,
        watches=(LEDGER, ROLLER, PROGRESS),
    ),
    "operator": Duty(
        summary="an analyst who also applies rules, acknowledges, silences, replays dead letters, moves the clock",
        reads=_EVERYTHING,
        writes=(*_EVENTS, COMMANDS, RULES, TICKS),
        checks=True,
        watches=(LEDGER, ROLLER, PROGRESS),
    ),
    "service": Duty(
        summary="vigil up, which runs all workers as one user, creates the topics and applies the default rules",
        reads=(*_EVENTS, TIMELINE, AGGREGATES, ALERTS, COMMANDS, RULES, TICKS),
        writes=(*_EVENTS, TIMELINE, AGGREGATES, ALERTS, COMMANDS, RULES, TICKS, DEADLETTERS),
        checks=True,
        joins=(LEDGER, ROLLER, PROGRESS),
        transaction=ROLLER,
        manages=True,
    ),
    "admin": Duty(
        summary="vigil topics create, vigil acl --apply: manages topics and access, and reads no record",
        checks=True,
        watches=(LEDGER, ROLLER, PROGRESS),
        manages=True,
        grants=True,
    ),
}


def accesses(role: str, *, user: str, topic_prefix: str = "") -> list[Access]:
    """What a role of `ROLES` needs, sorted; `user` is the name after `User:`, on which a subscriber's groups depend."""
    return sorted(set(_accesses(ROLES[role], user=user, prefix=topic_prefix)))


def _accesses(duty: Duty, *, user: str, prefix: str) -> Iterator[Access]:
    for topic in duty.reads:
        yield Access("topic", prefix + topic, False, "read")
    for topic in duty.writes:
        yield Access("topic", prefix + topic, False, "write")
    for group in duty.joins:
        yield Access("group", prefix + group, False, "read")
    for group in duty.watches:
        yield Access("group", prefix + group, False, "describe")
    if duty.transaction is not None:
        yield Access("transactional-id", prefix + duty.transaction, False, "write")
    if duty.subscribes:
        yield Access("topic", prefix + PUBLIC, True, "read")
        # With a dot, so that the groups of `ann` are not those of `anna` too.
        yield Access("group", user, False, "read")
        yield Access("group", f"{user}.", True, "read")
    for topic in _EVERYTHING:
        yield from _of_settings(duty, prefix + topic)
    if duty.grants:
        yield Access("cluster", CLUSTER, False, "alter")
        yield Access("cluster", CLUSTER, False, "describe")


def _of_settings(duty: Duty, topic: str) -> Iterator[Access]:
    if duty.checks:
        yield Access("topic", topic, False, "describe")
        yield Access("topic", topic, False, "describe-configs")
    if duty.manages:
        for operation in _MANAGE:
            yield Access("topic", topic, False, operation)
