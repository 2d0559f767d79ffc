"""What the log says against what the live topics hold: read both, compute again, compare. It writes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from cli.archives.damage import check_told, place_of, sound_statement
from cli.ledger_input import accepted
from cli.output import encode_line
from eventlog.reading import read_to_end
from eventlog.record import Record
from processors.ticks import tick_time
from schemas.aggregate import Aggregate
from schemas.alert import AlertTransition
from schemas.errors import BadInput
from schemas.rule import RuleSet
from schemas.rule_text import parse_rules
from schemas.topics import AGGREGATES, ALERTS, DEADLETTERS, INCIDENTS, POLITICAL, TICKS, TIMELINE
from subscribers.aggregates import at_the_clock, take_in
from subscribers.alerts import decode_transition, in_order_of_telling, standing
from subscribers.rules import read_rules
from timeline.accounting import Account, Key, Reading, account
from timeline.identity import Assertion
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


class _Told(NamedTuple):
    """What the aggregates or the alerts hold: sound records alone, and where the newest of each scope or id stands."""

    records: list[Record]
    places: dict[str, str]
    troubles: list[str]


async def verify(bootstrap: str, *, topic_prefix: str) -> Verdict:
    """Compare what the log says with what the topics hold; meaningful when nothing was left to read."""
    timeline = await _read_timeline(bootstrap, topic_prefix)
    dead = await _read_refused(bootstrap, topic_prefix)
    readings = await _read_events(bootstrap, topic_prefix)
    positions, unaccounted = account(readings, timeline.by_position, dead)
    rollup = await _rollup(bootstrap, topic_prefix, timeline.assertions)
    windows, alerts = list(windows_lines(rollup)), list(alerts_lines(rollup))
    aggregates = await _read_told(bootstrap, topic_prefix + AGGREGATES, Aggregate, "scope")
    newest: dict[str, Any] = {}
    take_in(newest, aggregates.records)
    transitions = await _read_told(bootstrap, topic_prefix + ALERTS, AlertTransition, "id")
    told_windows = map(encode_line, at_the_clock(newest))
    told_alerts = standing_lines(standing(map(decode_transition, in_order_of_telling(transitions.records))))
    return Verdict(
        positions,
        events=len({each.id for each in timeline.assertions}),
        scopes=len(windows),
        alerts=len(alerts),
        troubles=[
            *timeline.troubles,
            *unaccounted,
            *aggregates.troubles,
            *transitions.troubles,
            *_differences("scope", windows, told_windows, aggregates.places),
            *_differences("id", alerts, told_alerts, transitions.places),
        ],
    )


async def _read_timeline(bootstrap: str, prefix: str) -> _Timeline:
    timeline = _Timeline([], {}, [])
    async for batch in read_to_end(bootstrap, prefix + TIMELINE):
        for record in batch:
            try:
                statement, position = sound_statement(record)
            except BadInput as error:
                timeline.troubles.append(f"{place_of(record)}: {error}")
            else:
                timeline.assertions.append(statement)
                timeline.by_position[position] = (statement.id, statement.stamp)
    return timeline


async def _read_told(bootstrap: str, topic: str, model: type[Aggregate | AlertTransition], name: str) -> _Told:
    told = _Told([], {}, [])
    async for batch in read_to_end(bootstrap, topic):
        for record in batch:
            try:
                check_told(record, model)
            except BadInput as error:
                told.troubles.append(f"{place_of(record)}: {error}")
            else:
                told.records.append(record)
                if record.value is not None:
                    told.places[orjson.loads(record.value)[name]] = place_of(record)
    return told


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


def _key(record: Record) -> Key | None:
    try:
        taken = accepted(record)
    except BadInput:
        return None
    return taken.statement.id, taken.statement.stamp


async def _rollup(bootstrap: str, prefix: str, assertions: Iterable[Assertion]) -> Rollup:
    rollup = Rollup(_rules(await read_rules(bootstrap, topic_prefix=prefix)))
    for statement in assertions:
        rollup.apply(statement)
    async for batch in read_to_end(bootstrap, prefix + TICKS):
        for time in [tick_time(record.value, record.timestamp_ms) for record in batch]:
            if time is not None:
                rollup.tick(time)
    rollup.settle()
    return rollup


def _rules(text: str | None) -> RuleSet:
    try:
        return RuleSet() if text is None else parse_rules(text)
    except BadInput:
        return RuleSet()  # by such a set the roller raises no alerts


def _differences(
    name: str, computed: Iterable[bytes], told: Iterable[bytes], places: Mapping[str, str]
) -> Iterator[str]:
    """Yield what the log and the topic do not have in common, each with where it was told last."""
    expected, found = ({line[name]: line for line in map(orjson.loads, lines)} for lines in (computed, told))
    for key in [*expected, *(key for key in found if key not in expected)]:
        ours, theirs = expected.get(key, {}), found.get(key, {})
        what = f"{places[key]}: {key}" if key in places else key
        if not theirs:
            yield f"{what} is not told, but the log gives it"
        elif not ours:
            yield f"{what} is told, but the log gives none"
        elif ours != theirs:
            members = sorted(each for each in ours.keys() | theirs.keys() if ours.get(each) != theirs.get(each))
            yield f"{what} differs in {', '.join(members)}"
