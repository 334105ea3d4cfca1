"""A visit without a face as the page leads through it, from the step where it stands to its end."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from edge.core import session as steps
from edge.core.chain import StoredRecord
from edge.core.evidence import EvidenceKind
from edge.core.people import SALT_BYTES, Named, Part, Relation
from edge.core.session import Declaration, Document, DocumentKind, Person, Step, VisitSession
from edge.core.visit import Consents, Scheme
from edge.services.keep import VisitDraft
from edge.services.visiting import Visiting
from edge.wiring.unit import Unit
from edge.wiring.web import make_room
from tools.faults.power_told import Told

WORKER = "w-power"
_PERSON = Person(person_id="p-1", name="", id_number="", scheme=Scheme.RESIDENT, listed=False)


class Visits:
    """One visit after the other on a unit, by the very use cases of its pages."""

    def __init__(self, unit: Unit, told: Told, seed: int) -> None:
        self._told, self._dice = told, random.Random(seed)
        self._visiting = _telling(make_room(unit).visiting, told)
        left = self._visiting.open_of(WORKER)
        if left:
            self._go_on(left)  # after a cut the visit goes on where it stands

    def one(self) -> None:
        session = self._visiting.begin(WORKER, _PERSON)
        self._stands(session)
        self._go_on(session)

    def _go_on(self, session: VisitSession) -> None:
        while session.step is not Step.OUTCOME:
            session = self._next(session)
            self._stands(session)
        self._visiting.close(session)
        self._told.tell("closed", session.visit_id)

    def _next(self, session: VisitSession) -> VisitSession:
        match session.step:
            case Step.CONFIRM:
                after = steps.confirmed(session)
            case Step.CONSENT:
                after = steps.consented(session, Consents(match_on_unit=False, send_photo=True))
            case Step.DOCUMENTS if not session.documents:
                document = Document(kind=DocumentKind.ID_CARD, photo_id=self._visiting.new_id())
                return self._visiting.save(steps.noted(session, document), {document.photo_id: self._picture()})
            case Step.DOCUMENTS:
                after = steps.documented(session, min_documents=1)
            case Step.DECLARE:
                seen = Declaration(person_seen=True, no_mask_or_photo=True, recognised_how="id_card")
                after = steps.declared(session, seen)
            case _:
                salt = self._dice.randbytes(SALT_BYTES).hex()
                witness = Named(part=Part.WITNESS, name="甲", relation=Relation.NEIGHBOUR, salt=salt)
                return self._visiting.sign_drawn(session, witness, self._picture(), [])
        return self._visiting.save(after)

    def _stands(self, session: VisitSession) -> None:
        self._told.tell("step", f"{session.visit_id}:{session.revision}:{session.step.value}")
        self._told.reached(f"at {session.step.value}")

    def _picture(self) -> bytes:
        return self._dice.randbytes(self._dice.randint(1000, 40_000))


def _telling(visiting: Visiting, told: Told) -> Visiting:
    """The same, with a word once a record, and each piece of its evidence, is kept."""

    def keep(draft: VisitDraft, signers: Sequence[Any]) -> StoredRecord:
        stored = visiting.keep(draft, signers)
        told.tell("record", stored.sha256)
        told.reached("record kept")
        return stored

    def hand_over(stored: StoredRecord, evidence_id: str, kind: EvidenceKind, content: bytes) -> None:
        visiting.hand_over(stored, evidence_id, kind, content)
        told.tell("evidence", evidence_id)
        told.reached(f"{kind.value} sealed")

    return replace(visiting, keep=keep, hand_over=hand_over)
