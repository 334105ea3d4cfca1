"""A visit on its way, as a state machine: which step follows which, and what must have been entered for it.

Pure: a session is a value, each event gives the next one, and the store keeps it before the page answers
(edge/services/visiting.py). Rules:
- nothing is captured before the identity was confirmed and the comparison agreed to;
- without that consent, and at any later time, the way without a face is open; it never leads back to a capture
  unless somebody goes back and agrees;
- a session ends in a record: signed from REVIEW (a face) or WITNESS (none), or left for a coded reason;
- where there is no reference, a document may be photographed beside the face, for a first one;
- an event that does not fit the step changes nothing: a form sent twice is not two events.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from edge.core.errors import InputError
from edge.core.id_number import mask
from edge.core.people import Named, Part
from edge.core.record import FaceFindings, Provenance
from edge.core.visit import Consents, Outcome, PersonServed, Reason, Scheme, SchemeChange, SchemeReason


class Step(StrEnum):
    """Where a visit stands; each is a page."""

    CONFIRM = "confirm"
    CONSENT = "consent"
    CAPTURE = "capture"
    REVIEW = "review"
    FIRST_REFERENCE = "first_reference"
    DOCUMENTS = "documents"
    DECLARE = "declare"
    WITNESS = "witness"
    OUTCOME = "outcome"


class Event(StrEnum):
    CONFIRMED = "confirmed"
    AGREED = "agreed"
    REFUSED_FACE = "refused_face"
    CAPTURED = "captured"
    AGAIN = "again"
    WITHOUT_FACE = "without_face"
    BESIDE_FACE = "beside_face"
    NOTED = "noted"
    DOCUMENTED = "documented"
    DECLARED = "declared"
    DRAWN = "drawn"
    BACK = "back"
    SIGNED = "signed"
    LEFT = "left"


_S, _E = Step, Event
OPEN_STEPS = tuple(step for step in Step if step is not Step.OUTCOME)
TRANSITIONS: Mapping[tuple[Step, Event], Step] = MappingProxyType(
    {
        (_S.CONFIRM, _E.CONFIRMED): _S.CONSENT,
        (_S.CONSENT, _E.AGREED): _S.CAPTURE,
        (_S.CONSENT, _E.REFUSED_FACE): _S.DOCUMENTS,
        (_S.CONSENT, _E.BACK): _S.CONFIRM,
        (_S.CAPTURE, _E.CAPTURED): _S.REVIEW,
        (_S.CAPTURE, _E.WITHOUT_FACE): _S.DOCUMENTS,
        (_S.CAPTURE, _E.BACK): _S.CONSENT,
        (_S.REVIEW, _E.AGAIN): _S.CAPTURE,
        (_S.REVIEW, _E.NOTED): _S.REVIEW,
        (_S.REVIEW, _E.WITHOUT_FACE): _S.DOCUMENTS,
        (_S.REVIEW, _E.SIGNED): _S.OUTCOME,
        (_S.REVIEW, _E.BESIDE_FACE): _S.FIRST_REFERENCE,
        (_S.FIRST_REFERENCE, _E.NOTED): _S.FIRST_REFERENCE,
        (_S.FIRST_REFERENCE, _E.BACK): _S.REVIEW,
        (_S.DOCUMENTS, _E.NOTED): _S.DOCUMENTS,
        (_S.DOCUMENTS, _E.DOCUMENTED): _S.DECLARE,
        (_S.DOCUMENTS, _E.BACK): _S.CONSENT,
        (_S.DECLARE, _E.DECLARED): _S.WITNESS,
        (_S.DECLARE, _E.BACK): _S.DOCUMENTS,
        (_S.WITNESS, _E.DRAWN): _S.WITNESS,
        (_S.WITNESS, _E.SIGNED): _S.OUTCOME,
        (_S.WITNESS, _E.BACK): _S.DECLARE,
        **{(step, _E.LEFT): _S.OUTCOME for step in OPEN_STEPS},
    }
)


class DocumentKind(StrEnum):
    ID_CARD = "id_card"
    HOUSEHOLD_BOOK = "household_book"
    MEDICAL_CERTIFICATE = "medical_certificate"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the visit is to, as the list or the worker names them; never part of a record. listed: from the list.

    scheme: the visit's; scheme_change: where that is not the list's.
    """

    person_id: str
    name: str
    id_number: str
    scheme: Scheme
    listed: bool
    employer: str = ""
    status: str = ""
    due_date: str = ""
    facts: tuple[str, ...] = ()
    address_code: str = ""
    scheme_change: SchemeChange | None = None

    @property
    def listed_scheme(self) -> Scheme:
        return self.scheme_change.listed if self.scheme_change else self.scheme

    def served(self) -> PersonServed:
        """The person as a record names them."""
        return PersonServed(
            person_id=self.person_id,
            id_number_masked=mask(self.id_number),
            scheme=self.scheme,
            scheme_change=self.scheme_change or msgspec.UNSET,
        )


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a capture window came to, with what it was judged."""

    findings: FaceFindings
    outcome: Outcome
    provenance: Provenance


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A document that the worker has seen. photo_id: its photograph, kept beside the session; empty without one."""

    kind: DocumentKind
    photo_id: str = ""


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """What the worker says of the person, face to face (NIST SP 800-63A-4, on-site proofing)."""

    person_seen: bool
    no_mask_or_photo: bool
    recognised_how: str = ""


class VisitSession(msgspec.Struct, frozen=True, kw_only=True):
    """One visit on its way. Times are ISO 8601 with `Z`; ids are drawn by the caller at the beginning.

    revision: counts changes; a page answers for the one it showed. face_photo_id: the best probe, where a
    photograph may be kept or sent. people: guardian and witness, whose names no record holds. drawing_id: of a
    witness's signature by hand, kept as photographs are. outcome, sequence, record_sha256: of the record, once
    there is one.
    """

    visit_id: str
    record_id: str
    worker_id: str
    begun_utc: str
    person: Person
    step: Step = Step.CONFIRM
    revision: int = 0
    consents: Consents | None = None
    seen: Seen | None = None
    face_photo_id: str = ""
    why: Reason | None = None
    documents: tuple[Document, ...] = ()
    declaration: Declaration | None = None
    people: tuple[Named, ...] = ()
    drawing_id: str = ""
    outcome: Outcome | None = None
    sequence: int = 0
    record_sha256: str = ""

    @property
    def photo_ids(self) -> tuple[str, ...]:
        """All photographs that belong to the session."""
        ids = (self.face_photo_id, self.drawing_id, *(document.photo_id for document in self.documents))
        return tuple(photo_id for photo_id in ids if photo_id)

    def may(self, event: Event) -> bool:
        return (self.step, event) in TRANSITIONS


def confirmed(
    session: VisitSession, scheme: Scheme | None = None, why: SchemeReason | None = None
) -> VisitSession:
    """The worker has read the person's data back. scheme: the visit's, where the worker chose one.

    Raises InputError where that is not the list's and it is not said why.
    """
    listed, change = session.person.listed_scheme, None
    if scheme not in (None, listed):
        if why is None:
            raise InputError(
                "it is not said why the scheme is another (没有说明险种更改的原因)", remedy="Choose the reason."
            )
        change = SchemeChange(listed=listed, reason=why)
    person = msgspec.structs.replace(session.person, scheme=scheme or listed, scheme_change=change)
    return _after(session, Event.CONFIRMED, person=person)


def consented(session: VisitSession, consents: Consents, guardian: Named | None = None) -> VisitSession:
    """Somebody was asked, per purpose. Without the comparison the way without a face is next.

    guardian: who answered in the person's place, where `consents` commits to one.
    """
    people = (guardian,) if guardian else ()
    if consents.match_on_unit:
        return _after(session, Event.AGREED, consents=consents, why=None, people=people)
    return _after(session, Event.REFUSED_FACE, consents=consents, why=Reason.REFUSED_FACE, people=people)


def captured(session: VisitSession, seen: Seen, *, face_photo_id: str = "") -> VisitSession:
    """A capture window is over."""
    return _after(session, Event.CAPTURED, seen=seen, face_photo_id=face_photo_id)


def again(session: VisitSession) -> VisitSession:
    """Another capture window; what the last one showed is let go."""
    return _after(session, Event.AGAIN, seen=None, face_photo_id="")


def without_face(session: VisitSession, why: Reason) -> VisitSession:
    """The way without a face, and why. What a capture showed is let go: nobody mixes two ways."""
    return _after(session, Event.WITHOUT_FACE, why=why, seen=None, face_photo_id="")


def beside_face(session: VisitSession) -> VisitSession:
    """A document is to be photographed beside the face, for a first reference. Raises InputError where it may not."""
    if not (session.seen and session.consents and session.consents.send_photo):
        raise InputError("a first reference needs a face, and the consent to send photographs")
    return _after(session, Event.BESIDE_FACE)


def noted(session: VisitSession, document: Document) -> VisitSession:
    """A document was seen; a kind once, the last one counts. At a review, for a first reference."""
    others = tuple(d for d in session.documents if d.kind is not document.kind)
    return _after(session, Event.NOTED, documents=(*others, document))


def documented(session: VisitSession, *, min_documents: int) -> VisitSession:
    """The documents are done. Raises InputError when there are too few."""
    if len(session.documents) < min_documents:
        raise InputError(
            f"{min_documents} document(s) are needed, got {len(session.documents)}",
            remedy="Photograph the identity card or the household book.",
        )
    return _after(session, Event.DOCUMENTED)


def declared(session: VisitSession, declaration: Declaration) -> VisitSession:
    """The worker has declared what was seen. Raises InputError when it is not said how the person was recognised."""
    if declaration.person_seen and not declaration.recognised_how:
        raise InputError("it is not said how the person was recognised", remedy="Choose how.")
    return _after(session, Event.DECLARED, declaration=declaration)


def drawn(session: VisitSession, witness: Named, drawing_id: str) -> VisitSession:
    """A witness who has no key has signed by hand. Signing the record comes next, at the same step."""
    others = tuple(p for p in session.people if p.part is not Part.WITNESS)
    return _after(session, Event.DRAWN, people=(*others, witness), drawing_id=drawing_id)


def gone_back(session: VisitSession) -> VisitSession:
    """One step back; what was entered stays, to be corrected."""
    return _after(session, Event.BACK)


def ended(
    session: VisitSession, event: Event, outcome: Outcome, *, sequence: int, record_sha256: str
) -> VisitSession:
    """The record is stored. event: SIGNED or LEFT."""
    return _after(session, event, outcome=outcome, sequence=sequence, record_sha256=record_sha256)


def check(session: VisitSession, event: Event) -> None:
    """Raises InputError for an event that does not fit the step."""
    if not session.may(event):
        raise InputError(
            f"a visit at the step {session.step.value} cannot be {event.value}",
            remedy="Load the page again: it shows the step at which the visit stands.",
        )


def _after(session: VisitSession, event: Event, **entered: object) -> VisitSession:
    check(session, event)
    step = TRANSITIONS[session.step, event]
    return msgspec.structs.replace(session, step=step, revision=session.revision + 1, **entered)
