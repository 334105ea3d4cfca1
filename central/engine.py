"""The database behind a URL: SQLite (WAL, FULL) or PostgreSQL over psycopg 3, and how each is made durable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from edge.core.errors import ConfigError

POOL = 4
READ_ONLY = "read_only"
"""The option of a connection that only reads."""


def open_engine(url: str, folder: Path) -> Engine:
    """An engine for `url`; a relative SQLite path is relative to `folder`. Raises ConfigError."""
    try:
        parsed = make_url(url)
    except ArgumentError as e:
        # The URL may hold a password, so the message does not repeat it.
        raise ConfigError("the database's URL cannot be read") from e
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _sqlite(parsed, folder)
    if backend == "postgresql":
        return _postgresql(parsed)
    raise ConfigError(f"no database of kind {backend!r} is supported", remedy="Use sqlite:/// or postgresql://.")


def _postgresql(url: URL) -> Engine:
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"), pool_size=POOL, max_overflow=POOL, pool_pre_ping=True
        )
    except (ImportError, SQLAlchemyError) as e:
        raise ConfigError("PostgreSQL needs psycopg 3", remedy="Install doorstep[central].") from e

    @event.listens_for(engine, "connect")
    def _durable(connection: Any, _record: Any) -> None:
        # A server may be set to answer before the commit is on disk; a receipt must not rest on that.
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = on")
            cursor.execute("SET lock_timeout = '15s'")
        connection.commit()

    return engine


def _sqlite(url: URL, folder: Path) -> Engine:
    if url.database and url.database != ":memory:":
        url = url.set(database=str(folder / url.database))
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def _durable(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _take_the_lock(connection: Connection) -> None:
        # Python's driver would begin too late for savepoints, and a read lock cannot always be raised.
        reads = connection.get_execution_options().get(READ_ONLY)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine
