"""Statements over the messages that go down, and over what is known of each unit's keys and place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from central.tables import units
from central.tables_messages import messages, unit_messaging

QUEUED, REFUSED = "queued", "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A message to be sent now; `attempts` counts the sendings before."""

    unit_id: str
    sequence: int
    envelope: bytes
    attempts: int


def messaging(connection: Connection, unit_id: str) -> dict[str, Any] | None:
    """What is known of a unit's keys and of how far it has come."""
    query = select(unit_messaging).where(unit_messaging.c.unit_id == unit_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else dict(row)


def save_keys(connection: Connection, unit_id: str, *, serial: int, statement: bytes, at_utc: str) -> None:
    values = {"serial": serial, "statement": statement, "received_utc": at_utc}
    change = update(unit_messaging).where(unit_messaging.c.unit_id == unit_id).values(values)
    if connection.execute(change).rowcount == 0:
        fresh = {"unit_id": unit_id, "applied_sequence": 0, "list_version": 0, **values}
        connection.execute(insert(unit_messaging).values(fresh))


def save_place(connection: Connection, unit_id: str, *, applied: int, list_version: int, at_utc: str) -> None:
    values = {"applied_sequence": applied, "list_version": list_version, "confirmed_utc": at_utc}
    connection.execute(update(unit_messaging).where(unit_messaging.c.unit_id == unit_id).values(values))


def last_sequence(connection: Connection, unit_id: str) -> int:
    return connection.scalar(select(func.max(messages.c.sequence)).where(messages.c.unit_id == unit_id)) or 0


def add_message(connection: Connection, row: dict[str, Any]) -> None:
    waiting = {"state": QUEUED, "reason": "", "detail": "", "attempts": 0, "next_try_s": 0}
    connection.execute(insert(messages).values({**waiting, **row}))


def settle(
    connection: Connection, unit_id: str, sequence: int, sha256: str, *, state: str, at_utc: str, **why: str
) -> bool:
    """End one message's way; False when no such message waits under that number and digest."""
    same = (messages.c.unit_id == unit_id, messages.c.sequence == sequence, messages.c.sha256 == sha256)
    change = update(messages).where(*same, messages.c.state == QUEUED)
    return connection.execute(change.values(state=state, settled_utc=at_utc, **why)).rowcount == 1


def settle_up_to(connection: Connection, unit_id: str, sequence: int, *, state: str, at_utc: str) -> None:
    waiting = (messages.c.unit_id == unit_id, messages.c.sequence <= sequence, messages.c.state == QUEUED)
    connection.execute(update(messages).where(*waiting).values(state=state, settled_utc=at_utc))


def hurry(connection: Connection, unit_id: str) -> None:
    """What waits for a unit is due now: it has just connected."""
    waiting = (messages.c.unit_id == unit_id, messages.c.state == QUEUED)
    connection.execute(update(messages).where(*waiting).values(next_try_s=0, attempts=0))


def personal_for_revoked(connection: Connection) -> list[tuple[str, int, str]]:
    """Unit, sequence and kind of what waits for a revoked unit and is no command."""
    query = (
        select(messages.c.unit_id, messages.c.sequence, messages.c.kind)
        .join(units, units.c.unit_id == messages.c.unit_id)
        .where(messages.c.state == QUEUED, messages.c.kind != "command", units.c.revoked_utc.is_not(None))
    )
    return [(unit_id, sequence, kind) for unit_id, sequence, kind in connection.execute(query)]


def replace_message(connection: Connection, unit_id: str, sequence: int, row: dict[str, Any]) -> None:
    same = (messages.c.unit_id == unit_id, messages.c.sequence == sequence, messages.c.state == QUEUED)
    connection.execute(update(messages).where(*same).values(row))


def due(connection: Connection, *, now_s: int, window: int, limit: int) -> list[Due]:
    """What is to be sent, in order, at most `window` beyond each unit's place."""
    query = (
        select(messages.c.unit_id, messages.c.sequence, messages.c.envelope, messages.c.attempts)
        .join(unit_messaging, unit_messaging.c.unit_id == messages.c.unit_id)
        .join(units, units.c.unit_id == messages.c.unit_id)
        .where(messages.c.state == QUEUED, messages.c.next_try_s <= now_s)
        .where(messages.c.sequence <= unit_messaging.c.applied_sequence + window)
        .order_by(messages.c.unit_id, messages.c.sequence)
        .limit(limit)
        .with_for_update(of=messages, skip_locked=True)
    )
    return [Due(**row) for row in connection.execute(query).mappings()]


def tried(connection: Connection, message: Due, *, next_try_s: int) -> None:
    same = (messages.c.unit_id == message.unit_id, messages.c.sequence == message.sequence)
    connection.execute(update(messages).where(*same).values(attempts=message.attempts + 1, next_try_s=next_try_s))


def not_refused(connection: Connection, unit_id: str, kind: str) -> list[bytes]:
    """The messages of a kind that a unit was sent and has not refused, the newest first."""
    query = select(messages.c.envelope).where(messages.c.unit_id == unit_id, messages.c.kind == kind)
    return list(connection.scalars(query.where(messages.c.state != REFUSED).order_by(messages.c.sequence.desc())))


def messages_of(connection: Connection, unit_id: str) -> list[dict[str, Any]]:
    """Every message to a unit, in order, with its state."""
    query = select(messages).where(messages.c.unit_id == unit_id).order_by(messages.c.sequence)
    return [dict(row) for row in connection.execute(query).mappings()]
