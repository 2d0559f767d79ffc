"""What one assertion says, and what some of them measure together: the vocabulary of the oracle.

Written from the interfaces alone; it shares no code with the core.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from schemas.countries import REGIONS

Json = dict[str, Any]
WINDOWS = {"1d": 1, "7d": 7, "30d": 30, "90d": 90, "365d": 365}
ZERO = {"low": 0, "best": 0, "high": 0}
NOT_CONTENT = ("sequence", "publish_time", "publish_time_basis")


def line(value: Any) -> bytes:
    """JSON with sorted keys, no blanks, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@lru_cache(maxsize=100_000)
def canonical_time(text: str) -> str:
    whole, _, fraction = instant(text).strftime("%Y-%m-%dT%H:%M:%S.%f").partition(".")
    return f"{whole}.{fraction.rstrip('0')}".rstrip(".") + "Z"


def without_blanks(value: Any) -> Any:
    """Drop members that are null or empty, at any depth; 5.0 is 5."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [without_blanks(part) for part in value]
    if isinstance(value, dict):
        kept = {key: without_blanks(part) for key, part in value.items()}
        return {key: part for key, part in kept.items() if part is not None and part not in ("", [], {})}
    return value


class Assertion:
    """One assertion: its content, its stamp, and what it would count as while it is current."""

    def __init__(self, said: Json) -> None:
        content = without_blanks({key: value for key, value in said.items() if key not in NOT_CONTENT})
        self.asserted = content.get("state", "asserted") == "asserted"
        if "event_time" in content:
            for edge in ("start", "end"):
                content["event_time"][edge] = canonical_time(content["event_time"][edge])
        self.id, self.source, self.content = content["id"], content["source"], content
        defaults = {"state": "asserted", "coding": "human"}
        hashed = {key: value for key, value in content.items() if value != defaults.get(key)}
        self.hash = hashlib.sha256(line(hashed)).hexdigest()
        self.published = canonical_time(said["publish_time"])
        self.wire = {**defaults, **content, "publish_time": self.published}
        self.wire["publish_time_basis"] = said.get("publish_time_basis", "stated")
        sequence = said.get("sequence") or self.published
        if sequence != self.published:
            self.wire["sequence"] = sequence
        self.when = instant(self.published)
        self.stamp = (sequence, self.when, not self.asserted, self.hash)
        self.scopes: set[str] = set()
        self.measures: Json = {}
        self.answers: dict[str, bool] = {}
        if self.asserted:
            self.start, self.end = (instant(content["event_time"][edge]) for edge in ("start", "end"))
            self.first, self.last = days_of(self.start, self.end)
            self.scopes, self.measures = scopes_of(content), measures_of(content)


def days_of(start: datetime, end: datetime) -> tuple[date, date]:
    return start.date(), (end - timedelta(microseconds=1) if end > start else start).date()


def scopes_of(event: Json) -> set[str]:
    place, country = event.get("place", {}), event.get("place", {}).get("country")
    scopes = {"world"} | {f"actor:{actor['id']}" for actor in event.get("actors", [])}
    if country:
        scopes |= {f"country:{country}"} | {f"region:{region}" for region in REGIONS[country]}
    if "admin1_code" in place:
        scopes.add(f"admin1:{place['admin1_code']}")
    elif country and "admin1" in place:
        scopes.add(f"admin1:{country}/{place['admin1']}")
    missions = {event.get("mission"), event.get("resolution", {}).get("mission")} - {None}
    scopes |= {f"mission:{mission}" for mission in missions}
    return {scope.replace("@", "_") for scope in scopes}  # behind an @ stands a feed


def measures_of(event: Json) -> Json:
    """What the event adds to each measure: a number, or a triple of which null is unknown."""
    if event.get("coding") == "machine":
        return {"machine_reports": 1}
    kind, coup, resolution = event["type"], event.get("coup", {}).get("outcome"), event.get("resolution", {})
    rejected = resolution.get("outcome") == "rejected"
    measures: Json = {} if kind in ("tally", "fatality") or rejected else {"events": 1}
    measures |= {"attacks": 1} if kind == "attack" else {}
    measures |= {"coups": 1} if coup == "realised" else {"coup_attempts": 1} if coup == "attempted" else {}
    measures |= {"resolutions": 1} if resolution.get("outcome") == "adopted" else {}
    killed, injured = event.get("killed", {}), event.get("injured", {})
    if kind in ("attack", "protest"):
        measures |= {"killed": killed.get("total", {}), "injured": injured.get("total", {})}
        measures |= {"civilians_killed": killed.get("civilians", {})}
        measures |= {"peacekeepers_killed": killed.get("peacekeepers", {})}
        measures |= {"peacekeepers_injured": injured.get("peacekeepers", {})}
    return measures | ({"other_deaths": killed.get("total", {})} if kind == "fatality" else {})


def in_window(event: Assertion, day: date, width: int, count: str) -> bool:
    opens = day - timedelta(days=width - 1)
    if count == "certain":
        return event.first >= opens and event.last <= day
    return event.first <= day and event.last >= opens


def kind_of(scope: str) -> str:
    return scope.partition(":")[0]


def turning_days(events: list[Assertion], width: int) -> list[date]:
    edges = {day for event in events for day in (event.first, event.last)}
    return sorted(edges | {day + timedelta(days=width) for day in edges})


def days_in_window(event: Assertion, width: int, count: str) -> list[date]:
    """The days whose window holds the event."""
    span = (event.last - event.first).days + width
    days = [event.first + timedelta(days=n) for n in range(span)]
    return [day for day in days if in_window(event, day, width, count)]


def runs(days: list[date]) -> list[list[date]]:
    """Maximal runs of consecutive days."""
    found: list[list[date]] = []
    for day in days:
        if found and day == found[-1][-1] + timedelta(days=1):
            found[-1].append(day)
        else:
            found.append([day])
    return found


def measure(feed: str | None, events: list[Assertion], day: date, width: int) -> Json:
    """The measures of a scope at a day: of the one feed, or each of its largest feed, named."""
    by_feed: dict[str, list[Assertion]] = defaultdict(list)
    for event in events:
        if in_window(event, day, width, "possible"):
            by_feed[event.source].append(event)
    of_feed = {feed: measure_of_feed(own, day, width) for feed, own in sorted(by_feed.items())}
    if feed is not None:
        return next(iter(of_feed.values()), {})
    chosen: Json = {}
    for name in sorted({name for measures in of_feed.values() for name in measures}):
        largest = max((feed for feed in of_feed if name in of_feed[feed]), key=lambda feed: rank(of_feed[feed][name]))
        chosen[name] = of_feed[largest][name] | {"feed": largest}
    return chosen


def rank(shown: Json) -> tuple[int, int]:
    """What the largest feed is chosen by; of equals, max takes the first, and feeds come in alphabetical order."""
    certain, possible = shown["certain"], shown["possible"]
    return (certain["best"], possible["best"]) if isinstance(certain, dict) else (certain, possible)


def measure_of_feed(events: list[Assertion], day: date, width: int) -> Json:
    shown: Json = {}
    for event in events:
        for name, own in event.measures.items():
            people = isinstance(own, dict)
            so_far = shown.setdefault(
                name,
                {"certain": dict(ZERO), "possible": dict(ZERO), "unknown": 0}
                if people
                else {"certain": 0, "possible": 0},
            )
            for count in ("certain", "possible"):
                if not in_window(event, day, width, count):
                    continue
                if people:
                    so_far[count] = {part: so_far[count][part] + (own.get(part) or 0) for part in ZERO}
                else:
                    so_far[count] += own
            if people and own.get("best") is None:
                so_far["unknown"] += 1
    tidied = {name: tidy(numbers) for name, numbers in shown.items()}
    return {name: numbers for name, numbers in tidied.items() if numbers is not None}


def tidy(numbers: Json) -> Json | None:
    """Leave out what is 0: `unknown` alone, or the measure when all of it is."""
    if not numbers.get("unknown"):
        numbers = {key: value for key, value in numbers.items() if key != "unknown"}
    nothing = all(value in (0, ZERO) for value in numbers.values())
    return None if nothing else numbers
