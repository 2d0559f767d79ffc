"""The topic table: every topic of the log with its key, its settings and the reason for them.

The number of partitions of a topic never changes: the ledger keeps the state of an event in the timeline partition of
the same number as the one its assertions arrive in, so both event topics and the timeline have equally many.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

INCIDENTS: Final = "vigil.events.incidents.v1"
POLITICAL: Final = "vigil.events.political.v1"
TIMELINE: Final = "vigil.public.timeline.v1"
AGGREGATES: Final = "vigil.public.aggregates.v1"
ALERTS: Final = "vigil.public.alerts.v1"
COMMANDS: Final = "vigil.commands.v1"
RELEASES: Final = "vigil.releases.v1"
RULES: Final = "vigil.rules.v1"
TICKS: Final = "vigil.ticks.v1"
DEADLETTERS: Final = "vigil.deadletters.v1"
FEED_POSITIONS: Final = "vigil.feeds.v1"

PARTITIONS: Final = 8
# A value of 1 MiB, the largest that a feed may assert, passes with its key and headers.
MAX_MESSAGE_BYTES: Final = 2 * 1024 * 1024

POLITICAL_TYPES: Final = frozenset({"coup", "resolution", "agreement", "statement"})


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """One row of the topic table. `key` says what the record key means, `reason` why the topic is kept as it is."""

    name: str
    key: str
    partitions: int
    cleanup: Literal["delete", "compact"]
    reason: str

    @property
    def settings(self) -> Mapping[str, str]:
        """The topic configuration by Kafka's names. Unlimited retention: nothing can recompute what is dropped."""
        return {
            "cleanup.policy": self.cleanup,
            # ingest_time is the broker's: a producer's clock says nothing about when our log took a record.
            "message.timestamp.type": "LogAppendTime",
            "retention.ms": "-1",
            "retention.bytes": "-1",
            "max.message.bytes": str(MAX_MESSAGE_BYTES),
        }


TOPICS: Final[tuple[TopicSpec, ...]] = (
    TopicSpec(
        INCIDENTS,
        key="event id",
        partitions=PARTITIONS,
        cleanup="delete",
        reason="Assertions are the truth that everything else is computed from, so none is ever dropped.",
    ),
    TopicSpec(
        POLITICAL,
        key="event id",
        partitions=PARTITIONS,
        cleanup="delete",
        reason="As incidents; a topic of its own, because readers of coups and resolutions want no stream of attacks.",
    ),
    TopicSpec(
        TIMELINE,
        key="event id",
        partitions=PARTITIONS,
        cleanup="delete",
        reason="The history of accepted assertions is also the ledger's state; compaction would lose superseded ones.",
    ),
    TopicSpec(
        AGGREGATES,
        key="scope",
        partitions=PARTITIONS,
        cleanup="compact",
        reason="Only the newest windows of a scope matter, and they can be computed again from the timeline.",
    ),
    TopicSpec(
        ALERTS,
        key="scope of the alert",
        partitions=PARTITIONS,
        cleanup="delete",
        reason="What people were told, in order; keyed by scope so that an heir and what it supersedes stay in order.",
    ),
    TopicSpec(
        COMMANDS,
        key="thread; a silence has an id of its own, a replay that of its dead letter",
        partitions=PARTITIONS,
        cleanup="delete",
        reason="Who acknowledged, silenced, commented or replayed what is a record of people's decisions, kept whole.",
    ),
    TopicSpec(
        RELEASES,
        key="feed",
        partitions=1,
        cleanup="delete",
        reason="Manifests of all releases are needed to tell what an older one, published later, must withdraw.",
    ),
    TopicSpec(
        RULES,
        key="none",
        partitions=1,
        cleanup="delete",
        reason="Rule sets take effect in the order of one partition; each alert names the version that it comes from.",
    ),
    TopicSpec(
        TICKS,
        key="none",
        partitions=1,
        cleanup="delete",
        reason="Ticks carry the clock; whoever is assigned the one partition is the active roller.",
    ),
    TopicSpec(
        DEADLETTERS,
        key="as found",
        partitions=PARTITIONS,
        cleanup="delete",
        reason="Refused records keep their bytes, position and reason until somebody mends and replays them.",
    ),
    TopicSpec(
        FEED_POSITIONS,
        key="feed, where it is read from, and the part of it",
        partitions=1,
        cleanup="compact",
        reason="How far a watched feed was read; an older position of the same place says nothing any more.",
    ),
)


def events_topic(event_type: str) -> str:
    """The topic that assertions of this event type are published to."""
    return POLITICAL if event_type in POLITICAL_TYPES else INCIDENTS
