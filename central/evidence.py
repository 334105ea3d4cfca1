"""Evidence as it comes: manifests that verify, chunks that fit them, and signed answers that say what is missing.

Steps: 1 the unit is registered and not revoked; 2 the manifest is signed by its record key; 3 its record is held, of
this unit, and says that a photograph may be sent; 4 a chunk is, to the byte, one that its manifest names. Nothing is
decompressed or decoded here; the desk opens it with `open_evidence`, which gives a JPEG of bounded size or nothing.
"""

from __future__ import annotations

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from central.receipts import ReceiptIssuer
from central.rows import evidence as rows
from central.rows import withdrawals
from central.store import Transaction, UnitRow
from edge.core.chunks import decode_chunk, fits
from edge.core.envelope import digest, parse
from edge.core.errors import DoesNotVerify, InputError, VerificationError
from edge.core.evidence import (
    PHOTO_KINDS,
    EvidenceReceipt,
    Manifest,
    evidence_info,
    open_manifest,
    refusal_of,
    sign_evidence_receipt,
)
from edge.core.people import Named, decode_people
from edge.core.record import VisitRecord, commitments_of, decode_record
from edge.core.sealing import open_sealed

JPEG_BEGIN, JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
MOST_PIXELS = 40_000_000
_SIZES = frozenset({0xC0, 0xC1, 0xC2})


class EvidenceIntake:
    """Central's side of evidence. Holds no state between transactions."""

    def __init__(self, issuer: ReceiptIssuer) -> None:
        self._issuer = issuer

    def accept(self, transaction: Transaction, unit_id: str, raw: bytes, *, at_utc: str) -> tuple[str, bytes | None]:
        """Take a manifest or a chunk; gives a remark for the log and the signed answer. No content raises."""
        unit = transaction.unit(unit_id)
        if unit is None or unit.revoked_utc is not None:
            return f"{unit_id}: not registered or revoked, its evidence is not taken", None
        try:
            if raw.startswith(b'{"payload":'):
                return self._manifest(transaction, unit, raw, at_utc)
            return self._chunk(transaction, unit, raw, at_utc)
        except VerificationError as e:
            return f"{unit_id}: {e.step}: {e.message}", None

    def _manifest(self, transaction: Transaction, unit: UnitRow, raw: bytes, at_utc: str) -> tuple[str, bytes | None]:
        manifest = open_manifest(raw, unit.key)
        known = rows.find(transaction.connection, manifest.evidence_id)
        if known is not None and digest(known["manifest"]) != digest(raw):
            return self._refused(unit, manifest, at_utc, "conflicting_evidence", "another manifest has this id")
        if known is None:
            refusal = _refusal(transaction, manifest)
            if refusal:
                return self._refused(unit, manifest, at_utc, *refusal)
            rows.add(transaction.connection, _row(manifest, raw, at_utc))
        return "", self._answer(transaction, manifest, at_utc)

    def _chunk(self, transaction: Transaction, unit: UnitRow, raw: bytes, at_utc: str) -> tuple[str, bytes | None]:
        chunk = decode_chunk(raw)
        known = rows.find(transaction.connection, chunk.chunk_of)
        if known is None or known["unit_id"] != unit.unit_id:
            return f"{unit.unit_id}: a chunk of evidence that it has not announced", None
        manifest = open_manifest(known["manifest"], unit.key)
        remark = ""
        if fits(chunk, manifest.chunks):
            rows.add_chunk(transaction.connection, chunk.chunk_of, chunk.number, chunk.data)
        else:
            remark = f"{unit.unit_id}: chunk {chunk.number} is not the one that its manifest names"
        return remark, self._answer(transaction, manifest, at_utc)

    def _answer(self, transaction: Transaction, manifest: Manifest, at_utc: str) -> bytes:
        held = rows.numbers(transaction.connection, manifest.evidence_id)
        missing = tuple(n for n in range(len(manifest.chunks)) if n not in held)
        if not missing:
            rows.complete(transaction.connection, manifest.evidence_id, at_utc=at_utc)
        return self._signed(manifest, at_utc, missing=missing)

    def _refused(
        self, unit: UnitRow, manifest: Manifest, at_utc: str, reason: str, detail: str
    ) -> tuple[str, bytes | None]:
        remark = f"{unit.unit_id}: evidence refused: {reason}: {detail}"
        return remark, self._signed(manifest, at_utc, refused=reason, detail=detail)

    def _signed(
        self, manifest: Manifest, at_utc: str, *, missing: tuple[int, ...] = (), refused: str = "", detail: str = ""
    ) -> bytes:
        receipt = EvidenceReceipt(
            central_id=self._issuer.central_id,
            unit_id=manifest.unit_id,
            evidence_id=manifest.evidence_id,
            issued_utc=at_utc,
            missing=missing,
            refused=refused,
            detail=detail,
        )
        return sign_evidence_receipt(receipt, self._issuer.signer)


def evidence_of(answer: bytes) -> str:
    """Which piece one of our own answers is about."""
    return msgspec.json.decode(parse(answer).payload, type=EvidenceReceipt).evidence_id


def open_evidence(transaction: Transaction, private_key: X25519PrivateKey, evidence_id: str) -> bytes:
    """The photograph, a JPEG of at most MOST_PIXELS. Raises InputError (not complete), DoesNotVerify.

    Whoever calls this logs it: who opened what, and when.
    """
    picture = _opened(transaction, private_key, evidence_id)
    check_jpeg(picture)
    return picture


def open_people(
    transaction: Transaction, private_key: X25519PrivateKey, evidence_id: str, record: VisitRecord
) -> tuple[Named, ...]:
    """Guardian and witness of a visit, who must be those that its record commits to. Raises as `open_evidence`.

    Whoever calls this logs it.
    """
    raw = _opened(transaction, private_key, evidence_id)
    return decode_people(raw, commitments_of(record)).people


def check_jpeg(picture: bytes) -> None:
    """Refuse what is no JPEG, or would unfold to more than MOST_PIXELS. Raises DoesNotVerify (step `picture`)."""
    if not picture.startswith(JPEG_BEGIN) or not picture.rstrip(b"\0").endswith(JPEG_END):
        raise DoesNotVerify("the evidence is no JPEG picture", step="picture")
    at = 2
    while at + 9 <= len(picture) and picture[at] == 0xFF:
        marker, length = picture[at + 1], int.from_bytes(picture[at + 2 : at + 4], "big")
        if marker in _SIZES:
            height = int.from_bytes(picture[at + 5 : at + 7], "big")
            width = int.from_bytes(picture[at + 7 : at + 9], "big")
            if not 0 < width * height <= MOST_PIXELS:
                raise DoesNotVerify(f"the picture claims {width}×{height} pixels", step="picture")
            return
        at += 2 + length
    raise DoesNotVerify("the picture does not say its size", step="picture")


def _opened(transaction: Transaction, private_key: X25519PrivateKey, evidence_id: str) -> bytes:
    row = rows.find(transaction.connection, evidence_id)
    if row is None or row["completed_utc"] is None:
        raise InputError(f"evidence {evidence_id[:64]!r} is not here, or not complete")
    sealed = rows.content(transaction.connection, evidence_id)
    return open_sealed(private_key, sealed, info=evidence_info(row["unit_id"], evidence_id))


def _refusal(transaction: Transaction, manifest: Manifest) -> tuple[str, str] | None:
    found = transaction.record(sha256=manifest.record_sha256)
    if found is None or found["unit_id"] != manifest.unit_id:
        return "no_record", "its record is not held; results go first"
    envelope = parse(found["envelope"])
    refusal = refusal_of(manifest.kind, decode_record(envelope.payload, envelope.payload_type))
    if refusal:
        return "no_consent", refusal
    if manifest.kind in PHOTO_KINDS and withdrawals.covers(
        transaction.connection, manifest.unit_id, manifest.record_sha256
    ):
        return "no_consent", "the consent to send a photograph was withdrawn"
    return None


def _row(manifest: Manifest, raw: bytes, at_utc: str) -> dict[str, object]:
    return {
        "evidence_id": manifest.evidence_id,
        "unit_id": manifest.unit_id,
        "record_sha256": manifest.record_sha256,
        "kind": manifest.kind.value,
        "manifest": raw,
        "chunks": len(manifest.chunks),
        "size_bytes": manifest.size_bytes,
        "received_utc": at_utc,
    }
