"""The HTTP service over a small log in SQLite: a fortnight in Mali, its alerts, and what people said of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from starlette.testclient import TestClient

from subscribers.http.app import build_app
from subscribers.http.callers import KnownTokens
from subscribers.http.parts import Parts
from subscribers.read_model.database import migrate, open_database
from tests.read_model import START, Log, Taking, apply_all, make_log

Json = dict[str, Any]
NOW = START + 3_600_000_000
KIDAL: Json = {
    "country": "MLI",
    "admin1": "Kidal",
    "admin1_code": "ML-8",
    "name": "Aguelhok",
    "latitude": 19.46,
    "longitude": 0.86,
    "precision": "exact",
}
RULES: list[Json] = [
    {
        "id": "peacekeepers-killed",
        "kind": "match",
        "title": "Peacekeepers killed",
        "rationale": "Every one is looked into.",
        "scope": "mission",
        "severity": "severe",
        "where": {"type": "attack", "killed.peacekeepers.best": {"at_least": 1}},
    },
    {
        "id": "deadly-week",
        "kind": "threshold",
        "title": "Over ten killed in a week",
        "scope": "country",
        "severity": "moderate",
        "measure": "killed",
        "window": "7d",
        "reaches": 10,
    },
]


def attack(number: int, day: int, **more: Any) -> Json:
    """An attack in Kidal on a day of October 2021, published the day after."""
    said = {
        "id": f"ucdp-ged:{number}",
        "source": "ucdp-ged",
        "type": "attack",
        "title": f"Attack {number}",
        "event_time": {
            "start": f"2021-10-{day:02}T00:00:00Z",
            "end": f"2021-10-{day + 1:02}T00:00:00Z",
            "precision": "day",
        },
        "publish_time": f"2021-10-{day + 1:02}T00:00:00Z",
        "place": KIDAL,
        "actors": [{"id": "jnim", "name": "Jama'at Nusrat al-Islam", "role": "perpetrator"}],
        "mission": "MINUSMA",
        "killed": {"total": {"low": 4, "best": 4, "high": 4}},
        "links": [{"url": "https://example.org/source", "title": "A source"}],
    }
    return {**said, **more}


def said() -> list[Json]:
    """What feeds assert, in the order in which the log takes it."""
    dead = {"total": {"low": 4, "best": 4, "high": 4}, "peacekeepers": {"best": 4}}
    resolution = {"symbol": "S/RES/2584(2021)", "outcome": "adopted", "mission": "MINUSMA"}
    return [
        attack(1, 1, killed=dead),
        attack(2, 2),
        attack(3, 3, title="=HYPERLINK(1)"),
        attack(4, 4, killed={"total": {"low": 1, "best": 2, "high": 9}}),
        {
            **{"id": "unsc:S/RES/2584(2021)", "source": "unsc", "type": "resolution", "mission": "MINUSMA"},
            "event_time": {"start": "2021-06-29T00:00:00Z", "end": "2021-06-30T00:00:00Z", "precision": "day"},
            **{"publish_time": "2021-06-29T12:00:00Z", "resolution": resolution},
        },
        attack(4, 4, killed={"total": {"low": 1, "best": 3, "high": 9}}, publish_time="2021-10-08T00:00:00Z"),
        {
            **{"id": "ucdp-ged:2", "source": "ucdp-ged", "type": "attack", "state": "withdrawn"},
            **{"publish_time": "2021-10-09T00:00:00Z", "reason": "a duplicate"},
        },
        attack(5, 9, id="acled:5", source="acled", place={"country": "NER"}, mission=None, actors=[]),
    ]


def make_told_log() -> Log:
    """Return the log; the first alert of it is acknowledged, commented, and silenced."""
    return make_log([Taking(one, second) for second, one in enumerate(said())], RULES)


def service(
    folder: Path, log: Log, now: Callable[[], int] = lambda: NOW, *, url: str | None = None
) -> tuple[TestClient, Engine]:
    """Return a client of the service over the tables of this log, and their database for who writes on."""
    url = f"sqlite:///{folder / 'read-model.db'}" if url is None else url
    writer = open_database(url)
    migrate(writer)
    apply_all(writer, log)
    parts = Parts(
        bootstrap="127.0.0.1:1",
        topic_prefix="",
        engine=open_database(url, read_only=True),
        hubs=None,
        push=None,
        tokens=KnownTokens(folder / "tokens.json", required=False),
        limits=None,
        now=now,
    )
    return TestClient(build_app(parts), raise_server_exceptions=False), writer
