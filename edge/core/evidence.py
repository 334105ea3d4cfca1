"""Evidence: a photograph sealed to central when it is taken, named by a signed manifest, carried in chunks.

The unit cannot open it again. The manifest names the record it belongs to and the digest of every chunk, so that a
chunk needs no signature of its own, and a transfer goes on where it stopped. Nothing is sealed without consent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum

import msgspec
from securesystemslib.signer import Signer

from edge.core.chunks import digests, is_chunk
from edge.core.document import read_json
from edge.core.envelope import open_envelope, parse, seal
from edge.core.errors import CouldNotBeChecked, DoesNotVerify
from edge.core.keys import KeyRole, PublicKeyDocument, keys_of
from edge.core.record import VisitRecord

MANIFEST_TYPE = "application/vnd.doorstep.evidence.v1+json"
RECEIPT_TYPE = "application/vnd.doorstep.evidence-receipt.v1+json"
MANIFEST_FORMAT = "doorstep.evidence/1"
RECEIPT_FORMAT = "doorstep.evidence-receipt/1"
CHUNK_BYTES = 16 * 1024
MAX_CHUNKS = 256
MAX_SEALED_BYTES = CHUNK_BYTES * MAX_CHUNKS


class EvidenceKind(StrEnum):
    FACE_PHOTO = "face_photo"
    DOCUMENT_PHOTO = "document_photo"
    DRAWN_SIGNATURE = "drawn_signature"  # a picture of what a witness drew
    PEOPLE = "people"  # who the guardian and the witness are (edge/core/people.py)


PHOTO_KINDS = frozenset({EvidenceKind.FACE_PHOTO, EvidenceKind.DOCUMENT_PHOTO})


def refusal_of(kind: EvidenceKind, record: VisitRecord) -> str:
    """Why evidence of this kind may not belong to the record, empty when it may.

    A photograph needs the consent to send one. What a witness or guardian gave of themselves needs a record that
    speaks of them.
    """
    witness = record.attestation.witness if record.attestation else None
    if kind in PHOTO_KINDS:
        return "" if record.consents.send_photo else "the record gives no consent to send a photograph"
    if kind is EvidenceKind.DRAWN_SIGNATURE:
        return "" if witness and witness.drawing_sha256 else "the record names no drawn signature"
    committed = bool(record.consents.guardian) or bool(witness and witness.commitment)
    return "" if committed else "the record names neither a guardian nor a witness of that kind"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What the record key signs. `chunks`: SHA-256 of each, in order; all but the last have CHUNK_BYTES."""

    evidence_id: str
    unit_id: str
    record_sha256: str
    kind: EvidenceKind
    size_bytes: int
    sealed_sha256: str
    sealed_to: str
    chunks: tuple[str, ...]
    format: str = MANIFEST_FORMAT


class EvidenceReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """What central holds of one piece. Complete: nothing is missing and nothing refused."""

    central_id: str
    unit_id: str
    evidence_id: str
    issued_utc: str
    missing: tuple[int, ...] = ()
    refused: str = ""
    detail: str = ""
    format: str = RECEIPT_FORMAT

    @property
    def complete(self) -> bool:
        return not self.missing and not self.refused


def evidence_info(unit_id: str, evidence_id: str) -> bytes:
    """HPKE's `info` for a piece of evidence."""
    return f"{MANIFEST_TYPE}\n{unit_id}\n{evidence_id}".encode()


def make_manifest(
    sealed: bytes, *, evidence_id: str, unit_id: str, record_sha256: str, kind: EvidenceKind, sealed_to: str
) -> Manifest:
    return Manifest(
        evidence_id=evidence_id,
        unit_id=unit_id,
        record_sha256=record_sha256,
        kind=kind,
        size_bytes=len(sealed),
        sealed_sha256=hashlib.sha256(sealed).hexdigest(),
        sealed_to=sealed_to,
        chunks=digests(sealed, CHUNK_BYTES),
    )


def sign_manifest(manifest: Manifest, signer: Signer) -> bytes:
    return seal(msgspec.json.encode(manifest, order="deterministic"), MANIFEST_TYPE, [signer])


def open_manifest(raw: bytes, record_key: PublicKeyDocument) -> Manifest:
    """The manifest in `raw`, by the unit of `record_key`. Raises DoesNotVerify or CouldNotBeChecked."""
    opened = open_envelope(raw, keys=keys_of([record_key], KeyRole.RECORD), payload_types={MANIFEST_TYPE})
    manifest = read_json(opened.payload, Manifest, format_=MANIFEST_FORMAT, what="the manifest")
    if manifest.unit_id != record_key.owner:
        raise DoesNotVerify(f"made for unit {manifest.unit_id!r}, not {record_key.owner!r}", step="unit")
    expected = -(-manifest.size_bytes // CHUNK_BYTES)
    if not 0 < manifest.size_bytes <= MAX_SEALED_BYTES or len(manifest.chunks) != expected:
        raise DoesNotVerify(f"{manifest.size_bytes} bytes in {len(manifest.chunks)} chunks", step="payload")
    return manifest


def is_evidence(raw: bytes) -> bool:
    """Whether it claims to be a manifest or a chunk."""
    if raw.startswith(b'{"payload":'):
        try:
            return parse(raw).payload_type == MANIFEST_TYPE
        except DoesNotVerify:
            return False
    return is_chunk(raw)


def manifest_claims(raw: bytes) -> Manifest:
    """What a manifest says, for the unit that wrote it and keeps it. Raises DoesNotVerify or CouldNotBeChecked."""
    return read_json(parse(raw).payload, Manifest, format_=MANIFEST_FORMAT, what="the manifest")


def sign_evidence_receipt(receipt: EvidenceReceipt, signer: Signer) -> bytes:
    return seal(msgspec.json.encode(receipt, order="deterministic"), RECEIPT_TYPE, [signer])


def is_evidence_receipt(raw: bytes) -> bool:
    """Whether an envelope claims to be one."""
    try:
        return parse(raw).payload_type == RECEIPT_TYPE
    except DoesNotVerify:
        return False


def open_evidence_receipt(raw: bytes, trusted: Sequence[PublicKeyDocument], *, unit_id: str) -> EvidenceReceipt:
    """A receipt for this unit by a key that may sign receipts. Raises DoesNotVerify or CouldNotBeChecked."""
    opened = open_envelope(raw, keys=keys_of(trusted, KeyRole.RECEIPT), payload_types={RECEIPT_TYPE})
    receipt = read_json(opened.payload, EvidenceReceipt, format_=RECEIPT_FORMAT, what="the evidence receipt")
    owners = {d.keyid: d.owner for d in trusted if d.role is KeyRole.RECEIPT}
    if any(owners[keyid] != receipt.central_id for keyid in opened.key_ids):
        raise DoesNotVerify(f"signed by another than {receipt.central_id!r}", step="issuer")
    if receipt.unit_id != unit_id:
        raise DoesNotVerify(f"made for unit {receipt.unit_id!r}, not {unit_id!r}", step="unit")
    return receipt


def sealing_key_among(trusted: Sequence[PublicKeyDocument]) -> PublicKeyDocument:
    """The key that evidence is sealed to. Raises CouldNotBeChecked when none, or more than one, is trusted."""
    found = [d for d in trusted if d.role is KeyRole.SEALING]
    if len(found) != 1:
        raise CouldNotBeChecked(
            f"{len(found)} evidence keys are trusted, expected one",
            step="key",
            remedy="Add central's keys/evidence.pub.json with `doorstep unit trust`.",
        )
    return found[0]
