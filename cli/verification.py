"""What the log says against what the live topics hold: read both, compute again, compare. It writes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

import orjson

from cli.output import encode_line
from eventlog.reading import read_to_end
from eventlog.record import Record
from processors.assertions import read_assertion
from processors.ticks import tick_time
from schemas.errors import BadInput
from schemas.event import parse_event
from schemas.rule import RuleSet
from schemas.rule_text import parse_rules
from schemas.topics import DEADLETTERS, INCIDENTS, POLITICAL, TICKS, TIMELINE
from subscribers.aggregates import at_the_clock, read_aggregates
from subscribers.alerts import read_transitions, standing
from subscribers.rules import read_rules
from timeline.accounting import Account, Key, Reading, account
from timeline.identity import Assertion, assertion, decode
from timeline.replay import alerts_lines, standing_lines, windows_lines
from timeline.rollup import Rollup

_POSITION = re.compile(r".+:\d+:\d+")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where the positions of the event topics went, how much was compared, and what is not equal, in sentences."""

    positions: Account
    events: int
    scopes: int
    alerts: int
    troubles: list[str]


class _Timeline(NamedTuple):
    assertions: list[Assertion]
    by_position: dict[str, Key]
    troubles: list[str]


async def verify(bootstrap: str, *, topic_prefix: str) -> Verdict:
    """Compare what the log says with what the topics hold; meaningful when nothing was left to read."""
    timeline = await _read_timeline(bootstrap, topic_prefix)
    dead = await _read_refused(bootstrap, topic_prefix)
    readings = await _read_events(bootstrap, topic_prefix)
    positions, unaccounted = account(readings, timeline.by_position, dead)
    rollup = await _rollup(bootstrap, topic_prefix, timeline.assertions)
    windows, alerts = list(windows_lines(rollup)), list(alerts_lines(rollup))
    told_windows = at_the_clock(await read_aggregates(bootstrap, topic_prefix=topic_prefix))
    told_alerts = standing_lines(standing(await read_transitions(bootstrap, topic_prefix=topic_prefix)))
    return Verdict(
        positions,
        events=len({each.id for each in timeline.assertions}),
        scopes=len(windows),
        alerts=len(alerts),
        troubles=[
            *timeline.troubles,
            *unaccounted,
            *_differences("aggregates", "scope", windows, map(encode_line, told_windows)),
            *_differences("alerts", "id", alerts, told_alerts),
        ],
    )


async def _read_timeline(bootstrap: str, prefix: str) -> _Timeline:
    timeline = _Timeline([], {}, [])
    async for batch in read_to_end(bootstrap, prefix + TIMELINE):
        for record in batch:
            headers = {name: value.decode() for name, value in record.headers}
            statement = decode(record.value or b"", headers["vigil_content"])
            timeline.assertions.append(statement)
            timeline.by_position[headers["vigil_position"]] = (statement.id, statement.stamp)
            trouble = _damage(record, statement, headers)
            if trouble is not None:
                timeline.troubles.append(f"{record.topic}:{record.partition}:{record.offset}: {trouble}")
    return timeline


def _damage(record: Record, statement: Assertion, headers: dict[str, str]) -> str | None:
    """Return what is wrong with a timeline record by itself."""
    try:
        computed = assertion(parse_event(record.value or b""))
    except BadInput as error:
        return f"it holds no valid event: {error}"
    if computed.stamp.content != headers["vigil_content"]:
        return f"the content of {statement.id} has another hash than its header says"
    said = (headers["vigil_sequence"], headers["vigil_publish_time"], headers["vigil_withdrawn"])
    stamp = computed.stamp
    held = (stamp.sequence, computed.document["publish_time"], "1" if stamp.withdrawn else "0")
    return None if said == held else f"the stamp of {statement.id} is {held}, its headers say {said}"


async def _read_refused(bootstrap: str, prefix: str) -> set[str]:
    """Return the positions of the event topics that the ledger refused; producers' letters have places in files."""
    positions = set()
    async for batch in read_to_end(bootstrap, prefix + DEADLETTERS):
        for record in batch:
            position = dict(record.headers).get("vigil_position", b"").decode()
            if _POSITION.fullmatch(position):
                positions.add(position)
    return positions


async def _read_events(bootstrap: str, prefix: str) -> list[Reading]:
    readings: list[Reading] = []
    for topic in (INCIDENTS, POLITICAL):
        async for batch in read_to_end(bootstrap, prefix + topic):
            readings += [(f"{each.topic}:{each.partition}:{each.offset}", _key(each)) for each in batch]
    return readings


class _Taken(NamedTuple):
    """A record as the ledger sees it."""

    key: bytes | None
    value: bytes | None
    headers: object
    timestamp: int


def _key(record: Record) -> Key | None:
    try:
        taken = read_assertion(_Taken(record.key, record.value, record.headers, record.timestamp_ms))
    except BadInput:
        return None
    return taken.statement.id, taken.statement.stamp


async def _rollup(bootstrap: str, prefix: str, assertions: Iterable[Assertion]) -> Rollup:
    text = await read_rules(bootstrap, topic_prefix=prefix)
    rollup = Rollup(RuleSet() if text is None else parse_rules(text))
    for statement in assertions:
        rollup.apply(statement)
    async for batch in read_to_end(bootstrap, prefix + TICKS):
        for time in [tick_time(record.value, record.timestamp_ms) for record in batch]:
            if time is not None:
                rollup.tick(time)
    rollup.settle()
    return rollup


def _differences(topic: str, name: str, computed: Iterable[bytes], told: Iterable[bytes]) -> Iterator[str]:
    """Yield the first line that the log and the topic do not have in common."""
    for ours, theirs in zip_longest(computed, told):
        if ours != theirs:
            expected, found = (orjson.loads(line) if line else {} for line in (ours, theirs))
            key = min(filter(None, (expected.get(name), found.get(name))))
            if expected.get(name) != key:
                yield f"{topic}: {key} is told, but the log gives none"
            elif found.get(name) != key:
                yield f"{topic}: {key} is not told, but the log gives it"
            else:
                members = sorted(
                    each for each in expected.keys() | found.keys() if expected.get(each) != found.get(each)
                )
                yield f"{topic}: {key} differs in {', '.join(members)}"
            return
