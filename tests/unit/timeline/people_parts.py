"""What tests of people and notification are made of: transitions and commands, told at a second of one minute."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from schemas.command import Command
from timeline.notification import Telling
from timeline.people import Taken, Transition
from timeline.times import microseconds, time_text

Json = dict[str, Any]
START = microseconds("2026-11-24T12:00:00Z")


def second(number: float) -> int:
    """The time so many seconds after noon."""
    return START + int(number * 1_000_000)


def transition(alert: str, how: str = "raised", *, at: float = 0, **members: Any) -> Transition:
    """A transition of an alert that is open for the first week of October 2021 in Mali."""
    said: Json = {
        "id": alert, "thread": alert, "transition": how, "rule": "deadly-week", "rule_version": "v-deadly-week",
        "title": "Over 100 killed in a week", "scope": "country:MLI", "status": "open", "severity": "moderate",
        "urgency": "unknown", "certainty": "unknown", "first_day": "2021-10-01", "last_day": "2021-10-07",
        "value": 100, "peak": 100, "threshold": 100, "feed": "ucdp-ged", "known": "2021-10-01T18:00:00Z",
        "late": False, "causes": [], "causes_total": 1, "replaces": [], "reason": "the condition holds",
        "heir": None, "survivor": None, "notify": True, "correction": None, "told": time_text(second(at)),
    }  # fmt: skip
    return said | members


def superseded(alert: str, survivor: str, *, at: float = 0, **members: Any) -> Transition:
    """The end of an alert whose thread goes on as another."""
    return transition(alert, "superseded", at=at, survivor=survivor, heir=survivor, **members)


def telling(at: float, *transitions: Transition) -> Telling:
    """These transitions, told together."""
    return Telling(second(at), tuple(each | {"told": time_text(second(at))} for each in transitions))


def taken(at: float, command: str, name: str, **members: Any) -> Taken:
    """A command whose id is made of its name, taken by the log at this second."""
    said = {"command": command, "id": command_id(name), "by": "Awa", **members}
    read: Any = Command.model_validate_json(json.dumps(said)).root
    return Taken(second(at), read)


def command_id(name: str) -> str:
    """The id of the command of this name."""
    return sha256(name.encode()).hexdigest()[:32]


def silence(at: float, name: str, *, until: float, **members: Any) -> Taken:
    """A silence over a scope, a rule, or both."""
    return taken(at, "silence", name, until=time_text(second(until)), comment="known", **members)


def end_silence(at: float, name: str) -> Taken:
    """The end of the silence of this name."""
    return taken(at, "end_silence", f"end of {name}", silence=command_id(name))


def acknowledge(at: float, thread: str, name: str = "a", **members: Any) -> Taken:
    """An acknowledgement of a thread."""
    return taken(at, "acknowledge", name, thread=thread, **members)


def comment(at: float, thread: str, text: str) -> Taken:
    """A comment on a thread."""
    return taken(at, "comment", text, thread=thread, text=text)
