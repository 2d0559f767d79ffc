"""Writes many rows in one statement, in each database by the way that it is quick at.

SQLite takes one row after the other from the driver; PostgreSQL gets each column as one array, since what costs there
is the way to and fro of each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY, psycopg

from subscribers.read_model.rows import Row


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, given in the order of the table's columns, whose keys are not there yet."""
    _write(connection, table, rows, replace=False)


def replace_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, or replace those that have their keys; each key may be given once."""
    _write(connection, table, rows, replace=True)


def delete_rows(connection: Connection, table: Table, keys: Sequence[Row]) -> None:
    """Delete the rows that have these primary keys."""
    if not keys:
        return
    columns = list(table.primary_key.columns)
    statement = table.delete().where(*(column == bindparam(f"key_{column.name}") for column in columns))
    names = [f"key_{column.name}" for column in columns]
    connection.execute(statement, [dict(zip(names, key, strict=True)) for key in keys])


def _write(connection: Connection, table: Table, rows: Sequence[Row], *, replace: bool) -> None:
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_for_sqlite(table, replace=replace), list(rows))
    else:
        names = table.columns.keys()
        columns: dict[str, Any] = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        connection.exec_driver_sql(_for_postgresql(table, replace=replace), columns)


@cache
def _for_sqlite(table: Table, *, replace: bool) -> str:
    statement = sqlite.insert(table)
    if replace:
        statement = statement.on_conflict_do_update(
            index_elements=_keys(table), set_={name: statement.excluded[name] for name in _others(table)}
        )
    return str(statement.compile(dialect=sqlite.dialect()))


@cache
def _for_postgresql(table: Table, *, replace: bool) -> str:
    arrays = [func.unnest(bindparam(column.name, type_=ARRAY(column.type))) for column in table.columns]
    statement = postgresql.insert(table).from_select(table.columns.keys(), select(*arrays))
    if replace:
        statement = statement.on_conflict_do_update(
            index_elements=_keys(table), set_={name: statement.excluded[name] for name in _others(table)}
        )
    return str(statement.compile(dialect=psycopg.dialect()))  # type: ignore[no-untyped-call]  # so SQLAlchemy has it


def _keys(table: Table) -> list[str]:
    return [column.name for column in table.primary_key.columns]


def _others(table: Table) -> list[str]:
    return [column.name for column in table.columns if not column.primary_key]
