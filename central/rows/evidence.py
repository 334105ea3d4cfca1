"""Statements over evidence and its chunks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from central.tables_evidence import evidence, evidence_chunks


def find(connection: Connection, evidence_id: str) -> dict[str, Any] | None:
    row = connection.execute(select(evidence).where(evidence.c.evidence_id == evidence_id)).mappings().one_or_none()
    return None if row is None else dict(row)


def of_record(connection: Connection, record_sha256: str) -> list[dict[str, Any]]:
    """The complete pieces that belong to a record."""
    query = select(evidence).where(evidence.c.record_sha256 == record_sha256, evidence.c.completed_utc.is_not(None))
    return [dict(row) for row in connection.execute(query.order_by(evidence.c.id)).mappings()]


def add(connection: Connection, row: dict[str, Any]) -> None:
    connection.execute(insert(evidence).values(row))


def add_chunk(connection: Connection, evidence_id: str, number: int, data: bytes) -> None:
    """Keep a chunk; the same again changes nothing."""
    try:
        with connection.begin_nested():
            connection.execute(insert(evidence_chunks).values(evidence_id=evidence_id, number=number, data=data))
    except IntegrityError:
        return


def numbers(connection: Connection, evidence_id: str) -> set[int]:
    """The chunks that are held."""
    query = select(evidence_chunks.c.number).where(evidence_chunks.c.evidence_id == evidence_id)
    return set(connection.execute(query).scalars())


def complete(connection: Connection, evidence_id: str, *, at_utc: str) -> None:
    same = (evidence.c.evidence_id == evidence_id, evidence.c.completed_utc.is_(None))
    connection.execute(update(evidence).where(*same).values(completed_utc=at_utc))


def content(connection: Connection, evidence_id: str) -> bytes:
    """All chunks that are held, joined."""
    query = select(evidence_chunks.c.data).where(evidence_chunks.c.evidence_id == evidence_id)
    return b"".join(connection.execute(query.order_by(evidence_chunks.c.number)).scalars())
