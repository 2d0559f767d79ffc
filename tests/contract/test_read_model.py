"""What the read model's tables hold, the same on each database."""

from __future__ import annotations

import json

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, select

from schemas import topics
from schemas.errors import Failed
from subscribers.read_model.database import newest_revision, require_schema, schema_revision
from subscribers.read_model.keys import key_text
from subscribers.read_model.projection import Projection, empty
from subscribers.read_model.tables import ASSERTIONS, EVENTS, METADATA
from tests.events import event
from tests.read_model import Taking, apply_all, dump, make_log
from tests.unit.timeline.people_parts import transition


def test_the_migrated_schema_is_that_of_the_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), METADATA) == []
    assert schema_revision(engine) == newest_revision()
    require_schema(engine)


def test_a_record_that_was_applied_changes_nothing_when_it_comes_again(engine: Engine) -> None:
    log = make_log([Taking(event(1), 1)], [])
    for scope in ("b", "a"):
        for how in ("raised", "updated", "cancelled"):
            log.append(topics.ALERTS, scope, json.dumps(transition(scope, how)).encode())
    projection = Projection(engine)
    assert projection.apply(log.records.values(), log.ends, log.look())
    before = dump(engine)
    for place, records in log.records.items():
        for record in records:
            assert projection.apply([[record]], {place: log.ends[place]}, log.look())
            assert dump(engine) == before


def test_a_projection_that_another_one_has_overtaken_writes_nothing_and_goes_on_from_what_is_stored(
    engine: Engine,
) -> None:
    log = make_log([Taking(event(number), number) for number in range(4)], [])
    first, second = Projection(engine), Projection(engine)
    assert first.apply(log.records.values(), log.ends, log.look())
    before = dump(engine)
    assert not second.apply(log.records.values(), log.ends, log.look())
    assert dump(engine) == before
    assert {place: each.next_offset for place, each in second.positions().items()} == log.ends
    assert second.apply([], {}, log.look())
    empty(engine)
    assert not first.apply([], {}, log.look())
    assert first.positions() == {}
    assert first.apply(log.records.values(), log.ends, log.look())
    assert dump(engine) == before


def test_tables_of_another_log_are_refused(engine: Engine) -> None:
    log = make_log([Taking(event(1), 1)], [])
    Projection(engine).apply(log.records.values(), log.ends, log.look())
    before = dump(engine)
    replaced = log.look()._replace(topic_ids={topic: f"another id of {topic}" for topic in log.topic_ids})
    projection = Projection(engine)
    projection.positions()
    with pytest.raises(Failed, match="vigil projection rebuild"):
        projection.apply([], {}, replaced)
    assert dump(engine) == before


def test_degrees_that_are_whole_are_kept_beside_others(engine: Engine) -> None:
    degrees = [5, 5.5, -180, None, 0]
    places = [{"latitude": 5, "longitude": each} for each in degrees]
    said = [event(number, place=place) for number, place in enumerate(places)]
    apply_all(engine, make_log([Taking(each, second) for second, each in enumerate(said)], []))
    with engine.connect() as connection:
        kept = connection.execute(select(ASSERTIONS.c.longitude).order_by(ASSERTIONS.c.id)).scalars()
        assert list(kept) == degrees


def test_what_no_database_can_index_is_kept_under_a_key_of_its_own(engine: Engine) -> None:
    odd = ["vigil:" + "😀" * 490, "vigil:" + "😀" * 489 + "a", "vigil:a\0b", "vigil:ab"]
    place = {"country": "MLI", "admin1": "\0" + "long " * 1000}
    actors = [{"id": "a\0b"}, {"id": "😀" * 200}]
    said = [event(1, id=each, place=place, actors=actors, sequence="s\0" + "😀" * 190) for each in odd]
    log = make_log([Taking(each, second) for second, each in enumerate(said)], [])
    apply_all(engine, log)
    with engine.connect() as connection:
        kept = {key: json.loads(document)["id"] for key, document in connection.execute(_BY_ID)}
    assert kept == {key_text(each): each for each in odd}


_BY_ID = select(EVENTS.c.id, EVENTS.c.document)
