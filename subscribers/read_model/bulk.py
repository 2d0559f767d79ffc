"""Writes many rows in one statement, in each database by the way that it is quick at.

SQLite takes one row after the other from the driver. To PostgreSQL each row's way to and fro costs most: what is merely
inserted goes by COPY, and what may replace rows as an array a column.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import psycopg
from sqlalchemy import Connection, Table, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError

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
    elif replace:
        names = table.columns.keys()
        columns: dict[str, Any] = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        connection.exec_driver_sql(_for_postgresql(table), columns)
    else:
        _copy(connection, table, rows)


def _copy(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    names = ", ".join(f'"{name}"' for name in table.columns.keys())  # noqa: SIM118 - its iteration gives no names
    statement = f'COPY "{table.name}" ({names}) FROM STDIN'
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        raise DBAPIError(statement, None, error) from error


@cache
def _for_sqlite(table: Table, *, replace: bool) -> str:
    statement = sqlite.insert(table)
    if replace:
        statement = statement.on_conflict_do_update(
            index_elements=_keys(table), set_={name: statement.excluded[name] for name in _others(table)}
        )
    return str(statement.compile(dialect=sqlite.dialect()))


@cache
def _for_postgresql(table: Table) -> str:
    arrays = [func.unnest(bindparam(column.name, type_=ARRAY(column.type))) for column in table.columns]
    statement = postgresql.insert(table).from_select(table.columns.keys(), select(*arrays))
    statement = statement.on_conflict_do_update(
        index_elements=_keys(table), set_={name: statement.excluded[name] for name in _others(table)}
    )
    return str(statement.compile(dialect=PGDialect_psycopg()))  # type: ignore[no-untyped-call]  # so SQLAlchemy has it


def _keys(table: Table) -> list[str]:
    return [column.name for column in table.primary_key.columns]


def _others(table: Table) -> list[str]:
    return [column.name for column in table.columns if not column.primary_key]
