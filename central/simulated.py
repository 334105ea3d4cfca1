"""Records of units that do not exist, really signed and chained, for measuring. Simulated by their payload type.

Only a central for simulated records takes them. `person_id` and the rest are counted codes; nobody is invented.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner, SSlibKey

from edge.core.chain import ChainHead
from edge.core.civil_time import civil_date
from edge.core.envelope import digest, seal
from edge.core.keys import KeyPurpose, KeyRole, PublicKeyDocument
from edge.core.record import (
    CaptureSource,
    ClockSource,
    ClockState,
    FaceFindings,
    Provenance,
    Score,
    SourceKind,
    VisitRecord,
    encode_record,
    payload_type,
)
from edge.core.visit import (
    HOME_CERTIFICATION,
    Consents,
    Outcome,
    OutcomeKind,
    PersonServed,
    Place,
    Reason,
    Scheme,
    Visit,
)

_MODEL = "a" * 64
_SCHEMES = tuple(Scheme)
_OUTCOMES = (
    Outcome(kind=OutcomeKind.CERTIFIED, reasons=(Reason.CLEAR_MATCH,)),
    Outcome(kind=OutcomeKind.REVIEW, reasons=(Reason.GREY_SIMILARITY,)),
)
REVIEW_EVERY = 20


class SimulatedUnit:
    """One unit's key and chain."""

    def __init__(self, unit_id: str) -> None:
        self.unit_id = unit_id
        private = Ed25519PrivateKey.generate()
        self._signer = CryptoSigner(private)
        self.public = PublicKeyDocument(
            role=KeyRole.RECORD,
            purpose=KeyPurpose.DEMONSTRATION,
            owner=unit_id,
            keyid=SSlibKey.from_crypto(private.public_key()).keyid,
            public_hex=private.public_key().public_bytes_raw().hex(),
        )
        self._head = ChainHead()

    def next_record(self, at_utc: str) -> bytes:
        """The next record of the chain, in its envelope."""
        sequence = self._head.sequence + 1
        record = VisitRecord(
            record_id=f"{self.unit_id}-{sequence}",
            unit_id=self.unit_id,
            sequence=sequence,
            previous_sha256=self._head.sha256,
            visit=self._visit(sequence, at_utc),
            outcome=_OUTCOMES[sequence % REVIEW_EVERY == 0],
            consents=Consents(match_on_unit=True),
            clock=ClockState(
                wall_utc=at_utc, source=ClockSource.NTP, uncertainty_s=0.05, boot_id="b", monotonic_s=sequence * 1.0
            ),
            provenance=_PROVENANCE,
            face=_FACE,
        )
        raw = seal(encode_record(record), payload_type(simulated=True), [self._signer])
        self._head = ChainHead(sequence=sequence, sha256=digest(raw))
        return raw

    def _visit(self, sequence: int, at_utc: str) -> Visit:
        return Visit(
            visit_id=f"v-{self.unit_id}-{sequence}",
            service=HOME_CERTIFICATION,
            person_served=PersonServed(
                person_id=f"p-{self.unit_id}-{sequence}", scheme=_SCHEMES[sequence % len(_SCHEMES)]
            ),
            date=civil_date(at_utc),
            place=Place(address_code=f"village-{sequence % 10}"),
            person_serving=f"w-{self.unit_id}",
            begun_utc=at_utc,
            ended_utc=at_utc,
        )


_PROVENANCE = Provenance(
    software="simulate",
    runtime="none",
    bundle_sha256=_MODEL,
    policy_id="simulate",
    policy_sha256=_MODEL,
    source=CaptureSource(kind=SourceKind.SCRIPTED, model="simulate"),
)
_FACE = FaceFindings(
    frames_seen=120,
    frames_used=60,
    people_seen=1,
    ambiguous=False,
    comparison=Score(value=0.71, review=0.3, accept=0.4),
    liveness=Score(value=0.93, review=0.4, accept=0.6),
    continuity=Score(value=0.88, review=0.4, accept=0.5),
    roll_deg=87.5,
    quality={"sharpness": 182.5, "light": 121.0, "width_px": 212.0},
    reference_count=1,
    reference_verified=True,
    reference_sha256=(_MODEL,),
    embedding_model_sha256=_MODEL,
)
