"""Make the slip of a visit that is stored."""

from __future__ import annotations

from edge.core.chain import StoredRecord
from edge.core.envelope import parse
from edge.core.record import VisitRecord, decode_record
from edge.core.renewal import Renewal, next_due_date
from edge.core.slip import sign_slip, slip_of
from edge.ports import RecordSigner


def record_of(stored: StoredRecord) -> VisitRecord:
    """What a stored envelope holds; its signature is not checked. Raises VerificationError for a damaged one."""
    parsed = parse(stored.envelope)
    return decode_record(parsed.payload, parsed.payload_type)


def make_slip(stored: StoredRecord, signer: RecordSigner, renewal: Renewal, *, due_date: str = "") -> str:
    """The text of the QR code for a stored record; the same record and policy give the same text again.

    due_date: as the visit list has it, YYYY-MM-DD, or empty. Raises VerificationError for a damaged record.
    """
    record = record_of(stored)
    next_due = next_due_date(record.outcome.kind, visited=record.visit.date, due_date=due_date, renewal=renewal)
    return sign_slip(slip_of(stored, record, next_due=next_due), signer.signer)
