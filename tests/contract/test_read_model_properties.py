"""Whatever happens to whoever applies the log, the tables are those of the log, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy import event as happening

from eventlog.record import Record
from schemas import topics
from subscribers.aggregates import take_in
from subscribers.alerts import decode_transition, in_order_of_telling, standing
from subscribers.read_model.lag import Place
from subscribers.read_model.projection import Projection, empty
from subscribers.read_model.tables import AGGREGATES, ALERTS, ASSERTIONS, EVENTS, FEEDS
from subscribers.timeline import decode_taken
from tests.profiles import examples
from tests.read_model import Json, Log, Taking, apply_all, dump, make_log
from tests.strategies import Case, choice, draw_case, shuffled
from timeline.replay import timeline_lines


class Crash(Exception):
    """What is raised in the middle of a transaction."""


def tries(count: int) -> settings:
    """So many examples on one database, which each of them empties first."""
    before = examples(count)
    allowed = [*before.suppress_health_check, HealthCheck.function_scoped_fixture]
    return settings(before, suppress_health_check=allowed)


def takings_of(case: Case, random: Random) -> list[Taking]:
    """The assertions of a case, some twice, each taken by the log at a second of its own."""
    said = [*case.assertions, *random.choices(case.assertions, k=random.randrange(4))]
    return [Taking(each, second) for second, each in enumerate(said)]


def commands_of(random: Random) -> list[Json]:
    said: list[Json] = [
        {"command": "acknowledge", "id": "0a" * 8, "by": "Awa", "thread": "t"},
        {"command": "silence", "id": "0b" * 8, "by": "Awa", "scope": "country:MLI", "comment": "known",
         "until": "2027-01-01T00:00:00Z"},
        {"command": "end_silence", "id": "0c" * 8, "by": "Ben", "silence": "0b" * 8},
    ]  # fmt: skip
    return random.sample(said, random.randrange(4))


@contextmanager
def crash_at(engine: Engine, statement: int) -> Iterator[None]:
    """Raise before so manyth statement, before the commit, or after it (then the writer cannot know)."""
    left = [statement]

    def count(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Crash

    events = ["before_cursor_execute", "commit"]
    for name in events:
        happening.listen(engine, name, count)
    try:
        yield
    finally:
        for name in events:
            happening.remove(engine, name, count)


class Worker:
    """A projection and its reader, which may be thrown back, killed and held up by another one."""

    def __init__(self, engine: Engine, log: Log, random: Random) -> None:
        self.engine, self.log, self.random = engine, log, random
        self.start()

    def start(self) -> None:
        self.projection = Projection(self.engine)
        self.stand()

    def stand(self) -> None:
        stored = self.projection.positions()
        self.places: dict[Place, int] = {
            place: stored[place].next_offset if place in stored else 0 for place in self.log.ends
        }

    def step(self) -> None:
        batches, read_to = self.read()
        died = self.random.randrange(30) if self.random.random() < 0.3 else 0
        try:
            with crash_at(self.engine, died):
                if self.projection.apply(batches, read_to, self.log.look()):
                    self.places |= read_to
                else:
                    self.stand()
        except Crash:
            if self.random.random() < 0.5:
                self.start()

    def read(self) -> tuple[list[list[Record]], dict[Place, int]]:
        """What is read of some partitions, now and then what was read before once more."""
        batches, read_to = [], {}
        for place, end in self.log.ends.items():
            records = self.log.records.get(place, [])
            start = self.places[place]
            again = self.random.randrange(3) if self.random.random() < 0.2 else 0
            wanted = [record for record in records if record.offset >= start - again]
            size = self.random.choice((None, 0, 1, 2, 5, 1000))
            if size is None:
                continue
            batches.append(wanted[:size])
            read_to[place] = end if size >= len(wanted) else max(start, wanted[size].offset)
        return batches, read_to

    def is_done(self) -> bool:
        stored = self.projection.positions()
        self.stand()
        return all(place in stored and stored[place].next_offset == end for place, end in self.log.ends.items())


@given(data=st.data())
@tries(40)
def test_the_tables_are_those_of_the_log_in_whatever_pieces_it_was_applied(
    engine: Engine, other: Engine, data: st.DataObject
) -> None:
    random = Random(data.draw(st.integers(0, 2**64), label="seed"))
    case = draw_case(choice(data))
    log = make_log(takings_of(case, random), case.rules, commands_of(random))
    for each in (engine, other):
        empty(each)
    apply_all(other, log)

    workers = [Worker(engine, log, random) for _ in range(2)]
    emptied = random.random() < 0.3
    for _ in range(200):
        random.choice(workers).step()
        if emptied and random.random() < 0.1:
            empty(engine)
            emptied = False
        if workers[0].is_done():
            break
    assert workers[0].is_done()
    assert dump(engine) == dump(other)


@given(data=st.data())
@tries(40)
def test_what_is_known_does_not_depend_on_the_order_of_the_log(
    engine: Engine, other: Engine, data: st.DataObject
) -> None:
    choose = choice(data)
    random = Random(data.draw(st.integers(0, 2**64), label="seed"))
    case = draw_case(choose)
    takings = takings_of(case, random)
    for each in (engine, other):
        empty(each)
    apply_all(engine, make_log(takings, case.rules))
    apply_all(other, make_log(shuffled(choose, takings), case.rules))
    names = ("assertions", "assertion_scopes", "events", "event_scopes", "feeds")
    found, expected = dump(engine, places=False), dump(other, places=False)
    assert {name: found[name] for name in names} == {name: expected[name] for name in names}


@given(data=st.data())
@tries(40)
def test_the_tables_say_what_readers_of_the_topics_say(engine: Engine, data: st.DataObject) -> None:
    random = Random(data.draw(st.integers(0, 2**64), label="seed"))
    case = draw_case(choice(data))
    log = make_log(takings_of(case, random), case.rules)
    empty(engine)
    worker = Worker(engine, log, random)
    while not worker.is_done():
        worker.step()

    by_topic: dict[str, list[Record]] = {}
    for (topic, _), records in log.records.items():
        by_topic.setdefault(topic, []).extend(records)
    taken = [decode_taken(record) for record in by_topic[topics.TIMELINE]]
    newest: dict[str, Any] = {}
    take_in(newest, by_topic.get(topics.AGGREGATES, []))
    transitions = [decode_transition(record) for record in in_order_of_telling(by_topic.get(topics.ALERTS, []))]
    with engine.connect() as connection:
        states = connection.execute(select(EVENTS.c.document).order_by(EVENTS.c.id)).scalars()
        assert list(states) == [line.decode() for line in timeline_lines(each.statement for each in taken)]
        ingested = {
            tuple(row[:-1]): row[-1] for row in connection.execute(select(*(ASSERTIONS.c[name] for name in _STAMPED)))
        }
        assert set(ingested) == {(each.statement.id, *each.statement.stamp) for each in taken}
        assert all(ingested[(each.statement.id, *each.statement.stamp)] <= (each.ingest_time or 0) for each in taken)
        assert set(ingested.values()) <= {each.ingest_time for each in taken}
        assert set(connection.execute(select(AGGREGATES.c.scope)).scalars()) == set(newest)
        counted = {row.source: (row.events, row.assertions) for row in connection.execute(select(FEEDS))}
        assert counted == {
            source: (
                len({each[0] for each in ingested if each[0].startswith(f"{source}:")}),
                sum(each[0].startswith(f"{source}:") for each in ingested),
            )
            for source in counted
        }
        stand = select(ALERTS.c.alert).where(ALERTS.c.stands)
        assert set(connection.execute(stand).scalars()) == {alert["id"] for alert in standing(transitions)}


_STAMPED = ("id", "sequence", "publish_time", "withdrawn", "content", "ingest_time")
