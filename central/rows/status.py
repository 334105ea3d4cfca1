"""Statements over what units say of themselves."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from central.tables import units
from central.tables_status import unit_status


def active(connection: Connection, unit_ids: Collection[str]) -> set[str]:
    """Those that are registered and not revoked."""
    query = select(units.c.unit_id).where(units.c.unit_id.in_(unit_ids), units.c.revoked_utc.is_(None))
    return set(connection.scalars(query))


def known(connection: Connection, unit_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    query = select(unit_status).where(unit_status.c.unit_id.in_(unit_ids))
    return {row["unit_id"]: dict(row) for row in connection.execute(query).mappings()}


def save(connection: Connection, row: dict[str, Any]) -> None:
    """Write a unit's last status; of two processes that hear the same, either may be the last."""
    change = update(unit_status).where(unit_status.c.unit_id == row["unit_id"]).values(row)
    if connection.execute(change).rowcount == 0:
        try:
            with connection.begin_nested():
                connection.execute(insert(unit_status).values(row))
        except IntegrityError:
            connection.execute(change)


def all_known(connection: Connection) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(select(unit_status)).mappings()]
