"""Refusals of ingest: what ends the steps, what a signed payload may say that no database holds, and what is kept."""

from __future__ import annotations

from typing import Any

from central.store import Transaction
from edge.core.record import VisitRecord

LARGEST_SEQUENCE = 2**63 - 1
ALARMS = frozenset({"conflicting_record", "chain_mismatch"})


class Refused(Exception):
    """Ends the steps; never leaves ingest."""

    def __init__(self, reason: str, detail: str, sequence: int | None = None) -> None:
        super().__init__(detail)
        self.reason, self.detail, self.sequence = reason, detail, sequence


def check_storable(record: VisitRecord) -> None:
    """What a signed payload may say and a database column may not hold. Raises Refused."""
    if record.sequence > LARGEST_SEQUENCE:
        raise Refused("bad_payload", "the sequence is out of range")
    ids = [record.record_id, record.previous_sha256, record.visit.visit_id, record.visit.begun_utc]
    for text in (*ids, *(c.keyid for c in record.cosigners)):
        if "\0" in text or len(text) > 256 or not text.isprintable():
            raise Refused("bad_payload", "an id or time holds characters that none may hold", record.sequence)
    if any(len(c.keyid) > 128 for c in record.cosigners):
        raise Refused("bad_payload", "a key id has 128 characters at most", record.sequence)


def keep_refusal(
    transaction: Transaction, row: dict[str, Any], reason: str, raw: bytes, *, at_utc: str
) -> None:
    """Note a refusal, and raise the alarm where it is one. row: unit_id, sha256, detail."""
    if reason == "unit_revoked":
        # One alarm for each unit: whoever has a revoked one could otherwise fill the disk.
        once = {**row, "kind": reason, "sha256": "0" * 64, "raised_utc": at_utc, "envelope": b""}
        transaction.raise_alarm(once)
    if reason in ALARMS:
        transaction.raise_alarm({**row, "kind": reason, "raised_utc": at_utc, "envelope": raw})
    transaction.note_refusal({**row, "reason": reason, "size_bytes": len(raw)}, at_utc=at_utc)
