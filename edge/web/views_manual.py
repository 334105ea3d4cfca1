"""The way without a face, and a visit that could not take place.

Documents are photographed only where a photograph may be sent; otherwise it is noted that they were seen.
"""

from __future__ import annotations

from types import MappingProxyType

from starlette.responses import Response

from edge.core import session as steps
from edge.core.errors import InputError, PinLocked, PinRefused
from edge.core.people import Part
from edge.core.session import Declaration, Document, DocumentKind, Event, Step, VisitSession
from edge.core.visit import NO_FACE_REASONS, NOT_PERFORMED_REASONS, Reason
from edge.web.at import At
from edge.web.views_visit import BY_HAND, HOW_RECOGNISED, at_step, named_by, show_step


def without_face(at: At, session: VisitSession) -> Response:
    at.room.viewer.close()
    at.room.visiting.save(steps.without_face(session, _reason(at, NO_FACE_REASONS)))
    return at.go("/visit")


def photo(at: At, session: VisitSession) -> Response:
    """A document: a photograph uploaded by the phone or taken by the unit, or the note that it was seen."""
    steps.check(session, Event.NOTED)
    kind = at.form.text("kind")
    if kind not in {k.value for k in DocumentKind}:
        raise InputError("no such document")
    if not (session.consents and session.consents.send_photo):
        at.room.visiting.save(steps.noted(session, Document(kind=DocumentKind(kind))))
        return at.go("/visit")
    uploaded = [content for _, content in at.form.files.get("photograph", ()) if content]
    jpeg = at.room.unit.photograph(uploaded[0] if uploaded else None)
    document = Document(kind=DocumentKind(kind), photo_id=at.room.visiting.new_id())
    at.room.visiting.save(steps.noted(session, document), {document.photo_id: jpeg})
    return at.go("/visit")


def documents(at: At, session: VisitSession) -> Response:
    after = steps.documented(session, min_documents=at.room.unit.policy().manual.min_documents)
    at.room.viewer.close()
    at.room.visiting.save(after)
    return at.go("/visit")


def declare(at: At, session: VisitSession) -> Response:
    how = at.form.text("recognised_how")
    declaration = Declaration(
        person_seen=at.form.text("person_seen") == "yes",
        no_mask_or_photo=at.form.text("no_mask_or_photo") == "yes",
        recognised_how=how if how in HOW_RECOGNISED else "",
    )
    at.room.visiting.save(steps.declared(session, declaration))
    return at.go("/visit")


def witness(at: At, session: VisitSession) -> Response:
    """The second person signs: with a PIN of their own, or, who has none, by hand."""
    steps.check(session, Event.SIGNED)
    witness_id = at.form.text("witness")
    if witness_id == BY_HAND:
        drawing = at.room.unit.drawing(at.form.text("drawing"))
        at.room.visiting.sign_drawn(session, named_by(at, Part.WITNESS), drawing, [at.worker])
        return at.go("/visit")
    if witness_id == session.worker_id:
        raise InputError("the witness must be a second person")
    try:
        second = at.room.door.witness(witness_id, at.form.text("pin"))
    except PinRefused as e:
        return show_step(at, session, status=403, refused="wrong", left=e.left)
    except PinLocked as e:
        return show_step(at, session, status=403, refused="locked", hours=max(1, round(e.remaining_s / 3600)))
    at.room.visiting.sign_attested(session, second.worker_id, [at.worker, second])
    return at.go("/visit")


def leave_page(at: At) -> Response:
    session = at.session()
    if session is None or session.step is Step.OUTCOME:
        return at.go("/")
    reasons = [reason.value for reason in Reason if reason in NOT_PERFORMED_REASONS]
    return at.show("leave", session=session, person=session.person, reasons=reasons)


def leave(at: At, session: VisitSession) -> Response:
    at.room.viewer.close()
    at.room.visiting.leave(session, _reason(at, NOT_PERFORMED_REASONS), [at.worker])
    return at.go("/visit")


def _reason(at: At, allowed: frozenset[Reason]) -> Reason:
    code = at.form.text("reason")
    if code not in {reason.value for reason in allowed}:
        raise InputError("no such reason", remedy="Choose one of the reasons on the page.")
    return Reason(code)


POSTS = MappingProxyType(
    {
        "without-face": at_step(without_face),
        "photo": at_step(photo),
        "documents": at_step(documents),
        "declare": at_step(declare),
        "witness": at_step(witness),
        "leave": at_step(leave),
    }
)
