"""What tests of CAP share: an alert of every kind of rule, its transitions, and the schema of OASIS.

Members are those of the alerts topic; `told` is what a reader of the topic adds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lxml import etree

Json = dict[str, Any]
SCHEMA = etree.XMLSchema(etree.parse(str(Path(__file__).parent / "recorded" / "cap" / "cap12.xsd")))
NAMESPACE = "{urn:oasis:names:tc:emergency:cap:1.2}"
TRANSITIONS = ("raised", "updated", "resolved", "cancelled", "superseded")
KINDS: dict[str, Json] = {
    "match": {"rule": "peacekeepers-killed", "scope": "mission:MINUSMA", "threshold": None, "subject": "vigil:7"},
    "threshold": {"rule": "deadly-week", "scope": "country:MLI", "value": 104, "peak": 131, "threshold": 100},
    "surge": {
        **{"rule": "surge", "scope": "admin1:ML-8", "value": 9, "peak": 12, "threshold": 8},
        **{"expected": 2.31, "p_value": 0.000412},
    },
    "first_seen": {"rule": "spread", "scope": "admin1:MLI/Ménaka", "threshold": 1, "subject": "actor:jnim"},
    "sequence": {
        "rule": "after-a-coup",
        "scope": "region:202",
        "value": 3,
        "peak": 5,
        "threshold": 3,
        "subject": "vigil:1",
    },
    "deadline": {
        **{"rule": "mandate-ends", "scope": "mission:MINUSMA", "threshold": None, "deadline": "2021-10-31"},
        **{"subject": "unsc:S/RES/2584(2021)", "renewal": "unsc:2"},
    },
    "silence": {
        "rule": "silent",
        "scope": "world@gdelt",
        "last_day": "9999-12-31",
        "value": 3,
        "peak": 3,
        "threshold": 3,
    },
}


def told(kind: str = "match", transition: str = "raised", **members: Any) -> Json:
    """A transition of an alert of a kind, open, as it is told at noon."""
    ended = transition in ("cancelled", "superseded")
    record: Json = {
        "id": "3f0ff5b2",
        "rule_version": "d1a2b3c4d5e6",
        "title": "Peacekeepers killed",
        "status": "resolved" if transition == "resolved" else "open",
        "severity": "severe",
        "urgency": "immediate",
        "certainty": "observed",
        "first_day": "2021-10-02",
        "last_day": "2021-10-09",
        "value": 1,
        "peak": 1,
        "feed": "vigil",
        "known": "2021-10-02T18:00:00.25Z",
        "late": False,
        "causes": [{"id": "vigil:7", "content": "a1b2c3d4e5f6", "title": "Convoy hit", "source": "vigil"}],
        "causes_total": 1,
        "transition": transition,
        "thread": "3f0ff5b2",
        "replaces": [],
        "reason": "the condition holds",
        "heir": "77aa" if transition == "superseded" else None,
        "survivor": "3f0ff5b2" if transition == "superseded" else None,
        "notify": True,
        "correction": _CORRECTION if ended else None,
        "told": "2021-10-03T12:00:00.987Z",
    }
    return {**record, **KINDS[kind], **members}


_CORRECTION: Json = {
    "id": "vigil:7",
    "content": "f6e5d4c3b2a1",
    "publish_time": "2021-10-04T08:00:00Z",
    "state": "withdrawn",
}


def history(kind: str, transition: str, **members: Any) -> list[Json]:
    """What has to be told before a transition may be, and the transition."""
    if transition == "raised":
        return [told(kind, **members)]
    heir = [told(kind, id="77aa", replaces=["3f0ff5b2"], **members)] if transition == "superseded" else []
    return [told(kind, **members), *heir, told(kind, transition, **members)]


def parsed(document: bytes) -> Any:
    """The document as lxml reads it, once the schema of OASIS has found nothing wrong."""
    root = etree.fromstring(document)
    SCHEMA.assertValid(root)
    return root


def texts(root: Any, name: str) -> list[str]:
    """The texts of all elements of this name, in their order."""
    return [element.text for element in root.iter(NAMESPACE + name)]


def pairs(root: Any, name: str) -> list[tuple[str, str]]:
    """Name and value of each parameter, geocode or event code."""
    return [(each[0].text, each[1].text) for each in root.iter(NAMESPACE + name)]
