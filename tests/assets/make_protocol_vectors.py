"""Known answers for the protocol: keys, receipts, each kind of message to a unit, confirmations, evidence, a request
for a certificate, and what is not signed (protocol_contents has what they say).

`python -m tests.assets.make_protocol_vectors` writes protocol_vectors.json again, to the byte: seeds, times and the
ephemeral key of the sealing are fixed. For checking another server or unit; the keys are everybody's.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from edge.core.bundle_fetch import BundleStanding, BundleState
from edge.core.certificate_renewal import RenewalRequest, sign_renewal
from edge.core.confirmation import Applied, Confirmation, ConfirmedMessage, sign_confirmation
from edge.core.downward import ROLES, SEALED_KINDS, Downward, MessageKind, seal_info, sign_message
from edge.core.downward_content import Content, encode_content
from edge.core.envelope import RECEIPT_TYPE, digest, seal
from edge.core.evidence import (
    EvidenceKind,
    EvidenceReceipt,
    evidence_info,
    make_manifest,
    sign_evidence_receipt,
    sign_manifest,
)
from edge.core.keys import KeyPurpose, KeyRole
from edge.core.receipt import Receipt, ReceiptItem, Verdict, encode_receipt
from edge.core.unit_keys import UnitKeys, sign_unit_keys
from edge.signing.keyfile import KeyFile, public_document
from edge.signing.sealkey import sealing_document
from tests.assets.protocol_contents import AT_UTC, CENTRAL, LIST, MESSAGES, OFFER, PLAIN, RECORD_SHA256, UNIT
from tests.hpke_reading import Reading

TARGET = Path(__file__).with_name("protocol_vectors.json")
SEALER = Reading(aead_id=2, key_bytes=32)


def seed(number: int) -> bytes:
    return bytes([number]) * 32


def key(number: int, role: KeyRole, owner: str) -> KeyFile:
    private = Ed25519PrivateKey.from_private_bytes(seed(number))
    return KeyFile(private, public_document(private, role=role, purpose=KeyPurpose.DEMONSTRATION, owner=owner))


RECORD, CONFIRMATION = key(1, KeyRole.RECORD, UNIT), key(2, KeyRole.CONFIRMATION, UNIT)
RECEIPT = key(3, KeyRole.RECEIPT, CENTRAL)
SIGNERS = {
    role: key(n, role, CENTRAL)
    for n, role in ((4, KeyRole.LIST), (5, KeyRole.COMMAND), (10, KeyRole.DECISION), (11, KeyRole.POLICY))
}
UNIT_SEALING = X25519PrivateKey.from_private_bytes(seed(6))
CENTRAL_SEALING = X25519PrivateKey.from_private_bytes(seed(7))
EPHEMERAL = X25519PrivateKey.from_private_bytes(seed(8))


def vectors() -> dict[str, object]:
    """Each envelope as text, beside what it is made from."""
    envelopes = {
        "unit_keys": _unit_keys(),
        "receipt": _receipt(),
        **{name: _message(n, kind, content) for n, (name, kind, content) in enumerate(MESSAGES, start=1)},
        "evidence_manifest": _evidence(),
        "evidence_receipt": _evidence_receipt(),
        "renewal_request": _renewal(),
    }
    applied = ConfirmedMessage(sequence=1, sha256=digest(envelopes["visit_list"]), outcome=Applied.APPLIED)
    envelopes["confirmation"] = _confirmation(1, items=(applied,))
    wanted = BundleStanding(file_sha256=OFFER.file_sha256, state=BundleState.FETCHING, missing=((1, 2),))
    envelopes["confirmation_bundle_wanted"] = _confirmation(6, bundle=wanted)
    documents = [k.public for k in (RECORD, CONFIRMATION, RECEIPT, *SIGNERS.values())]
    sealing = [
        sealing_document(private, purpose=KeyPurpose.DEMONSTRATION, owner=owner)
        for private, owner in ((UNIT_SEALING, UNIT), (CENTRAL_SEALING, CENTRAL))
    ]
    return {
        "seeds": "byte n, 32 times: 1 record, 2 confirmation, 3 receipt, 4 list, 5 command, 10 decision, 11 policy, "
        "12 a publisher's (Ed25519); "
        "6 unit's sealing, 7 central's sealing, 8 ephemeral key of every sealing here (X25519); "
        "the request's new key: scalar 9 on P-256, signed by RFC 6979",
        "keys": [msgspec.to_builtins(document) for document in (*documents, *sealing)],
        "visit_list_info": seal_info(UNIT, 1, MessageKind.VISIT_LIST).decode(),
        "visit_list_content": encode_content(LIST).decode(),
        "contents": {name: encode_content(content).decode() for name, _, content in MESSAGES},
        "plain": {name: raw.decode() for name, raw in PLAIN.items()},
        "envelopes": {
            name: {"envelope": raw.decode(), "sha256": digest(raw)} for name, raw in sorted(envelopes.items())
        },
    }


def _unit_keys() -> bytes:
    sealing = sealing_document(UNIT_SEALING, purpose=KeyPurpose.DEMONSTRATION, owner=UNIT)
    keys = UnitKeys(unit_id=UNIT, serial=1, made_utc=AT_UTC, sealing=sealing, confirmation=CONFIRMATION.public)
    return sign_unit_keys(keys, RECORD.signer)


def _receipt() -> bytes:
    receipt = Receipt(
        receipt_id="receipt-1",
        central_id=CENTRAL,
        unit_id=UNIT,
        issued_utc=AT_UTC,
        gap_free_sequence=1,
        items=(ReceiptItem(sha256=RECORD_SHA256, verdict=Verdict.STORED, sequence=1),),
    )
    return seal(encode_receipt(receipt), RECEIPT_TYPE, [RECEIPT.signer])


def _renewal() -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, UNIT)])
    key, builder = ec.derive_private_key(9, ec.SECP256R1()), x509.CertificateSigningRequestBuilder()
    csr = builder.subject_name(name).sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    request = RenewalRequest(
        unit_id=UNIT,
        record_key=RECORD.public,
        statement=_unit_keys(),
        csr=csr.public_bytes(Encoding.DER),
        until_utc="2026-03-20T02:00:00Z",
        made_utc=AT_UTC,
    )
    return sign_renewal(request, CONFIRMATION.signer)


def _confirmation(
    applied_sequence: int, *, items: tuple[ConfirmedMessage, ...] = (), bundle: BundleStanding | None = None
) -> bytes:
    said = Confirmation(
        unit_id=UNIT, made_utc=AT_UTC, applied_sequence=applied_sequence, list_version=1, items=items, bundle=bundle
    )
    return sign_confirmation(said, CONFIRMATION.signer)


def _message(sequence: int, kind: MessageKind, what: Content) -> bytes:
    content = encode_content(what)
    if kind in SEALED_KINDS:
        info = seal_info(UNIT, sequence, kind)
        content = SEALER.seal(UNIT_SEALING.public_key(), content, info=info, ephemeral=EPHEMERAL)
    message = Downward(
        message_id=f"message-{sequence}",
        central_id=CENTRAL,
        unit_id=UNIT,
        sequence=sequence,
        kind=kind,
        issued_utc=AT_UTC,
        content=content,
    )
    return sign_message(message, SIGNERS[ROLES[kind]].signer)


def _evidence_receipt() -> bytes:
    receipt = EvidenceReceipt(
        central_id=CENTRAL, unit_id=UNIT, evidence_id="evidence-1", issued_utc=AT_UTC, missing=(1,)
    )
    return sign_evidence_receipt(receipt, RECEIPT.signer)


def _evidence() -> bytes:
    public = CENTRAL_SEALING.public_key()
    sealed = SEALER.seal(public, bytes(20_000), info=evidence_info(UNIT, "evidence-1"), ephemeral=EPHEMERAL)
    manifest = make_manifest(
        sealed,
        evidence_id="evidence-1",
        unit_id=UNIT,
        record_sha256=RECORD_SHA256,
        kind=EvidenceKind.FACE_PHOTO,
        sealed_to=sealing_document(CENTRAL_SEALING, purpose=KeyPurpose.DEMONSTRATION, owner=CENTRAL).keyid,
    )
    return sign_manifest(manifest, RECORD.signer)


def encoded() -> bytes:
    return msgspec.json.format(msgspec.json.encode(vectors()), indent=1) + b"\n"


if __name__ == "__main__":
    TARGET.write_bytes(encoded())
