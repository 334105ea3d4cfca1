"""The schema's version: brought forward by Alembic when a store is opened, refused when newer than the software.

A database from before there were versions (its tables are there, its version is not) counts as FIRST.
"""

from __future__ import annotations

import logging

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from edge.core.errors import ConfigError

FIRST = "0001"
_LOCK = 0x646F6F7273746570  # "doorstep": any number that no other program on that server takes


def bring_forward(connection: Connection) -> None:
    """Apply the steps that are missing, inside the caller's transaction. Raises ConfigError for a newer schema."""
    if connection.dialect.name == "postgresql":
        # Two processes that start together must not both create the tables; SQLite has its one writer.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", "central:migrations")
    config.attributes["connection"] = connection
    steps = ScriptDirectory.from_config(config)
    found = MigrationContext.configure(connection).get_current_revision()
    if found == steps.get_current_head():
        return
    if found is None and inspect(connection).has_table("units"):
        command.stamp(config, FIRST)
    elif found is not None and found not in {step.revision for step in steps.walk_revisions()}:
        raise ConfigError(
            f"the database has schema {found[:32]!r}, this software knows up to {steps.get_current_head()}",
            remedy="Start it with the software that last used it, or a later one. There is no way back.",
        )
    command.upgrade(config, "head")
