"""The visit's steps as a table: what follows what, and what can never be reached."""

from __future__ import annotations

import msgspec
import pytest

from edge.core import session as steps
from edge.core.errors import InputError
from edge.core.session import (
    OPEN_STEPS,
    TRANSITIONS,
    Declaration,
    Document,
    DocumentKind,
    Event,
    Person,
    Step,
    VisitSession,
)
from edge.core.visit import Consents, Outcome, OutcomeKind, Reason, Scheme, SchemeChange, SchemeReason

PERSON = Person(person_id="p-1", name="甲", id_number="110101194912310026", scheme=Scheme.RESIDENT, listed=True)
NEW = VisitSession(visit_id="v", record_id="r", worker_id="w-1", begun_utc="2026-01-05T08:00:00.000Z", person=PERSON)
SEEN = object()
AGREED = Consents(match_on_unit=True, send_photo=True)
REFUSED = Consents(match_on_unit=False)


def test_scheme_is_corrected_with_a_reason_and_the_lists_value_is_kept() -> None:
    with pytest.raises(InputError, match="why the scheme is another"):
        steps.confirmed(NEW, Scheme.ENTERPRISE)
    changed = steps.confirmed(NEW, Scheme.ENTERPRISE, SchemeReason.TRANSFERRED)
    served = changed.person.served()
    assert served.scheme is Scheme.ENTERPRISE
    assert served.scheme_change == SchemeChange(listed=Scheme.RESIDENT, reason=SchemeReason.TRANSFERRED)
    again = steps.confirmed(steps.gone_back(changed), Scheme.RESIDENT, SchemeReason.TRANSFERRED)
    assert again.person == PERSON and again.person.served().scheme_change is msgspec.UNSET


def at(step: Step) -> VisitSession:
    """A session brought to `step` by its own events."""
    session = NEW
    if step is Step.CONFIRM:
        return session
    session = steps.confirmed(session)
    if step is Step.CONSENT:
        return session
    if step in (Step.CAPTURE, Step.REVIEW, Step.FIRST_REFERENCE):
        session = steps.consented(session, AGREED)
        if step is not Step.CAPTURE:
            session = steps.captured(session, SEEN)  # type: ignore[arg-type]
        return steps.beside_face(session) if step is Step.FIRST_REFERENCE else session
    session = steps.consented(session, REFUSED)
    if step is Step.DOCUMENTS:
        return session
    session = steps.documented(steps.noted(session, Document(kind=DocumentKind.ID_CARD)), min_documents=1)
    if step is Step.DECLARE:
        return session
    told = Declaration(person_seen=True, no_mask_or_photo=True, recognised_how="id_card")
    session = steps.declared(session, told)
    if step is Step.WITNESS:
        return session
    outcome = Outcome(kind=OutcomeKind.REVIEW, reasons=(Reason.MANUAL_ATTESTATION,))
    return steps.ended(session, Event.SIGNED, outcome, sequence=1, record_sha256="0" * 64)


@pytest.mark.parametrize("step", list(Step))
def test_every_step_is_reached_by_its_own_events(step: Step) -> None:
    assert at(step).step is step


def test_nothing_is_captured_before_identity_and_consent() -> None:
    into_capture = {start for (start, _), end in TRANSITIONS.items() if end is Step.CAPTURE}
    assert into_capture == {Step.CONSENT, Step.REVIEW}
    into_consent = {(start, event) for (start, event), end in TRANSITIONS.items() if end is Step.CONSENT}
    assert (Step.CONFIRM, Event.CONFIRMED) in into_consent
    assert all(event is Event.BACK for start, event in into_consent if start is not Step.CONFIRM)


def test_refused_comparison_leads_to_the_way_without_a_face_and_says_why() -> None:
    session = at(Step.DOCUMENTS)
    assert session.why is Reason.REFUSED_FACE
    assert not any(session.may(event) for event in (Event.CAPTURED, Event.AGAIN))


def test_every_open_step_may_be_left_and_the_last_one_only_closed() -> None:
    assert all(at(step).may(Event.LEFT) for step in OPEN_STEPS)
    assert not any(at(Step.OUTCOME).may(event) for event in Event)


def test_event_out_of_turn_changes_nothing() -> None:
    session = at(Step.CONSENT)
    with pytest.raises(InputError):
        steps.confirmed(session)
    with pytest.raises(InputError):
        steps.again(session)


def test_first_reference_needs_a_face_and_the_consent_to_send() -> None:
    quiet = steps.consented(at(Step.CONSENT), Consents(match_on_unit=True))
    with pytest.raises(InputError):
        steps.beside_face(steps.captured(quiet, SEEN))  # type: ignore[arg-type]
    assert steps.gone_back(at(Step.FIRST_REFERENCE)).seen is SEEN


def test_each_change_is_a_new_revision() -> None:
    sessions = [at(step) for step in (Step.CONFIRM, Step.CONSENT, Step.DOCUMENTS)]
    assert [s.revision for s in sessions] == [0, 1, 2]


def test_switching_to_the_way_without_a_face_lets_the_capture_go() -> None:
    session = steps.captured(at(Step.CAPTURE), None, face_photo_id="photo-1")  # type: ignore[arg-type]
    assert session.photo_ids == ("photo-1",)
    assert steps.without_face(session, Reason.TOO_ILL).photo_ids == ()
    assert steps.again(session).photo_ids == ()


def test_document_seen_again_takes_the_place_of_the_first() -> None:
    session = steps.noted(at(Step.DOCUMENTS), Document(kind=DocumentKind.ID_CARD, photo_id="a"))
    session = steps.noted(session, Document(kind=DocumentKind.ID_CARD, photo_id="b"))
    assert session.photo_ids == ("b",)


def test_documents_and_recognition_must_be_there_before_the_witness() -> None:
    with pytest.raises(InputError):
        steps.documented(at(Step.DOCUMENTS), min_documents=1)
    with pytest.raises(InputError):
        steps.declared(at(Step.DECLARE), Declaration(person_seen=True, no_mask_or_photo=True))
    denied = Declaration(person_seen=False, no_mask_or_photo=False)
    assert steps.declared(at(Step.DECLARE), denied).step is Step.WITNESS
