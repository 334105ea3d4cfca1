"""A visit by face: confirm the person, ask for consent, capture, and sign what the capture came to.

A form answers for the revision of the visit that its page showed; one that comes late is sent to where it stands.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from starlette.responses import Response

from edge.core import id_number
from edge.core import session as steps
from edge.core.errors import DoorstepError, InputError
from edge.core.id_number import IdNumberError
from edge.core.identity import different_part, groups, same_name
from edge.core.people import Named, Part, Relation, check_name
from edge.core.renewal import next_due_date, payment_words, standing
from edge.core.session import Declaration, DocumentKind, Event, Seen, Step, VisitSession
from edge.core.visit import NO_FACE_REASONS, ConsentGiver, Consents, Reason, Scheme, SchemeReason
from edge.services.consents import guardian_of
from edge.web.at import At, Room, View

BY_HAND = "-"
"""In the place of a worker's id: a witness who is none, and draws a signature."""
PURPOSES = ("match", "keep", "send")
HOW_RECOGNISED = ("id_card", "household_book", "known_to_worker", "known_to_witness", "face")
Code = TypeVar("Code", bound=StrEnum)
StepView = Callable[[At, VisitSession], Response]


def show(at: At) -> Response:
    """The page of the step at which the visit stands."""
    session = at.session()
    if session is None:
        return at.go("/list")
    if session.step in (Step.CAPTURE, Step.DOCUMENTS, Step.FIRST_REFERENCE):
        at.room.viewer.ready()
    return show_step(at, session)


def at_step(view: StepView) -> View:
    """A view that changes the visit, if the form was made for the step where it stands."""

    def checked(at: At) -> Response:
        session = at.session()
        if session is None:
            return at.go("/list")
        if at.form.text("revision") != str(session.revision):
            return at.go("/visit")
        try:
            return view(at, session)
        except (InputError, IdNumberError) as e:
            return show_step(at, session, error=e, status=400)

    return checked


def show_step(
    at: At, session: VisitSession, *, error: DoorstepError | None = None, status: int = 200, **told: Any
) -> Response:
    """The page of `session`'s step, with what went wrong on it."""
    person, unit = session.person, at.room.unit
    values: dict[str, Any] = {
        "session": session,
        "person": person,
        "number": groups(person.id_number),
        "masked": id_number.mask(person.id_number),
        "error": error,
        "difference": "",
        "typed": "",
        "hours": 0,
        "left": 0,
        "refused": "",
        **told,
    }
    if session.step is Step.CONFIRM:
        values |= {"schemes": [scheme.value for scheme in Scheme], "whys": [why.value for why in SchemeReason]}
    if session.step in (Step.CONSENT, Step.WITNESS):
        values["sends"] = unit.sends_photos
        values["relations"] = [relation.value for relation in Relation]
    if session.step in (Step.CAPTURE, Step.REVIEW):
        values["reasons"] = [reason.value for reason in Reason if reason in NO_FACE_REASONS]
        values["window_s"] = unit.policy().burst.window_s
    if session.step in (Step.DOCUMENTS, Step.FIRST_REFERENCE):
        values |= {"kinds": [kind.value for kind in DocumentKind], "wanted": unit.policy().manual.min_documents}
    if session.step is Step.DECLARE:
        values["ways"] = [way for way in HOW_RECOGNISED if way != "face"]
    if session.step is Step.WITNESS:
        values["by_hand"] = at.form.text("witness") == BY_HAND
        values["witnesses"] = [w for w in at.room.workers.workers() if w.worker_id != session.worker_id]
    if session.step is Step.OUTCOME:
        values |= _outcome(at, session)
    return at.show(session.step.value, status=status, **values)


def confirm(at: At, session: VisitSession) -> Response:
    """The person's data were read back. Number and name typed from the card must be the list's; a scheme need not."""
    typed, name = at.form.text("id_number")[:40], at.form.text("name")[:60]
    if typed:
        try:
            part = different_part(
                typed, session.person.id_number, today=dt.date.fromisoformat(at.room.unit.today())
            )
        except IdNumberError:
            return show_step(at, session, status=400, difference="invalid", typed=groups(typed))
        if part is not None:
            return show_step(at, session, status=400, difference=part.value, typed=groups(typed))
    if name and not same_name(name, session.person.name, at.room.simplify):
        return show_step(at, session, status=400, difference="name", typed=name)
    at.room.visiting.save(steps.confirmed(session, _chosen(at, "scheme", Scheme), _chosen(at, "why", SchemeReason)))
    return at.go("/visit")


def _chosen(at: At, field: str, codes: type[Code]) -> Code | None:
    """The code that a form's field holds; None for an empty one, or one that nobody could have chosen."""
    return next((code for code in codes if code.value == at.form.text(field)), None)


def consent(at: At, session: VisitSession) -> Response:
    """What was agreed to, per purpose, and by whom."""
    agreed = {purpose: at.form.text(purpose) == "yes" for purpose in PURPOSES}
    if at.form.text("answer") == "refused":
        agreed = dict.fromkeys(PURPOSES, False)
    elif not agreed["match"]:
        raise InputError("the comparison was neither agreed to nor refused")
    guardian = named_by(at, Part.GUARDIAN) if at.form.text("giver") == "guardian" else None
    consents = Consents(
        match_on_unit=agreed["match"],
        keep_photo=agreed["keep"],
        send_photo=agreed["send"],
        given_by=ConsentGiver.GUARDIAN if guardian else ConsentGiver.PERSON,
        guardian=guardian_of(guardian, session.record_id) if guardian else None,
    )
    at.room.visiting.save(steps.consented(session, consents, guardian))
    return at.go("/visit")


def named_by(at: At, part: Part) -> Named:
    """The guardian or witness as the form names them. Raises InputError."""
    relation = at.form.text("relation")
    if relation not in {r.value for r in Relation}:
        raise InputError("what they are to the person is not said", remedy="Choose the relation.")
    name = check_name(at.form.text("relative_name"))
    return Named(part=part, name=name, relation=Relation(relation), salt=at.room.visiting.new_salt())


def capture(at: At, session: VisitSession) -> Response:
    """Start the capture window; what it comes to is stored by the window itself."""
    start_window(at.room, session, ask=at.form.text("ask") == "yes")
    return Response(status_code=204)


def start_window(room: Room, session: VisitSession, *, ask: bool = False) -> None:
    """Run a capture window for a visit that is at that step; nothing when one is running. Raises InputError."""
    steps.check(session, Event.CAPTURED)
    visiting = room.visiting

    def done(seen: Seen, jpeg: bytes | None) -> None:
        photo_id = visiting.new_id() if jpeg else ""
        after = steps.captured(session, seen, face_photo_id=photo_id)
        visiting.save(after, {photo_id: jpeg} if photo_id and jpeg else {})

    room.viewer.capture(room.unit.window(session, done, ask=ask))


def again(at: At, session: VisitSession) -> Response:
    at.room.visiting.save(steps.again(session))
    return at.go("/visit")


def beside_face(at: At, session: VisitSession) -> Response:
    """Photograph a document beside the face, where there is no reference yet."""
    at.room.visiting.save(steps.beside_face(session))
    return at.go("/visit")


def back(at: At, session: VisitSession) -> Response:
    at.room.viewer.close()
    at.room.visiting.save(steps.gone_back(session))
    return at.go("/visit")


def sign(at: At, session: VisitSession) -> Response:
    """The worker declares what was seen beside the pictures, and signs."""
    sure = at.form.text("sure") == "yes"
    told = Declaration(person_seen=sure, no_mask_or_photo=sure, recognised_how="face" if sure else "")
    at.room.visiting.sign_face(session, told, [at.worker])
    return at.go("/visit")


def close(at: At, session: VisitSession) -> Response:
    """Done with the outcome: nothing of what was entered stays but the record."""
    if session.step is not Step.OUTCOME:
        raise InputError("this visit has no record yet")
    at.room.visiting.close(session)
    return at.go("/list")


def _outcome(at: At, session: VisitSession) -> dict[str, Any]:
    person, policy, today = session.person, at.room.unit.policy(), at.room.unit.today()
    if session.outcome is None:
        return {"next_due": "", "payments": ""}
    due = next_due_date(session.outcome.kind, visited=today, due_date=person.due_date, renewal=policy.renewal)
    stands = standing(person.due_date, person.facts, today=today)
    words = payment_words(session.outcome.kind, stands, policy.renewal, at.words.language)
    return {"next_due": due, "payments": words}


POSTS = MappingProxyType(
    {
        "confirm": at_step(confirm),
        "consent": at_step(consent),
        "capture": at_step(capture),
        "again": at_step(again),
        "beside-face": at_step(beside_face),
        "back": at_step(back),
        "sign": at_step(sign),
        "close": at_step(close),
    }
)
