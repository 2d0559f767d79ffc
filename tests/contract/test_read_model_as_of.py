"""As of: a thousand random questions on both axes, asked of each database, against an oracle of the log's prefix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import orjson
import pytest
from sqlalchemy import Connection, Engine

from processors.assertions import Accepted, timeline_headers
from schemas.topics import TIMELINE
from subscribers.read_model.database import migrate, open_database
from subscribers.read_model.projection import Projection, empty
from subscribers.read_model.queries.aggregates import series, windows_on
from subscribers.read_model.queries.known import Known
from subscribers.read_model.queries.timeline import After, timeline_page
from tests.oracle.oracle import Oracle, line
from tests.postgres import Cluster
from tests.read_model import Log
from tests.simulation import statement
from tests.strategies import text
from tests.unit.timeline import test_as_of as asked
from timeline.as_of import Axis
from timeline.filters import Filters
from timeline.identity import encode
from timeline.times import day_number, day_text, microseconds

SCOPES_A_QUESTION = 4


@pytest.fixture
def engines(postgres: Cluster, tmp_path: Path) -> Iterator[list[Engine]]:
    """Both databases at once: the oracle's answer, which takes most of the time, holds for each."""
    engines = [open_database(url) for url in (f"sqlite:///{tmp_path / 'read-model.db'}", postgres.database())]
    for engine in engines:
        migrate(engine)
    yield engines
    for engine in engines:
        engine.dispose()


def project(engines: Iterable[Engine], log: asked.Log) -> None:
    """Fill the tables anew with a log that took its records at the times that it says, in several pieces."""
    records = Log()
    for number, (said, taken) in enumerate(zip(log.said, log.taken, strict=True)):
        one = statement(said)
        headers = timeline_headers(Accepted(one, taken.astimezone(UTC), {}), f"vigil.events.incidents.v1:0:{number}")
        records.append(TIMELINE, one.id, encode(one), headers)
    for engine in engines:
        empty(engine)
        projection = Projection(engine)
        projection.positions()
        for place, batch in records.records.items():
            assert projection.apply([batch], {place: records.ends[place]}, records.look())


def states(connection: Connection, known: Known) -> list[bytes]:
    """Every state, by id, in pages of a few."""
    found, after = [], None
    while True:
        page = timeline_page(connection, Filters(), known, newest=False, limit=3, after=after)
        found += page.states
        if page.after is None:
            return [line(state) for state in sorted(found, key=lambda state: state["id"])]
        assert isinstance(page.after, After)
        after = page.after


@pytest.mark.parametrize("axis", ["publish", "ingest"])
def test_a_thousand_questions_are_answered_as_the_prefix_of_the_log_answers_them(
    engines: list[Engine], axis: Axis
) -> None:
    answered = empty_ones = changed = counted = 0
    for seed in range(asked.QUESTIONS // asked.PER_LOG):
        random = Random(f"read model {seed}")
        log = asked.random_log(random)
        project(engines, log)
        whole = [line(state) for state in Oracle(log.said).timeline()]
        for _ in range(asked.PER_LOG):
            moment, day = asked.random_moment(random, log), asked.random_day(random, log)
            known = Known(microseconds(text(moment)), axis)
            oracle = asked.prefix_oracle(log, moment, axis)
            expected = [line(state) for state in oracle.timeline()]
            windows = {each["scope"]: each["windows"] for each in oracle.windows(datetime.fromisoformat(day).date())}
            scopes = [*random.sample(sorted(windows), min(len(windows), SCOPES_A_QUESTION)), "country:ISL"]
            for engine in engines:
                with engine.connect() as connection:
                    assert states(connection, known) == expected, (seed, moment)
                    for scope in scopes:
                        found = windows_on(connection, scope, day_number(day), known)
                        assert found == windows.get(scope), (seed, moment, day, scope)
                        counted += any((found or {}).values())
            answered += 1
            empty_ones += not expected
            changed += expected != whole
    assert answered == asked.QUESTIONS
    # Most questions are about a log that is neither empty nor complete, and about windows that hold something.
    assert empty_ones < asked.QUESTIONS / 4
    assert changed > asked.QUESTIONS / 4
    assert counted > asked.QUESTIONS


@pytest.mark.parametrize("axis", ["publish", "ingest"])
def test_a_series_as_of_a_time_is_the_windows_of_its_days(engines: list[Engine], axis: Axis) -> None:
    lines = 0
    for seed in range(12):
        random = Random(f"series {seed}")
        log = asked.random_log(random)
        project(engines, log)
        moment = asked.random_moment(random, log)
        known, oracle = Known(microseconds(text(moment)), axis), asked.prefix_oracle(log, moment, axis)
        last = day_number(asked.random_day(random, log))
        first = last - 20
        scopes = sorted(oracle.by_scope)
        for scope in random.sample(scopes, min(len(scopes), 2)):
            expected = {}
            for day in range(first, last + 1):
                if (now := measures(oracle, scope, day)) != measures(oracle, scope, day - 1):
                    expected[day] = now
            for engine in engines:
                with engine.connect() as connection:
                    changes = series(connection, scope, known, window="7d", first=first, last=last)
                    assert {each.day: orjson.loads(each.measures) for each in changes} == expected, (seed, scope)
            lines += len(expected)
    assert lines > 10


def measures(oracle: Oracle, scope: str, day: int) -> object:
    """What the week that ends with this day holds."""
    windows = oracle.windows(datetime.fromisoformat(day_text(day)).date())
    return next(each["windows"]["7d"] for each in windows if each["scope"] == scope)
