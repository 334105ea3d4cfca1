"""Consent taken back: which records it covers, and the photographs that go with it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from central.tables_evidence import evidence, evidence_chunks, withdrawn_consents
from central.tables_people import FaceUse, persons
from edge.core.evidence import PHOTO_KINDS
from edge.core.visit import Purpose, Withdrawal


def take(connection: Connection, row: dict[str, Any], withdrawal: Withdrawal, *, at_utc: str) -> int:
    """Note a withdrawal and delete the photographs that it covers; gives how many pieces went. row: of its record.

    Only what the same unit sent, and only of whom that unit visits: a unit speaks for its own records. Where the
    comparison itself is no longer agreed to, the person's references go down to no unit any more.
    """
    unit_id = row["unit_id"]
    if Purpose.MATCH_ON_UNIT in withdrawal.purposes:
        theirs = (persons.c.person_id == row["person_id"], persons.c.unit_id == unit_id)
        connection.execute(update(persons).where(*theirs).values(face=FaceUse.WITHDRAWN.value))
    if not {Purpose.SEND_PHOTO, Purpose.KEEP_PHOTO} & set(withdrawal.purposes):
        return 0
    covered = list(dict.fromkeys(withdrawal.record_sha256))
    c = withdrawn_consents.c
    held = set(connection.scalars(select(c.record_sha256).where(c.record_sha256.in_(covered), c.unit_id == unit_id)))
    fresh = [{"record_sha256": s, "unit_id": unit_id, "taken_utc": at_utc} for s in covered if s not in held]
    if fresh:
        connection.execute(insert(withdrawn_consents), fresh)
    photos = select(evidence.c.evidence_id).where(
        evidence.c.record_sha256.in_(covered),
        evidence.c.unit_id == unit_id,
        evidence.c.kind.in_(sorted(kind.value for kind in PHOTO_KINDS)),
    )
    ids = list(connection.scalars(photos))
    connection.execute(delete(evidence_chunks).where(evidence_chunks.c.evidence_id.in_(ids)))
    connection.execute(delete(evidence).where(evidence.c.evidence_id.in_(ids)))
    return len(ids)


def covers(connection: Connection, unit_id: str, record_sha256: str) -> bool:
    """Whether its own unit took the consent of this record back."""
    c = withdrawn_consents.c
    query = select(c.record_sha256).where(c.record_sha256 == record_sha256, c.unit_id == unit_id)
    return connection.scalar(query) is not None
