"""Statements over the units' TLS certificates: until when each is good, and who waits for a new one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select, update

from central.tables import units
from central.tables_certificates import unit_certificates as table

WAITING, ANSWERED, INSTALLED, REFUSED = "waiting", "answered", "installed", "refused"


def of_unit(connection: Connection, unit_id: str) -> dict[str, Any] | None:
    row = connection.execute(select(table).where(table.c.unit_id == unit_id)).mappings().one_or_none()
    return None if row is None else dict(row)


def save(connection: Connection, unit_id: str, **values: Any) -> None:
    if connection.execute(update(table).where(table.c.unit_id == unit_id).values(values)).rowcount == 0:
        connection.execute(insert(table).values(unit_id=unit_id, **values))


def all_told(connection: Connection) -> list[dict[str, Any]]:
    """Every unit that said anything, those that are revoked left out, by unit_id."""
    query = (
        select(table)
        .join(units, units.c.unit_id == table.c.unit_id)
        .where(units.c.revoked_utc.is_(None))
        .order_by(table.c.unit_id)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def waiting(connection: Connection) -> list[dict[str, Any]]:
    """Who waits to be signed for; revoked units wait for nothing."""
    return [row for row in all_told(connection) if row["state"] == WAITING]
