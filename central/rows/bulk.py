"""Many rows into one table, past what SQLAlchemy does for each of them: that cost as much as the database's work.

PostgreSQL takes them as one binary COPY, any other database as its driver's `executemany`; in both a row that breaks
a constraint ends the transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import BigInteger, Connection, Integer, LargeBinary, Table

POSTGRESQL_TYPES = {BigInteger: "int8", Integer: "int4", LargeBinary: "bytea"}


def insert_many(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns, two at least. Raises what the driver or SQLAlchemy raises."""
    if not rows:
        return
    columns = tuple(rows[0])
    if connection.dialect.name == "postgresql":
        _copy(connection, table, columns, rows)
    else:
        connection.exec_driver_sql(_statement(table.name, columns), list(map(itemgetter(*columns), rows)))


def _copy(connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> None:
    statement = f"COPY {table.name} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(statement) as copy:
        copy.set_types([POSTGRESQL_TYPES.get(type(table.c[name].type), "text") for name in columns])
        for values in map(itemgetter(*columns), rows):
            copy.write_row(values)


@cache
def _statement(table: str, columns: tuple[str, ...]) -> str:
    places = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"
