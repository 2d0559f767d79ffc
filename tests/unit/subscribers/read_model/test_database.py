"""Databases: which are taken, what is said of others, and that readers write nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from schemas.errors import Failed, Misuse, Transient
from subscribers.read_model.database import migrate, open_database, require_schema, schema_revision, shown


@pytest.mark.parametrize(
    "url", ["mysql://u:secret@h/d", "sqlite://", "sqlite:///:memory:", "no url", "postgresql+x://h/d"]
)
def test_what_is_no_database_of_ours_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(Misuse, match="--database-url") as refused:
        open_database(url)
    assert "secret" not in str(refused.value)


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    engine = open_database(f"postgresql://vigil:secret@/vigil?host={tmp_path}&sslpassword=secret")
    with pytest.raises(Transient) as refused:
        schema_revision(engine)
    said = str(refused.value)
    assert "secret" not in said
    assert "\n" not in said
    assert "vigil:***@" in said
    assert "secret" not in shown(engine)


def test_who_only_reads_makes_no_file_and_writes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'folder' / 'read-model.db'}"
    reader = open_database(url, read_only=True)
    with pytest.raises(Failed, match="vigil worker projection"):
        require_schema(reader)
    assert not list(tmp_path.iterdir())
    migrate(open_database(url))
    require_schema(reader)
    with reader.connect() as connection, pytest.raises(OperationalError, match="readonly"):
        connection.execute(text("DELETE FROM positions"))


def test_a_file_that_was_removed_is_used_by_nobody_any_more(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'read-model.db'}"
    writer, reader = open_database(url), open_database(url, read_only=True)
    migrate(writer)
    require_schema(reader)
    for file in tmp_path.iterdir():
        file.unlink()
    with pytest.raises(OperationalError, match="unable to open"):
        reader.connect()
    assert schema_revision(writer) is None
    with pytest.raises(OperationalError, match="no such table"), writer.begin() as connection:
        connection.execute(text("DELETE FROM positions"))
    migrate(writer)
    require_schema(reader)


def test_a_schema_of_another_program_is_refused(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'read-model.db'}")
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Failed, match="newer than this program"):
        migrate(engine)
    with pytest.raises(Failed, match="schema 9999"):
        require_schema(engine)
