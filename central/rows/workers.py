"""Statements over field workers' keys."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select, update

from central.tables_workers import worker_keys
from edge.core.keys import PublicKeyDocument
from edge.core.visit import Cosigner
from edge.core.worker_enrolment import WorkerEnrolment, claimed_enrolment


class Standing(StrEnum):
    """What central knows of the key that signed a record beside the unit's."""

    UNSIGNED = "unsigned"
    UNKNOWN_KEY = "unknown_key"
    KNOWN = "known"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerKey:
    keyid: str
    worker_id: str
    unit_id: str
    public_hex: str
    added_utc: str
    revoked_utc: str | None
    document: PublicKeyDocument

    def contradicts(self, cosigner: Cosigner, unit_id: str) -> bool:
        """Whether a record of that unit claims this key for somebody else."""
        claimed = (cosigner.worker_id, unit_id, cosigner.public_hex)
        return claimed != (self.worker_id, self.unit_id, self.public_hex)


def add(connection: Connection, enrolment: WorkerEnrolment, raw: bytes, *, at_utc: str) -> bool:
    """Keep a key; False when it is there already."""
    if connection.scalar(select(worker_keys.c.keyid).where(worker_keys.c.keyid == enrolment.key.keyid)):
        return False
    row = {
        "keyid": enrolment.key.keyid,
        "worker_id": enrolment.key.owner,
        "unit_id": enrolment.unit_id,
        "public_hex": enrolment.key.public_hex,
        "enrolment": raw,
        "added_utc": at_utc,
    }
    connection.execute(insert(worker_keys).values(row))
    return True


def revoke(connection: Connection, worker_id: str, *, at_utc: str, unit_id: str | None = None) -> int:
    """Mark a worker's keys, on one unit or on all; gives how many were marked."""
    chosen = (worker_keys.c.worker_id == worker_id) & worker_keys.c.revoked_utc.is_(None)
    if unit_id is not None:
        chosen = chosen & (worker_keys.c.unit_id == unit_id)
    return connection.execute(update(worker_keys).where(chosen).values(revoked_utc=at_utc)).rowcount


def known(connection: Connection, keyids: Collection[str]) -> dict[str, WorkerKey]:
    """Those of `keyids` that are known."""
    if not keyids:
        return {}
    rows = connection.execute(select(worker_keys).where(worker_keys.c.keyid.in_(keyids))).mappings()
    return {row["keyid"]: _key(row) for row in rows}


def every(connection: Connection) -> list[WorkerKey]:
    """All keys, by worker and the time of adding."""
    order = (worker_keys.c.worker_id, worker_keys.c.added_utc)
    return [_key(row) for row in connection.execute(select(worker_keys).order_by(*order)).mappings()]


def standing(keyid: str, keys: dict[str, WorkerKey]) -> Standing:
    """keyid: of a record's worker or witness; "" when none signed."""
    if not keyid:
        return Standing.UNSIGNED
    key = keys.get(keyid)
    if key is None:
        return Standing.UNKNOWN_KEY
    return Standing.REVOKED if key.revoked_utc else Standing.KNOWN


def _key(row: Any) -> WorkerKey:
    return WorkerKey(
        keyid=row["keyid"],
        worker_id=row["worker_id"],
        unit_id=row["unit_id"],
        public_hex=row["public_hex"],
        added_utc=row["added_utc"],
        revoked_utc=row["revoked_utc"],
        document=claimed_enrolment(row["enrolment"]).key,
    )
