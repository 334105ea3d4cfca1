"""References offered to central: only with leave to send, only of one living face, never a certified first one."""

from __future__ import annotations

import msgspec
import pytest

from edge.core.policy import decide_face
from edge.core.reference_offer import offer_of, wanting_for_first
from edge.core.visit import Consents, OfferKind, Outcome, OutcomeKind, Reason, ReferenceOffer
from tests.core.test_policy import POLICY, findings

SEND = Consents(match_on_unit=True, send_photo=True)


def offered(
    consents: Consents = SEND, *, photo_id: str = "e-1", documents: int = 1, **changes: object
) -> ReferenceOffer | None:
    found = findings(**{"probes": 5, **changes})
    return offer_of(
        found, decide_face(found), consents, POLICY, photo_id=photo_id, documents_photographed=documents
    )


NONE_THERE = {"reference_count": 0, "reference_verified": False, "comparison": POLICY.comparison.score(None)}


def test_first_reference_of_a_good_capture_with_a_document_is_offered() -> None:
    offer = offered(**NONE_THERE)
    assert offer == ReferenceOffer(kind=OfferKind.FIRST, evidence_id="e-1", samples=5, least_agreement=0.9)


@pytest.mark.parametrize(
    "changes",
    [
        {"documents": 0}, {"photo_id": ""}, {"consents": Consents(match_on_unit=True)}, {"probes": 2},
        {"continuity": POLICY.continuity.score(0.4)}, {"continuity": POLICY.continuity.score(None)},
        {"ambiguous": True}, {"people_seen": 2}, {"liveness": POLICY.liveness.score(0.5)},
        {"liveness": POLICY.liveness.score(None)},
    ],
)  # fmt: skip
def test_nothing_is_offered_without_leave_document_or_a_capture_that_can_serve(changes: dict[str, object]) -> None:
    assert offered(**{**NONE_THERE, **changes}) is None  # type: ignore[arg-type]


def test_what_is_wanting_is_said() -> None:
    low, one = POLICY.liveness.score(0.1), POLICY.continuity.score(0.0)
    bad = findings(probes=1, ambiguous=True, liveness=low, continuity=one)
    assert wanting_for_first(bad, POLICY) == ("few_samples", "not_one_face", "several_people", "liveness")
    assert wanting_for_first(findings(probes=3), POLICY) == ()


def test_only_a_strong_match_that_was_certified_offers_a_fresh_one() -> None:
    at = POLICY.references.refresh_at
    assert offered(comparison=POLICY.comparison.score(at - 0.01)) is None
    strong = offered(comparison=POLICY.comparison.score(at), documents=0)
    assert strong is not None and strong.kind is OfferKind.REFRESHED
    found = findings(probes=5, comparison=POLICY.comparison.score(0.9))
    review = Outcome(kind=OutcomeKind.REVIEW, reasons=(Reason.WORKER_FACE,))
    assert offer_of(found, review, SEND, POLICY, photo_id="e-1", documents_photographed=1) is None


def test_a_policy_can_forbid_both() -> None:
    none = msgspec.structs.replace(
        POLICY, references=msgspec.structs.replace(POLICY.references, first=False, refresh_at=1.1)
    )
    for changes in (NONE_THERE, {"comparison": POLICY.comparison.score(0.99)}):
        found = findings(probes=5, **changes)
        assert offer_of(found, decide_face(found), SEND, none, photo_id="e", documents_photographed=1) is None
