"""A record of each kind, as Vigil itself writes it: a test makes each of them again from the two events below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Example:
    """Headers and value of a record, as JSON types."""

    name: str
    summary: str
    payload: Any
    headers: Mapping[str, str] = field(default_factory=dict)


_INCIDENT: Final[Json] = {
    "id": "vigil:mali-2021-10-02-tessalit",
    "source": "vigil",
    "type": "attack",
    "state": "asserted",
    "title": "A peacekeeper killed near Tessalit",
    "event_time": {"start": "2021-10-02T00:00:00Z", "end": "2021-10-03T00:00:00Z", "precision": "day"},
    "publish_time": "2021-10-02T18:00:00Z",
    "publish_time_basis": "stated",
    "place": {"country": "MLI", "admin1": "Kidal", "name": "Tessalit", "precision": "near"},
    "actors": [{"id": "minusma", "name": "MINUSMA", "role": "target"}],
    "mission": "MINUSMA",
    "method": "explosive",
    "killed": {"peacekeepers": {"low": 1, "best": 1, "high": 1}},
    "injured": {"peacekeepers": {"best": 4}},
    "coding": "human",
}
_COUP: Final[Json] = {
    "id": "vigil:mali-2021-05-coup",
    "source": "vigil",
    "type": "coup",
    "state": "asserted",
    "title": "Coup d'etat in Mali",
    "event_time": {"start": "2021-05-24T00:00:00Z", "end": "2021-05-25T00:00:00Z", "precision": "day"},
    "publish_time": "2021-05-25T00:00:00Z",
    "publish_time_basis": "stated",
    "place": {"country": "MLI", "precision": "country"},
    "coding": "human",
    "coup": {"outcome": "realised"},
}
_INCIDENT_HEADERS: Final = {
    "ce_specversion": "1.0",
    "ce_id": "vigil:mali-2021-10-02-tessalit/d3395da9723e25d2",
    "ce_source": "vigil:vigil",
    "ce_type": "vigil.attack.v1",
    "ce_time": "2021-10-02T18:00:00Z",
    "content-type": "application/json",
}
_COUP_HEADERS: Final = {
    "ce_specversion": "1.0",
    "ce_id": "vigil:mali-2021-05-coup/38adf21155e10b79",
    "ce_source": "vigil:vigil",
    "ce_type": "vigil.coup.v1",
    "ce_time": "2021-05-25T00:00:00Z",
    "content-type": "application/json",
}
_JSON: Final = {"content-type": "application/json"}
_STRUCTURED: Final = {"content-type": "application/cloudevents+json"}
_COUNTED: Final = {"coups": {"certain": 1, "possible": 1}, "events": {"certain": 1, "possible": 1}}
_THREAD: Final = "a2c61ef302a2435399b546c9c2f171bd"


def _enveloped(headers: Mapping[str, str], event: Json) -> Json:
    attributes = {name.removeprefix("ce_"): value for name, value in headers.items() if name.startswith("ce_")}
    return {**attributes, "datacontenttype": "application/json", "data": event}


EXAMPLES: Final[Mapping[str, tuple[Example, ...]]] = {
    "acceptedAssertion": (
        Example(
            "accepted",
            "An attack as the ledger accepted it five seconds later.",
            _INCIDENT,
            {
                **_INCIDENT_HEADERS,
                "vigil_sequence": "2021-10-02T18:00:00Z",
                "vigil_publish_time": "2021-10-02T18:00:00Z",
                "vigil_withdrawn": "0",
                "vigil_content": "2bc5b6b262ac0b55893f7e4a37b2b245f10056e58bbb79675bc052d1225a1f26",
                "vigil_position": "vigil.events.incidents.v1:3:41",
                "vigil_ingest_time": "2021-10-02T18:00:05Z",
            },
        ),
    ),
    "aggregate": (
        Example(
            "counted",
            "One feed's counts of a country on the day after a coup: the day itself holds nothing.",
            {
                "scope": "country:MLI@vigil",
                "clock": "2021-05-25T00:00:00Z",
                "windows": {"1d": {}, "7d": _COUNTED, "30d": _COUNTED, "90d": _COUNTED, "365d": _COUNTED},
            },
            {"vigil_sha256": "bbf1e647d918fe48cf27a62a673ffea23e680c49839d539a0571b1b7933d4493"},
        ),
    ),
    "aggregateGone": (Example("gone", "An empty value: the only event of the scope was withdrawn.", None),),
    "alertTransition": (
        Example(
            "raised",
            "A rule of kind match over missions is satisfied by the attack.",
            {
                "id": _THREAD,
                "rule": "peacekeepers-killed",
                "rule_version": "56ce4c54a1ab",
                "title": "Peacekeepers killed",
                "scope": "mission:MINUSMA",
                "status": "open",
                "severity": "severe",
                "urgency": "unknown",
                "certainty": "unknown",
                "first_day": "2021-10-02",
                "last_day": "2021-10-09",
                "value": 1,
                "peak": 1,
                "threshold": None,
                "feed": "vigil",
                "known": "2021-10-02T18:00:00Z",
                "late": False,
                "causes": [
                    {
                        "id": "vigil:mali-2021-10-02-tessalit",
                        "content": "2bc5b6b262ac",
                        "title": "A peacekeeper killed near Tessalit",
                        "source": "vigil",
                    }
                ],
                "causes_total": 1,
                "subject": "vigil:mali-2021-10-02-tessalit",
                "transition": "raised",
                "thread": _THREAD,
                "replaces": [],
                "reason": "the condition holds",
                "heir": None,
                "survivor": None,
                "notify": True,
                "correction": None,
            },
            {"vigil_sha256": "36dd75166bd9fe1c54183724d96f76e817148d65aea13f9a75e27cd63220af89"},
        ),
    ),
    "incident": (Example("attack", "A feed asserts an attack.", _INCIDENT, _INCIDENT_HEADERS),),
    "incidentStructured": (
        Example(
            "attack-structured",
            "The same, as one JSON document.",
            _enveloped(_INCIDENT_HEADERS, _INCIDENT),
            _STRUCTURED,
        ),
    ),
    "politicalEvent": (Example("coup", "A feed asserts a coup.", _COUP, _COUP_HEADERS),),
    "politicalEventStructured": (
        Example("coup-structured", "The same, as one JSON document.", _enveloped(_COUP_HEADERS, _COUP), _STRUCTURED),
    ),
    "manifestPiece": (
        Example(
            "manifest",
            "A release that speaks of one country and contains one event.",
            {
                "manifest": "276857a7f2329c447e12287347ec14d1035e8717dce5f758457f781261d75dff",
                "feed": "ucdp-ged",
                "release": "ged241",
                "sequence": "2024-06-01",
                "coverage": {"countries": ["MLI"], "from": "1989-01-01T00:00:00Z", "until": "2024-01-01T00:00:00Z"},
                "ids": ["ucdp-ged:187344"],
                "piece": 1,
                "pieces": 1,
            },
            _JSON,
        ),
    ),
    "deadLetter": (
        Example(
            "refused",
            "A record of an events topic that lacks what an event must have.",
            '{"id": "vigil:1", "source": "vigil"}',
            {
                "vigil_reason": "Field required",
                "vigil_field": "type",
                "vigil_position": "vigil.events.incidents.v1:5:7",
                "content-type": "application/json",
            },
        ),
    ),
    "command": (
        Example(
            "acknowledge",
            "Somebody takes an alert on.",
            {
                "command": "acknowledge",
                "id": "5d0c1f5a9b7e4a52",
                "by": "A. Diallo",
                "thread": _THREAD,
                "comment": "Called the mission.",
            },
            _JSON,
        ),
        Example(
            "silence",
            "Nobody is told of a country's alerts for a day.",
            {
                "command": "silence",
                "id": "8f14e45fceea167a",
                "by": "A. Diallo",
                "scope": "country:MLI",
                "until": "2021-10-03T18:00:00Z",
                "comment": "Exercise.",
            },
            _JSON,
        ),
    ),
    "ruleSet": (
        Example(
            "one-rule",
            "A rule set of one rule; written as YAML.",
            {
                "rules": [
                    {
                        "id": "peacekeepers-killed",
                        "kind": "match",
                        "title": "Peacekeepers killed",
                        "scope": "mission",
                        "severity": "severe",
                        "where": {"type": "attack", "killed.peacekeepers.best": {"at_least": 1}},
                    }
                ]
            },
            {"content-type": "application/yaml", "vigil_version": "e1726c011fc5"},
        ),
    ),
    "tick": (Example("now", "An empty value.", ""),),
    "tickAt": (Example("at", "The clock is at the end of a day.", {"time": "2021-10-03T00:00:00Z"}),),
}
KEYS: Final[Mapping[str, str]] = {
    "timeline": "vigil:mali-2021-10-02-tessalit",
    "aggregates": "country:MLI@vigil",
    "alerts": "mission:MINUSMA",
    "incidents": "vigil:mali-2021-10-02-tessalit",
    "political": "vigil:mali-2021-05-coup",
    "releases": "ucdp-ged",
    "commands": _THREAD,
}
"""The record key of each channel's first example."""
