"""The words of a visit: schemes, roles, outcomes, reason codes, consents, and EVV's six elements.

Electronic visit verification (21st Century Cures Act, section 12006) asks of each visit: the service, the person
served, the date, the place, the person serving, and the times of beginning and end.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from edge.core.people import Relation


class Scheme(StrEnum):
    """险种: the pension scheme under which the person is paid."""

    GOVERNMENT = "government"  # 机关事业单位
    ENTERPRISE = "enterprise"  # 企业职工
    RESIDENT = "resident"  # 城乡居民


class SchemeReason(StrEnum):
    """Why a visit's scheme is another than the list's. Coded: a free text could name somebody."""

    TRANSFERRED = "transferred"  # 已转入该险种
    DOCUMENT_SHOWS = "document_shows"  # 参保证件载明
    ENTRY_ERROR = "entry_error"  # 名单录入有误


class SchemeChange(msgspec.Struct, frozen=True, kw_only=True):
    """The scheme was corrected at the visit. listed: what the list said."""

    listed: Scheme
    reason: SchemeReason


class OutcomeKind(StrEnum):
    CERTIFIED = "certified"
    REVIEW = "review"
    NOT_CERTIFIED = "not_certified"
    NOT_PERFORMED = "not_performed"


class Reason(StrEnum):
    """Why an outcome is what it is. New codes may be added; none changes its meaning."""

    CLEAR_MATCH = "clear_match"
    LOW_SIMILARITY = "low_similarity"
    GREY_SIMILARITY = "grey_similarity"
    LIVENESS_UNCERTAIN = "liveness_uncertain"
    LIVENESS_LOW = "liveness_low"
    NO_REFERENCE = "no_reference"
    REFERENCE_UNVERIFIED = "reference_unverified"
    FACE_NOT_VISIBLE = "face_not_visible"
    POOR_QUALITY = "poor_quality"
    SEVERAL_PEOPLE = "several_people"
    PERSON_UNSURE = "person_unsure"
    REFUSED_FACE = "refused_face"
    MANUAL_ATTESTATION = "manual_attestation"
    WORKER_DENIES_IDENTITY = "worker_denies_identity"
    DECEASED_REPORTED = "deceased_reported"
    MOVED = "moved"
    IN_HOSPITAL = "in_hospital"
    NOT_PRESENT = "not_present"
    ASLEEP = "asleep"
    TOO_ILL = "too_ill"
    FAMILY_REFUSED = "family_refused"
    UNIT_FAULT = "unit_fault"
    NOT_ON_LIST = "not_on_list"
    WORKER_FACE = "worker_face"
    FIRST_REFERENCE = "first_reference"
    CONSENT_WITHDRAWN = "consent_withdrawn"


NOT_PERFORMED_REASONS = frozenset(
    {
        Reason.DECEASED_REPORTED,
        Reason.MOVED,
        Reason.IN_HOSPITAL,
        Reason.NOT_PRESENT,
        Reason.ASLEEP,
        Reason.TOO_ILL,
        Reason.FAMILY_REFUSED,
        Reason.UNIT_FAULT,
    }
)

"""Why a visit could not take place."""

NO_FACE_REASONS = frozenset(
    {
        Reason.REFUSED_FACE,
        Reason.FACE_NOT_VISIBLE,
        Reason.POOR_QUALITY,
        Reason.NO_REFERENCE,
        Reason.LOW_SIMILARITY,
        Reason.LIVENESS_UNCERTAIN,
        Reason.ASLEEP,
        Reason.TOO_ILL,
        Reason.UNIT_FAULT,
    }
)
"""Why a visit that took place was attested by people instead."""


class ConsentGiver(StrEnum):
    PERSON = "person"
    GUARDIAN = "guardian"
    NOT_ASKED = "not_asked"


class Guardian(msgspec.Struct, frozen=True, kw_only=True):
    """Who consented in the person's place: the relation, and a commitment to the name (edge/core/people.py)."""

    relation: Relation
    commitment: str


class Purpose(StrEnum):
    """What consent is asked for, one by one; the names of Consents' fields."""

    MATCH_ON_UNIT = "match_on_unit"
    KEEP_PHOTO = "keep_photo"
    SEND_PHOTO = "send_photo"


class Consents(msgspec.Struct, frozen=True, kw_only=True):
    """Consent per purpose (人脸识别技术应用安全管理办法): what was agreed, and by whom."""

    match_on_unit: bool
    keep_photo: bool = False
    send_photo: bool = False
    given_by: ConsentGiver = ConsentGiver.PERSON
    guardian: Guardian | None = None

    @property
    def agreed(self) -> tuple[Purpose, ...]:
        return tuple(purpose for purpose in Purpose if getattr(self, purpose.value))


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """Consent taken back: for which purposes, by whom, and which records of this unit it had been given in.

    What these covered is purged here before this is signed, and by whoever receives it.
    """

    purposes: tuple[Purpose, ...]
    given_by: ConsentGiver
    record_sha256: tuple[str, ...]


class PersonServed(msgspec.Struct, frozen=True, kw_only=True):
    """The beneficiary as the file names them; the full ID number never enters a record.

    scheme_change: absent where `scheme` is the list's.
    """

    person_id: str
    id_number_masked: str = ""
    scheme: Scheme = Scheme.RESIDENT
    scheme_change: SchemeChange | msgspec.UnsetType = msgspec.UNSET


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where the visit was made, as the worker or the list states it; coordinates where the unit has them."""

    address_code: str = ""
    latitude_deg: float | None = None
    longitude_deg: float | None = None


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """EVV's six elements. Times are the unit's own, qualified by the record's clock state."""

    visit_id: str
    service: str
    person_served: PersonServed
    date: str
    place: Place
    person_serving: str
    begun_utc: str
    ended_utc: str


HOME_CERTIFICATION = "pension_certification_at_home"
CONSENT_WITHDRAWAL = "consent_withdrawal"
"""The `service` of a record that is no visit: it carries a withdrawal, and its outcome says nothing of the person."""


class WitnessMethod(StrEnum):
    """How a witness stands to what is attested."""

    DECLARED = "declared"  # named by the worker only
    PIN = "pin"  # signed with a key of their own
    DRAWN = "drawn"  # signed by hand on the screen


class Witness(msgspec.Struct, frozen=True, kw_only=True):
    """The second person. relation, commitment: of one who is no worker (edge/core/people.py).

    drawing_sha256: of the drawn signature's picture, which goes to central as evidence.
    """

    how: WitnessMethod = WitnessMethod.DECLARED
    relation: Relation | None = None
    commitment: str = ""
    drawing_sha256: str = ""


class Attestation(msgspec.Struct, frozen=True, kw_only=True):
    """The way without a face: what the worker and a second witness declare.

    document_photos: the evidence id of each document's photograph, by kind; kinds that were only seen are not in it.
    """

    declared_by: str
    witnessed_by: str
    person_seen: bool
    no_mask_or_photo: bool
    recognised_how: str
    document_kinds: tuple[str, ...] = ()
    document_photos: dict[str, str] = {}
    witness: Witness | None = None


class CosignerRole(StrEnum):
    WORKER = "worker"
    WITNESS = "witness"


class Cosigner(msgspec.Struct, frozen=True, kw_only=True):
    """A person whose signature stands beside the unit's. public_hex: the Ed25519 key, 32 bytes in hex.

    The record names its cosigners, so that no signature can be taken away from it, or put to it, unnoticed.
    """

    role: CosignerRole
    worker_id: str
    keyid: str
    public_hex: str


class OfferKind(StrEnum):
    FIRST = "first"
    REFRESHED = "refreshed"


class ReferenceOffer(msgspec.Struct, frozen=True, kw_only=True):
    """A photograph of this visit offered to central as a reference; the unit itself never uses it.

    evidence_id: the photograph's. samples: frames that agreed on one face. least_agreement: the lowest cosine between
    any two of them.
    """

    kind: OfferKind
    evidence_id: str
    samples: int
    least_agreement: float


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the visit came to, and every reason that led there, the weightiest first."""

    kind: OutcomeKind
    reasons: tuple[Reason, ...]
