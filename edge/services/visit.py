"""A visit from its request to a draft of its record, by each of the three ways it can go.

By face, by attestation of two people, or not performed for a coded reason: all end in a draft that is signed
the same way (edge/services/keep.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.core.civil_time import civil_date
from edge.core.errors import InputError
from edge.core.policy import ManualPolicy, Policy, decide_attestation, decide_not_performed, held_for_review
from edge.core.record import FaceFindings, Provenance
from edge.core.reference_offer import offer_of
from edge.core.visit import (
    HOME_CERTIFICATION,
    Attestation,
    Consents,
    OfferKind,
    Outcome,
    PersonServed,
    Place,
    Reason,
    ReferenceOffer,
    Visit,
)
from edge.services.certify import FaceResult
from edge.services.keep import VisitDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRequest:
    """What is settled before anything is captured. Ids are drawn by the caller; begun_utc is ISO 8601 with `Z`.

    listed: whether the person is on the unit's visit list; somebody added at the door always goes to review.
    """

    visit_id: str
    record_id: str
    unit_id: str
    person: PersonServed
    worker: str
    place: Place
    consents: Consents
    begun_utc: str
    listed: bool = True

    def check_face_consent(self) -> None:
        """Raises InputError when nobody agreed that the face is compared; ask before the camera is opened."""
        if not self.consents.match_on_unit:
            raise InputError(
                "no consent to compare the face on the unit",
                remedy="Ask for it (--consent match), or go the way without a face: --attest --why refused_face.",
            )


def draft_by_face(
    request: VisitRequest,
    visit: FaceResult,
    provenance: Provenance,
    *,
    ended_utc: str,
    attestation: Attestation | None = None,
    policy: Policy | None = None,
    photo_id: str = "",
) -> VisitDraft:
    """The draft of a visit by face. Raises InputError without consent.

    attestation: what the worker declares of the person beside the pictures; a denial sends the visit to review.
    policy, photo_id: where the best probe's photograph is kept as evidence, what it may be offered to central for.
    """
    request.check_face_consent()
    outcome = visit.outcome
    if attestation and not (attestation.person_seen and attestation.no_mask_or_photo):
        outcome = held_for_review(outcome, Reason.WORKER_DENIES_IDENTITY)
    offer = None
    if policy is not None:
        offer = offer_of(
            visit.findings, outcome, request.consents, policy,
            photo_id=photo_id, documents_photographed=len(attestation.document_photos) if attestation else 0,
        )  # fmt: skip
    if offer and offer.kind is OfferKind.FIRST:
        outcome = held_for_review(outcome, Reason.FIRST_REFERENCE)
    return _draft(request, outcome, provenance, ended_utc, face=visit.findings, attestation=attestation, offer=offer)


def draft_by_attestation(
    request: VisitRequest,
    attestation: Attestation,
    policy: ManualPolicy,
    provenance: Provenance,
    *,
    ended_utc: str,
    why: Reason | None = None,
) -> VisitDraft:
    """The draft of a visit without a face. Raises InputError when the attestation is wanting."""
    outcome = decide_attestation(attestation, policy, why=why)
    return _draft(request, outcome, provenance, ended_utc, attestation=attestation)


def draft_not_performed(
    request: VisitRequest, reason: Reason, provenance: Provenance, *, ended_utc: str
) -> VisitDraft:
    """The draft of a visit that could not take place. Raises InputError for a reason of another kind."""
    return _draft(request, decide_not_performed(reason), provenance, ended_utc)


def _draft(
    request: VisitRequest,
    outcome: Outcome,
    provenance: Provenance,
    ended_utc: str,
    *,
    face: FaceFindings | None = None,
    attestation: Attestation | None = None,
    offer: ReferenceOffer | None = None,
) -> VisitDraft:
    return VisitDraft(
        record_id=request.record_id,
        unit_id=request.unit_id,
        visit=Visit(
            visit_id=request.visit_id,
            service=HOME_CERTIFICATION,
            person_served=request.person,
            date=civil_date(request.begun_utc),
            place=request.place,
            person_serving=request.worker,
            begun_utc=request.begun_utc,
            ended_utc=ended_utc,
        ),
        outcome=outcome if request.listed else held_for_review(outcome, Reason.NOT_ON_LIST),
        consents=request.consents,
        provenance=provenance,
        face=face,
        attestation=attestation,
        offer=offer,
    )
