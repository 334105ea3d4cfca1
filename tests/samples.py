"""Sample keys, visits and chains for tests: all fixed, nobody real in them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.core.chain import ChainHead, StoredRecord
from edge.core.envelope import RECEIPT_TYPE, digest, parse, seal
from edge.core.keys import KeyPurpose, KeyRole
from edge.core.receipt import Receipt, ReceiptItem, Verdict, encode_receipt
from edge.core.record import CaptureSource, Provenance, SourceKind, VisitRecord, decode_record
from edge.core.visit import (
    HOME_CERTIFICATION,
    Attestation,
    ConsentGiver,
    Consents,
    Outcome,
    OutcomeKind,
    PersonServed,
    Place,
    Reason,
    Visit,
)
from edge.device.clock import ManualClock
from edge.services.keep import VisitDraft, keep_visit
from edge.signing.keyfile import KeyFile, public_document

UNIT = "unit-0001"
CENTRAL = "central-test"


def private_key(name: str) -> Ed25519PrivateKey:
    """A key anybody can make again; for tests only."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def sample_key(
    owner: str = UNIT,
    *,
    role: KeyRole = KeyRole.RECORD,
    purpose: KeyPurpose = KeyPurpose.DEMONSTRATION,
    seed: str = "",
) -> KeyFile:
    key = private_key(seed or f"{owner} {role.value}")
    return KeyFile(key, public_document(key, role=role, purpose=purpose, owner=owner))


UNIT_KEY = sample_key()
CENTRAL_KEY = sample_key(CENTRAL, role=KeyRole.RECEIPT)
KEYS = (UNIT_KEY.public, CENTRAL_KEY.public)


def sample_draft(number: int = 1, *, unit_id: str = UNIT, source: SourceKind = SourceKind.NO_CAMERA) -> VisitDraft:
    """A visit without a face, the shortest record there is."""
    return VisitDraft(
        record_id=f"00000000-0000-4000-8000-{number:012d}",
        unit_id=unit_id,
        visit=Visit(
            visit_id=f"visit-{number}",
            service=HOME_CERTIFICATION,
            person_served=PersonServed(person_id=f"person-{number}", id_number_masked="430***********001X"),
            date="2026-01-05",
            place=Place(address_code="430102001001"),
            person_serving="worker-1",
            begun_utc="2026-01-05T08:00:00.000Z",
            ended_utc="2026-01-05T08:04:00.000Z",
        ),
        outcome=Outcome(kind=OutcomeKind.REVIEW, reasons=(Reason.MANUAL_ATTESTATION, Reason.REFUSED_FACE)),
        consents=Consents(match_on_unit=False, given_by=ConsentGiver.PERSON),
        provenance=Provenance(
            software="doorstep 0.1.0",
            runtime="",
            bundle_sha256="",
            policy_id="sample-policy",
            policy_sha256="ab" * 32,
            source=CaptureSource(kind=source, model="none"),
        ),
        attestation=Attestation(
            declared_by="worker-1",
            witnessed_by="witness-1",
            person_seen=True,
            no_mask_or_photo=True,
            recognised_how="known to the witness for years",
            document_kinds=("id_card",),
        ),
    )


class MemoryStore:
    """RecordStore in memory."""

    def __init__(self, unit: str = UNIT) -> None:
        self.unit = unit
        self.stored: list[StoredRecord] = []
        self.kept: list[bytes] = []

    def append(self, make: Callable[[ChainHead], bytes]) -> StoredRecord:
        envelope = make(self.head())
        self.stored.append(as_stored(envelope))
        return self.stored[-1]

    def head(self) -> ChainHead:
        last = self.stored[-1] if self.stored else None
        return ChainHead(sequence=last.sequence, sha256=last.sha256) if last else ChainHead()

    def unit_id(self) -> str:
        return self.unit

    def records(self, first_sequence: int = 1) -> Iterator[StoredRecord]:
        return (r for r in self.stored if r.sequence >= first_sequence)

    def find(self, record_id: str) -> StoredRecord | None:
        return next((r for r in self.stored if r.record_id == record_id), None)

    def receipts(self) -> Iterator[bytes]:
        return iter(self.kept)

    def snapshot(self) -> AbstractContextManager[object]:
        return nullcontext()

    def close(self) -> None:
        pass


def as_stored(envelope: bytes) -> StoredRecord:
    """The row that an honest store would make of an envelope."""
    parsed = parse(envelope)
    record = decode_record(parsed.payload, parsed.payload_type)
    return StoredRecord(
        sequence=record.sequence,
        record_id=record.record_id,
        payload_type=parsed.payload_type,
        sha256=digest(envelope),
        envelope=envelope,
        stored_utc="2026-01-05T08:05:00.000Z",
    )


def sample_chain(
    count: int, *, key: KeyFile = UNIT_KEY, unit_id: str = UNIT, first_number: int = 1
) -> list[StoredRecord]:
    """`count` records, each upon the one before."""
    store, clock = MemoryStore(unit_id), ManualClock()
    for number in range(first_number, first_number + count):
        keep_visit(sample_draft(number, unit_id=unit_id), store=store, signer=key, clock=clock)
        clock.advance(600)
    return store.stored


def sample_receipt(
    items: Sequence[tuple[int, str]], *, gap_free: int, unit_id: str = UNIT, key: KeyFile = CENTRAL_KEY
) -> tuple[bytes, Receipt]:
    """Central's receipt for stored (sequence, digest) pairs: envelope and content."""
    receipt = Receipt(
        receipt_id=f"receipt-{gap_free}",
        central_id=CENTRAL,
        unit_id=unit_id,
        issued_utc="2026-01-05T09:00:00.000Z",
        gap_free_sequence=gap_free,
        items=tuple(ReceiptItem(sha256=sha, verdict=Verdict.STORED, sequence=seq) for seq, sha in items),
    )
    return seal(encode_receipt(receipt), RECEIPT_TYPE, [key.signer]), receipt


def opened(stored: StoredRecord) -> VisitRecord:
    parsed = parse(stored.envelope)
    return decode_record(parsed.payload, parsed.payload_type)
