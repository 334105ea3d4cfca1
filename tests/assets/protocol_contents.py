"""What the known answers of the protocol say: the contents, before anything is sealed or signed."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner

from edge.core.bundle_fetch import CHUNK_BYTES, RELEASE_CHUNK_BYTES, BundleOffer, ReleaseOffer
from edge.core.chunks import digests, encode_chunk
from edge.core.downward import MessageKind
from edge.core.downward_content import (
    Command,
    CommandName,
    Content,
    Decision,
    ListedPerson,
    ListedReference,
    PolicyFile,
    VisitListChange,
)
from edge.core.keys import KeyPurpose, KeyRole
from edge.core.parcel import Direction, ParcelHeader, parcel_lines
from edge.core.protocol import LinkState, UnitStatus, encode_status
from edge.core.record import ClockSource
from edge.core.release import Offer, ReleaseFacts, sign_offer
from edge.core.visit import Scheme
from edge.signing.keyfile import public_document

UNIT, CENTRAL, AT_UTC = "unit-0001", "central-test", "2026-03-02T02:00:00.000Z"
RECORD_SHA256 = "3fae2703d66ee0f400923b8db22b8439a828dd0eea686f27e82cc1dd0db3adf4"
PERSON = ListedPerson(
    person_id="p-1",
    name="李小明",
    id_number="11010519491231002X",
    scheme=Scheme.RESIDENT,
    due_date="2026-06-30",
    references=(ListedReference(sha256="ab" * 32, embedding=bytes(range(16)), model_sha256="cd" * 32),),
)
LIST = VisitListChange(version=1, base_version=0, put=(PERSON,))
DELTA = VisitListChange(version=2, base_version=1, removed=("p-1",))
PURGE = Command(name=CommandName.PURGE, subject="p-1")
DECISION = Decision(
    decision_id="decision-1",
    record_sha256=RECORD_SHA256,
    record_id="record-1",
    person_id="p-1",
    decision="visit_again",
    reason="照片太暗",
    decided_utc=AT_UTC,
    task="visit_again",
)
POLICY = PolicyFile(policy_id="example", toml=b'format = "doorstep.policy/1"\npolicy_id = "example"\n')
BUNDLE_FILE = bytes(70_000)
OFFER = BundleOffer(
    name="example",
    manifest_sha256=hashlib.sha256(b"manifest").hexdigest(),
    file_sha256=hashlib.sha256(BUNDLE_FILE).hexdigest(),
    size_bytes=len(BUNDLE_FILE),
    chunks=digests(BUNDLE_FILE, CHUNK_BYTES),
)
_PUBLISHER = Ed25519PrivateKey.from_private_bytes(bytes([12]) * 32)
PUBLISHER = public_document(
    _PUBLISHER, role=KeyRole.RELEASE, purpose=KeyPurpose.DEMONSTRATION, owner="publisher"
)
PACKAGE, PACKAGE_NAME = bytes(100_000), "doorstep_0.2.0_arm64.deb"
SIGNED = sign_offer(
    Offer(
        facts=ReleaseFacts(version="0.2.0", serial=2, schema=9, distribution="bookworm", architecture="arm64"),
        package=PACKAGE_NAME,
        size_bytes=len(PACKAGE),
        sha256=hashlib.sha256(PACKAGE).hexdigest(),
    ),
    CryptoSigner(_PUBLISHER),
)
RELEASE = ReleaseOffer(
    name=PACKAGE_NAME,
    manifest_sha256=hashlib.sha256(SIGNED).hexdigest(),
    file_sha256=hashlib.sha256(PACKAGE).hexdigest(),
    size_bytes=len(PACKAGE),
    chunks=digests(PACKAGE, RELEASE_CHUNK_BYTES),
    envelope=SIGNED,
)
MESSAGES: tuple[tuple[str, MessageKind, Content], ...] = (
    ("visit_list", MessageKind.VISIT_LIST, LIST),
    ("command", MessageKind.COMMAND, PURGE),
    ("visit_list_delta", MessageKind.VISIT_LIST, DELTA),
    ("decision", MessageKind.DECISION, DECISION),
    ("policy", MessageKind.POLICY, POLICY),
    ("bundle_offer", MessageKind.BUNDLE, OFFER),
    ("release_offer", MessageKind.RELEASE, RELEASE),
)
"""Messages to the unit in the order of their sequence, from 1."""
ONLINE = UnitStatus(
    unit_id=UNIT,
    state=LinkState.ONLINE,
    software="doorstep 1",
    head_sequence=1,
    head_sha256=RECORD_SHA256,
    free_mb=21_400,
    clock_source=ClockSource.NTP,
    clock_uncertainty_s=0.2,
)
PARCEL = ParcelHeader(unit_id=UNIT, direction=Direction.TO_CENTRAL, written_utc=AT_UTC, count=1)
PLAIN = {
    "status_online": encode_status(ONLINE),
    "status_offline": encode_status(UnitStatus(unit_id=UNIT, state=LinkState.OFFLINE)),
    "bundle_chunk_line": encode_chunk(OFFER.file_sha256, 0, b"").rstrip(b"\n"),
    "evidence_chunk_line": encode_chunk("evidence-1", 0, b"").rstrip(b"\n"),
    "parcel_line": next(parcel_lines(PARCEL, [b"an envelope"])).rstrip(b"\n"),
}
"""What is not signed: the status, the line that begins a chunk or a parcel."""
