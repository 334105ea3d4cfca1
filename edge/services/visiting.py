"""A visit from its beginning to its record, step by step: each step is on the disk before anybody is answered.

The record's id is drawn when the visit begins, so that a visit cut off while it was being signed is known again: its
record is either there or is not, and is never written twice. Photographs wait sealed beside the session and go to
central's key once the record that they belong to is stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edge.core import session as steps
from edge.core.chain import StoredRecord
from edge.core.errors import InputError
from edge.core.evidence import EvidenceKind, refusal_of
from edge.core.people import Named, commitment
from edge.core.policy import Policy
from edge.core.record import Provenance, commitments_of
from edge.core.session import Declaration, Event, Person, VisitSession
from edge.core.visit import Attestation, ConsentGiver, Consents, Place, Reason, Witness, WitnessMethod
from edge.ports import Clock, RecordStore, SessionStore
from edge.services.certify import FaceResult
from edge.services.keep import VisitDraft
from edge.services.slip import record_of
from edge.services.visit import VisitRequest, draft_by_attestation, draft_by_face, draft_not_performed

Keep = Callable[[VisitDraft, Sequence[Any]], StoredRecord]
HandOver = Callable[[StoredRecord, str, EvidenceKind, bytes], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visiting:
    """The use cases of a visit over its ports.

    keep: signs and stores a draft, with the signatures of the people given. hand_over: seals a photograph to
    central as evidence of a record, once. keep_copy: keeps the face's photograph here, once. no_camera: with what
    a visit without pictures is judged. note_people: keeps the guardian and the witness beside the record, and
    seals them to central. new_id, new_salt: fresh and random (edge/core/people.py). admit: raises VisitNotAllowed
    where no visit may begin.
    """

    unit_id: str
    sessions: SessionStore
    records: RecordStore
    clock: Clock
    policy: Callable[[], Policy]
    no_camera: Callable[[], Provenance]
    keep: Keep = field(repr=False)
    hand_over: HandOver = field(repr=False)
    keep_copy: Callable[[StoredRecord, bytes], None] = field(repr=False)
    note_people: Callable[[StoredRecord, Sequence[Named]], None] = field(repr=False)
    new_id: Callable[[], str] = field(repr=False)
    new_salt: Callable[[], str] = field(repr=False)
    admit: Callable[[], None] = field(repr=False)

    def open_of(self, worker_id: str) -> VisitSession | None:
        """The worker's open visit, at the very step where it stands; one whose record is stored is at its outcome."""
        session = self.sessions.open_of(worker_id)
        if session is None or session.step is steps.Step.OUTCOME:
            return session
        stored = self.records.find(session.record_id)
        if stored is None:
            return session
        return self._end(session, Event.SIGNED if session.may(Event.SIGNED) else Event.LEFT, stored)

    def begin(self, worker_id: str, person: Person) -> VisitSession:
        """Raises VisitNotAllowed, StoreError (another visit is open)."""
        self.admit()
        session = VisitSession(
            visit_id=self.new_id(),
            record_id=self.new_id(),
            worker_id=worker_id,
            begun_utc=self.clock.now_utc(),
            person=person,
        )
        self.sessions.begin(session)
        return session

    def save(self, session: VisitSession, photos: Mapping[str, bytes] | None = None) -> VisitSession:
        """Make a step durable. Raises StoreError."""
        self.sessions.save(session, photos or {})
        return session

    def sign_face(self, session: VisitSession, declaration: Declaration, signers: Sequence[Any]) -> VisitSession:
        """End a visit by face with what the worker declares. Raises InputError, SigningError, StoreError."""
        steps.check(session, Event.SIGNED)
        if session.seen is None:
            raise InputError("this visit has no capture to be signed")
        draft = draft_by_face(
            self._request(session),
            FaceResult(findings=session.seen.findings, outcome=session.seen.outcome),
            session.seen.provenance,
            ended_utc=self.clock.now_utc(),
            attestation=_attestation(session, declaration, witnessed_by=""),
            policy=self.policy(),
            photo_id=session.face_photo_id,
        )
        return self._end(session, Event.SIGNED, self.keep(draft, signers))

    def sign_attested(
        self, session: VisitSession, witnessed_by: str, signers: Sequence[Any], *, witness: Witness | None = None
    ) -> VisitSession:
        """End a visit without a face. Raises InputError (no second person), SigningError, StoreError.

        witness: how the second person stands to it; None: by PIN where two sign, else only named by the worker.
        """
        if witness is None:
            witness = Witness(how=WitnessMethod.PIN if len(signers) > 1 else WitnessMethod.DECLARED)
        steps.check(session, Event.SIGNED)
        if session.declaration is None or session.seen is not None:
            raise InputError("this visit has no declaration to be signed")
        draft = draft_by_attestation(
            self._request(session),
            _attestation(session, session.declaration, witnessed_by=witnessed_by, witness=witness),
            self.policy().manual,
            self.no_camera(),
            ended_utc=self.clock.now_utc(),
            why=session.why,
        )
        return self._end(session, Event.SIGNED, self.keep(draft, signers))

    def sign_drawn(
        self, session: VisitSession, witness: Named, drawing: bytes, signers: Sequence[Any]
    ) -> VisitSession:
        """The same with a witness who has no key and signs by hand; drawing: a JPEG, stored before the record is."""
        drawing_id = self.new_id()
        session = self.save(steps.drawn(session, witness, drawing_id), {drawing_id: drawing})
        stands = Witness(
            how=WitnessMethod.DRAWN,
            relation=witness.relation,
            commitment=commitment(witness, session.record_id),
            drawing_sha256=hashlib.sha256(drawing).hexdigest(),
        )
        return self.sign_attested(session, f"drawn:{witness.relation.value}", signers, witness=stands)

    def leave(self, session: VisitSession, reason: Reason, signers: Sequence[Any]) -> VisitSession:
        """End a visit that could not take place. Raises InputError for a reason of another kind."""
        steps.check(session, Event.LEFT)
        draft = draft_not_performed(
            self._request(session), reason, self.no_camera(), ended_utc=self.clock.now_utc()
        )
        return self._end(session, Event.LEFT, self.keep(draft, signers))

    def close(self, session: VisitSession) -> None:
        """Let a visit that has its record go, and all that was entered for it."""
        self.sessions.close(session.visit_id)

    def _request(self, session: VisitSession) -> VisitRequest:
        return VisitRequest(
            visit_id=session.visit_id,
            record_id=session.record_id,
            unit_id=self.unit_id,
            person=session.person.served(),
            worker=session.worker_id,
            place=Place(address_code=session.person.address_code),
            consents=session.consents or NOT_ASKED,
            begun_utc=session.begun_utc,
            listed=session.person.listed,
        )

    def _end(self, session: VisitSession, event: Event, stored: StoredRecord) -> VisitSession:
        """The photographs first: handed over twice they are one, and without the last step nothing is lost."""
        self._hand_over(session, stored)
        ended = steps.ended(
            session, event, record_of(stored).outcome, sequence=stored.sequence, record_sha256=stored.sha256
        )
        return self.save(ended)

    def _hand_over(self, session: VisitSession, stored: StoredRecord) -> None:
        """Only what the record speaks of: one that was left has no witness, and no consent sends no photograph."""
        record = record_of(stored)
        for photo_id in session.photo_ids:
            content, kind = self.sessions.photo(photo_id), _kind_of(session, photo_id)
            if content and not refusal_of(kind, record):
                self.hand_over(stored, photo_id, kind, content)
        if record.consents.keep_photo and (face := self.sessions.photo(session.face_photo_id)):
            self.keep_copy(stored, face)
        named = commitments_of(record)
        people = [person for person in session.people if person.part in named]
        if people:
            self.note_people(stored, people)


NOT_ASKED = Consents(match_on_unit=False, given_by=ConsentGiver.NOT_ASKED)


def _attestation(
    session: VisitSession, declaration: Declaration, *, witnessed_by: str, witness: Witness | None = None
) -> Attestation:
    return Attestation(
        declared_by=session.worker_id,
        witnessed_by=witnessed_by,
        person_seen=declaration.person_seen,
        no_mask_or_photo=declaration.no_mask_or_photo,
        recognised_how=declaration.recognised_how,
        document_kinds=tuple(document.kind.value for document in session.documents),
        document_photos=_sent_photos(session),
        witness=witness,
    )


def _kind_of(session: VisitSession, photo_id: str) -> EvidenceKind:
    if photo_id == session.face_photo_id:
        return EvidenceKind.FACE_PHOTO
    return EvidenceKind.DRAWN_SIGNATURE if photo_id == session.drawing_id else EvidenceKind.DOCUMENT_PHOTO


def _sent_photos(session: VisitSession) -> dict[str, str]:
    """The documents' photographs that central will get, by kind."""
    if session.consents is None or not session.consents.send_photo:
        return {}
    return {d.kind.value: d.photo_id for d in session.documents if d.photo_id}
