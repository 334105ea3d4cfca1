"""The signed payload of a visit: what it holds, how it is written to bytes and read back.

Rules: scores stand beside the thresholds that judged them; a score that could not be had is null, never 0;
unknown fields of a later minor version are kept out of the way, an unknown format is not guessed at.
docs/record-format.md explains each field to people who write another receiver.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from edge.core.document import read_json
from edge.core.envelope import RECORD_TYPES, SIMULATED_VISIT_TYPE, VISIT_TYPE
from edge.core.errors import DoesNotVerify
from edge.core.people import Part
from edge.core.visit import (
    Attestation,
    Consents,
    Cosigner,
    Outcome,
    ReferenceOffer,
    SchemeChange,
    Visit,
    Withdrawal,
)

FORMAT = "doorstep.visit/1"
GENESIS_SHA256 = "0" * 64


class SourceKind(StrEnum):
    """Where pictures came from. Only LIVE_CAMERA and NO_CAMERA may stand in a genuine record."""

    LIVE_CAMERA = "live_camera"
    VIDEO_FILE = "video_file"
    STILLS = "stills"
    SCRIPTED = "scripted"
    NO_CAMERA = "no_camera"


class CaptureSource(msgspec.Struct, frozen=True, kw_only=True):
    """What a source of frames says of itself. `sha256` names the file or folder a replay plays."""

    kind: SourceKind
    model: str
    serial: str = ""
    sha256: str = ""

    @property
    def simulated(self) -> bool:
        return self.kind not in (SourceKind.LIVE_CAMERA, SourceKind.NO_CAMERA)


class ClockSource(StrEnum):
    NTP = "ntp"
    RTC = "rtc"
    UNSET = "unset"


class ClockState(msgspec.Struct, frozen=True, kw_only=True):
    """Which clock a record's times come from and how far it may be off.

    uncertainty_s is null when nobody knows. boot_id and monotonic_s order records of one boot even when
    the wall clock is wrong; set_back marks a wall clock behind that of the record before.
    """

    wall_utc: str
    source: ClockSource
    uncertainty_s: float | None
    boot_id: str
    monotonic_s: float
    set_back: bool = False


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """A measured score with the two thresholds of its bands: below `review` low, from `accept` clear."""

    value: float | None
    review: float
    accept: float


class CueFinding(msgspec.Struct, frozen=True, kw_only=True):
    """What one liveness cue said (edge/core/cues). mode: how the policy counted it: shadow, supporting or enforced.

    score: 0..1, 1 is live, null when it could not be assessed, and why then stands in `not_assessable`. refuses: it
    refused by itself. details: measured figures, units at the end of their names. Names and words that a reader does
    not know are to be passed over: they are plain text here, so that an older reader need not know a newer cue.
    """

    mode: str
    score: float | None
    confidence: float
    not_assessable: str = ""
    refuses: bool = False
    details: dict[str, float] = {}


class FaceFindings(msgspec.Struct, frozen=True, kw_only=True):
    """What the burst showed. Lengths in px of the main stream, angles in degrees, light 0..255.

    reference_verified: the references came with the unit's own visit list, not from whoever holds the unit.
    probes: frames that were compared. continuity: least cosine between them (were all of one face?). ambiguous:
    several faces of like size, so that nobody can say from the pictures which is the person of the visit.
    worker_similarity: cosine of the probe and the worker's own face, from `accept` up it is the worker; null where
    they were not compared. liveness: fused from the cues that count; cues: what each said, by name, counted or not.
    """

    frames_seen: int
    frames_used: int
    people_seen: int
    ambiguous: bool
    comparison: Score
    liveness: Score
    continuity: Score
    roll_deg: float | None
    quality: dict[str, float]
    reference_count: int
    reference_verified: bool
    reference_sha256: tuple[str, ...] = ()
    embedding_model_sha256: str = ""
    worker_similarity: Score | None = None
    probes: int = 0
    cues: dict[str, CueFinding] = {}


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """With what the visit was judged, so that it can be judged again."""

    software: str
    runtime: str
    bundle_sha256: str
    policy_id: str
    policy_sha256: str
    source: CaptureSource


class VisitRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One visit, whole. Signed by the unit, and by each of `cosigners`, as the bytes that `encode_record` gives."""

    record_id: str
    unit_id: str
    sequence: int
    previous_sha256: str
    visit: Visit
    outcome: Outcome
    consents: Consents
    clock: ClockState
    provenance: Provenance
    face: FaceFindings | None = None
    attestation: Attestation | None = None
    offer: ReferenceOffer | None = None
    withdrawal: Withdrawal | None = None
    cosigners: tuple[Cosigner, ...] = ()
    format: str = FORMAT


def commitments_of(record: VisitRecord) -> dict[Part, str]:
    """The people that a record commits to."""
    found = {}
    if record.consents.guardian:
        found[Part.GUARDIAN] = record.consents.guardian.commitment
    if record.attestation and record.attestation.witness and record.attestation.witness.commitment:
        found[Part.WITNESS] = record.attestation.witness.commitment
    return found


def payload_type(*, simulated: bool) -> str:
    """The DSSE payload type of a record; simulated input can never carry the genuine one."""
    return SIMULATED_VISIT_TYPE if simulated else VISIT_TYPE


def encode_record(record: VisitRecord) -> bytes:
    """The bytes that are signed, stored and sent; never re-encoded afterwards."""
    return msgspec.json.encode(record, order="deterministic")


def decode_record(payload: bytes, payload_type_: str) -> VisitRecord:
    """Read a verified payload.

    Raises CouldNotBeChecked for a format this version does not know, DoesNotVerify for a payload that
    breaks the format's rules or claims a type that its own source contradicts (step `payload`).
    """
    if payload_type_ not in RECORD_TYPES:
        raise DoesNotVerify(f"{payload_type_!r} is no record", step="payload")
    record = read_json(payload, VisitRecord, format_=FORMAT, what="the record")
    if payload_type_ == VISIT_TYPE and record.provenance.source.simulated:
        raise DoesNotVerify("a genuine record names a simulated source", step="payload")
    served = record.visit.person_served
    if isinstance(served.scheme_change, SchemeChange) and served.scheme_change.listed is served.scheme:
        raise DoesNotVerify("the record tells of a change of scheme and names none", step="payload")
    if record.sequence < 1:
        raise DoesNotVerify(f"sequence starts at 1, got {record.sequence}", step="payload")
    return record
