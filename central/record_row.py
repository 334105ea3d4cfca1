"""A verified record as a row of the database: what the desk selects and counts by, beside what was signed."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from edge.core.envelope import digest
from edge.core.record import VisitRecord
from edge.core.visit import CosignerRole

Row: TypeAlias = dict[str, Any]


def record_row(record: VisitRecord, raw: bytes, payload_type: str, at_utc: str) -> Row:
    """The row of a record whose envelope is `raw`."""
    return {
        "unit_id": record.unit_id,
        "sequence": record.sequence,
        "sha256": digest(raw),
        "record_id": record.record_id,
        "previous_sha256": record.previous_sha256,
        "payload_type": payload_type,
        "envelope": raw,
        "received_utc": at_utc,
        "visit_id": record.visit.visit_id,
        "begun_utc": record.visit.begun_utc,
        "outcome": record.outcome.kind.value,
        "reasons": msgspec.json.encode(record.outcome.reasons).decode(),
        "person_id": _column(record.visit.person_served.person_id),
        "scheme": record.visit.person_served.scheme.value,
        "address_code": _column(record.visit.place.address_code),
        "worker": _column(record.visit.person_serving),
        "worker_keyid": _keyid(record, CosignerRole.WORKER),
        "witness_keyid": _keyid(record, CosignerRole.WITNESS),
    }


def _keyid(record: VisitRecord, role: CosignerRole) -> str:
    return next((c.keyid for c in record.cosigners if c.role is role), "")


def _column(text: str) -> str:
    """For selecting and counting only; what no column can hold stands in the envelope alone."""
    return text if text.isprintable() and len(text) <= 256 else ""
