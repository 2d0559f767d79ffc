"""What each topic carries, who reads it and who writes it: the table that the AsyncAPI document is made of.

Rules kept here:
- Every topic of the topic table is a channel, except those that nobody but Vigil itself reads and writes.
- Operations are those of Vigil's users: what they `receive` is theirs to read, what they `send` is theirs to write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import BaseModel

from schemas import topics
from schemas.aggregate import Aggregate
from schemas.alert import AlertTransition
from schemas.command import Command
from schemas.envelopes import (
    CloudEventHeaders,
    DeadLetterHeaders,
    JsonHeaders,
    RulesHeaders,
    StructuredEvent,
    StructuredHeaders,
    Tick,
    ToldHeaders,
)
from schemas.event import Event
from schemas.release import ManifestPiece
from schemas.rule import RuleSet

INTERNAL: Final = frozenset({topics.FEED_POSITIONS})
"""Topics that nobody but Vigil itself reads and writes: they may change without notice."""

Schema = Mapping[str, Any]
Role = Literal["reader", "feed", "desk"]
ROLES: Final[Mapping[Role, str]] = {
    "reader": "Operations centres and analysts: they read what is public.",
    "feed": "Whoever publishes events: they write assertions and read what was refused.",
    "desk": "People on duty: they write what they decided, put rules in force and move the clock.",
}


@dataclass(frozen=True, slots=True)
class Message:
    """A kind of record. A payload or headers that no model describes have a schema of their own."""

    name: str
    title: str
    summary: str
    payload: type[BaseModel] | Schema
    headers: type[BaseModel] | None = None
    content_type: str = "application/json"
    on_timeline: bool = False
    """Whether the headers also hold `vigil_<name>` of `TimelineHeaders`."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What a role does with a channel."""

    name: str
    action: Literal["send", "receive"]
    role: Role
    summary: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A topic with its kinds of records; `committed` where it is written in transactions."""

    topic: str
    name: str
    title: str
    messages: tuple[Message, ...]
    operations: tuple[Operation, ...]
    committed: bool = False
    key: Schema | None = None
    """Schema of the record key; absent: text that is not empty."""


_NO_KEY: Final[Schema] = {"type": "null"}
_OCTETS: Final = "application/octet-stream"


def _assertions(name: str, said: str) -> tuple[Message, Message]:
    return (
        Message(name, f"{said}, asserted", "An event, or its withdrawal, in binary mode.", Event, CloudEventHeaders),
        Message(
            f"{name}Structured",
            f"{said}, asserted in structured mode",
            "The same inside of a CloudEvent; the key is the event's id here too.",
            StructuredEvent,
            StructuredHeaders,
            content_type="application/cloudevents+json",
        ),
    )


CHANNELS: Final[tuple[Channel, ...]] = (
    Channel(
        topics.TIMELINE,
        "timeline",
        "The timeline",
        (
            Message(
                "acceptedAssertion",
                "An accepted assertion",
                "An event in canonical form; stamp, content hash, position and ingest time stand in the headers.",
                Event,
                CloudEventHeaders,
                on_timeline=True,
            ),
        ),
        (Operation("readTimeline", "receive", "reader", "Read every assertion that was accepted, in order by event."),),
    ),
    Channel(
        topics.AGGREGATES,
        "aggregates",
        "Rolling counts of every scope",
        (
            Message(
                "aggregate",
                "A scope's windows",
                "All windows of a scope at the clock; they hold until the scope's next.",
                Aggregate,
                ToldHeaders,
            ),
            Message("aggregateGone", "A scope without events", "The scope has no events any more.", {"type": "null"}),
        ),
        (Operation("readAggregates", "receive", "reader", "Read the newest windows of every scope, then changes."),),
        committed=True,
    ),
    Channel(
        topics.ALERTS,
        "alerts",
        "Alerts, and how each was told",
        (
            Message(
                "alertTransition",
                "A transition of an alert",
                "The whole alert as it stands, and what became of it.",
                AlertTransition,
                ToldHeaders,
            ),
        ),
        (Operation("readAlerts", "receive", "reader", "Read what was raised, updated, resolved or withdrawn."),),
        committed=True,
    ),
    Channel(
        topics.INCIDENTS,
        "incidents",
        "Assertions about incidents",
        _assertions("incident", "An attack, protest, displacement, fatality or tally"),
        (Operation("publishIncident", "send", "feed", "Assert, correct or withdraw an incident."),),
    ),
    Channel(
        topics.POLITICAL,
        "political",
        "Assertions about political events",
        _assertions("politicalEvent", "A coup, resolution, agreement or statement"),
        (Operation("publishPoliticalEvent", "send", "feed", "Assert, correct or withdraw a political event."),),
    ),
    Channel(
        topics.RELEASES,
        "releases",
        "Manifests of releases",
        (
            Message(
                "manifestPiece",
                "A piece of a manifest",
                "What a release speaks of and contains; it counts once all of its pieces are there.",
                ManifestPiece,
                JsonHeaders,
            ),
        ),
        (Operation("publishManifest", "send", "feed", "Say what a release contains, after its events."),),
    ),
    Channel(
        topics.DEADLETTERS,
        "deadLetters",
        "What was refused",
        (
            Message(
                "deadLetter",
                "A refused row or record",
                "Its bytes as they were found; why, and where it stood, in the headers.",
                {"description": "Any bytes, or none. Over 1 MiB only the first 64 KiB are kept."},
                DeadLetterHeaders,
                content_type=_OCTETS,
            ),
        ),
        (Operation("readDeadLetters", "receive", "feed", "Read what of a feed was refused, and why."),),
        key={"type": ["string", "null"]},
    ),
    Channel(
        topics.COMMANDS,
        "commands",
        "What people decided",
        (Message("command", "A decision", "Acknowledged, commented, silenced or replayed.", Command, JsonHeaders),),
        (
            Operation("decide", "send", "desk", "Acknowledge, comment, begin or end a silence."),
            Operation("readDecisions", "receive", "desk", "Read who decided what."),
        ),
    ),
    Channel(
        topics.RULES,
        "rules",
        "Rule sets; the last one is in force",
        (
            Message(
                "ruleSet",
                "A rule set",
                "All rules, as YAML; a set that is not valid raises no alerts.",
                RuleSet,
                RulesHeaders,
                content_type="application/yaml",
            ),
        ),
        (
            Operation("applyRules", "send", "desk", "Put a whole rule set in force."),
            Operation("readRules", "receive", "desk", "Read the rule set in force: the last one."),
        ),
        key=_NO_KEY,
    ),
    Channel(
        topics.TICKS,
        "ticks",
        "The clock",
        (
            Message(
                "tick",
                "A tick",
                "The clock is at least the time at which the log took this.",
                {"type": "string", "maxLength": 0},
                content_type=_OCTETS,
            ),
            Message("tickAt", "A tick of a stated time", "At most a day ahead of the log, or it is ignored.", Tick),
        ),
        (Operation("moveClock", "send", "desk", "Move the clock where nothing is published."),),
        key=_NO_KEY,
    ),
)
