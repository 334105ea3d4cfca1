"""When a visit offers central a reference: a first one where there was none, a fresh one after a strong match.

Rules: nothing is offered that the person did not agree to send; a first reference needs several frames that agree on
one living face of good quality, alone in the picture, and a document photographed beside it, and the visit goes to
review whatever else was found; a refreshed one needs a certified visit well above the threshold. The unit never uses
what it offers: only central's list makes a reference.
"""

from __future__ import annotations

from edge.core.comparison import Band, band
from edge.core.policy import Policy, liveness_clear
from edge.core.record import FaceFindings
from edge.core.visit import Consents, OfferKind, Outcome, OutcomeKind, ReferenceOffer


def offer_of(
    findings: FaceFindings,
    outcome: Outcome,
    consents: Consents,
    policy: Policy,
    *,
    photo_id: str,
    documents_photographed: int,
) -> ReferenceOffer | None:
    """What the visit offers, or None. photo_id: of the best probe's photograph."""
    if not photo_id or not consents.send_photo or findings.continuity.value is None:
        return None
    kind = _kind(findings, outcome, policy, documents_photographed)
    if kind is None:
        return None
    return ReferenceOffer(
        kind=kind, evidence_id=photo_id, samples=findings.probes, least_agreement=round(findings.continuity.value, 4)
    )


def wanting_for_first(findings: FaceFindings, policy: Policy) -> tuple[str, ...]:
    """Why the pictures cannot serve as a first reference, in codes of the word catalogues; empty when they can."""
    rules = (
        (findings.probes < policy.references.min_samples, "few_samples"),
        (band(findings.continuity) is not Band.CLEAR, "not_one_face"),
        (findings.ambiguous or findings.people_seen != 1, "several_people"),
        (not liveness_clear(findings), "liveness"),
    )
    return tuple(code for failed, code in rules if failed)


def _kind(
    findings: FaceFindings, outcome: Outcome, policy: Policy, documents_photographed: int
) -> OfferKind | None:
    rules, value = policy.references, findings.comparison.value
    if findings.reference_count == 0:
        ready = rules.first and documents_photographed > 0 and not wanting_for_first(findings, policy)
        return OfferKind.FIRST if ready else None
    strong = outcome.kind is OutcomeKind.CERTIFIED and value is not None and value >= rules.refresh_at
    return OfferKind.REFRESHED if strong else None
