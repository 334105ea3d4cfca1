"""Consent after the visit: who gave it, and how it is taken back.

A withdrawal covers every record of the person on this unit that agreed to a purpose now taken back. Photographs that
went with them are deleted here first, sent or not; then a record that names them is signed, which takes the same way
to central as every other and makes it delete what it holds. Cut off between the two, nothing is left that could still
be sent, and the withdrawal is simply made again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from edge.core.chain import StoredRecord
from edge.core.civil_time import civil_date
from edge.core.errors import InputError, VerificationError
from edge.core.evidence import PHOTO_KINDS, Manifest, manifest_claims
from edge.core.people import Named, Part, People, commitment, decode_people, encode_people
from edge.core.record import Provenance, VisitRecord, commitments_of
from edge.core.visit import (
    CONSENT_WITHDRAWAL,
    ConsentGiver,
    Consents,
    Guardian,
    Outcome,
    OutcomeKind,
    Place,
    Purpose,
    Reason,
    Visit,
    Withdrawal,
)
from edge.ports import Clock, EvidenceStore, RecordStore
from edge.ports.workers import KeptPhotos, OpenWorker, PeopleStore
from edge.services.keep import VisitDraft
from edge.services.slip import record_of

Keep = Callable[[VisitDraft, Sequence[OpenWorker]], StoredRecord]
PURGED_BY_WITHDRAWAL = "consent withdrawn"


class Contested(StrEnum):
    """For what a kept photograph may be looked at."""

    APPEAL = "appeal"  # 申诉
    REVIEW = "review"  # 人工审核
    INSPECTION = "inspection"  # 稽核


def guardian_of(named: Named, record_id: str) -> Guardian:
    """What the record says of a guardian. Raises InputError when `named` is none."""
    if named.part is not Part.GUARDIAN:
        raise InputError(f"a {named.part.value} consents for nobody")
    return Guardian(relation=named.relation, commitment=commitment(named, record_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What still stands of a person's consents on this unit: by record, in order."""

    by_record: tuple[tuple[StoredRecord, frozenset[Purpose]], ...]

    @property
    def purposes(self) -> frozenset[Purpose]:
        return frozenset(purpose for _, purposes in self.by_record for purpose in purposes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentBook:
    """The use cases over their ports. keep: signs and stores a draft. hand_over: seals a visit's people to central.

    no_camera: with what a record without pictures is judged. new_id: a fresh random id.
    """

    unit_id: str
    records: RecordStore
    evidence: EvidenceStore
    people: PeopleStore
    kept: KeptPhotos
    clock: Clock
    no_camera: Callable[[], Provenance]
    keep: Keep = field(repr=False)
    hand_over: Callable[[StoredRecord, bytes], None] = field(repr=False)
    new_id: Callable[[], str] = field(repr=False)

    def note_people(self, stored: StoredRecord, people: Sequence[Named]) -> None:
        """Keep a visit's guardian and witness here, and send them to central sealed. Raises InputError, StoreError.

        Made again after a cut it changes nothing but the copy that is sent.
        """
        content = encode_people(People(record_id=stored.record_id, people=tuple(people)))
        decode_people(content, commitments_of(record_of(stored)))
        self.people.keep_people(stored.record_id, content)
        self.hand_over(stored, content)

    def people_of(self, record: VisitRecord) -> tuple[Named, ...]:
        """Guardian and witness of a record, for the screen and the form; none when they were purged."""
        content = self.people.people(record.record_id)
        return decode_people(content, commitments_of(record)).people if content else ()

    def photograph(self, person_id: str, *, worker_id: str, why: Contested) -> bytes:
        """The latest photograph kept of a person, for a case that is contested. Raises InputError: there is none."""
        held = self.kept.of_person(person_id)
        now_utc = self.clock.now_utc()
        content = self.kept.open(held[-1], worker_id=worker_id, why=why.value, now_utc=now_utc) if held else None
        if content is None:
            raise InputError(
                "no photograph of this person is kept on this unit (终端没有保存此人的照片)",
                remedy="One is kept only with consent, for a time, and on the unit of the visit.",
            )
        return content

    def standing(self, person_id: str) -> Agreed:
        """What of a person's consents can still be taken back."""
        taken_back: dict[str, set[Purpose]] = {}
        agreed: list[tuple[StoredRecord, set[Purpose]]] = []
        for stored in self.records.records():
            record = _readable(stored)
            if record is None or record.visit.person_served.person_id != person_id:
                continue
            if record.withdrawal:
                for sha256 in record.withdrawal.record_sha256:
                    taken_back.setdefault(sha256, set()).update(record.withdrawal.purposes)
            elif record.consents.agreed:
                agreed.append((stored, set(record.consents.agreed)))
        left = [(stored, frozenset(purposes - taken_back.get(stored.sha256, set()))) for stored, purposes in agreed]
        return Agreed(by_record=tuple((stored, purposes) for stored, purposes in left if purposes))

    def withdraw(
        self,
        person_id: str,
        purposes: Collection[Purpose],
        *,
        given_by: ConsentGiver,
        worker: str,
        signers: Sequence[OpenWorker] = (),
    ) -> StoredRecord:
        """Take consent back: purge what it covered, and sign that it was. Raises InputError: nothing stands."""
        wanted = [purpose for purpose in Purpose if purpose in purposes]
        covered = [stored for stored, left in self.standing(person_id).by_record if left & set(wanted)]
        if not covered:
            raise InputError(
                "no consent of this person for these purposes stands on this unit",
                remedy="What other units hold is taken back with central.",
            )
        self._purge(person_id, covered, wanted)
        latest = record_of(covered[-1])
        withdrawal = Withdrawal(
            purposes=tuple(wanted), given_by=given_by, record_sha256=tuple(s.sha256 for s in covered)
        )
        return self.keep(self._draft(latest, withdrawal, worker), signers)

    def _purge(self, person_id: str, covered: Sequence[StoredRecord], purposes: Collection[Purpose]) -> None:
        if Purpose.KEEP_PHOTO in purposes:
            self.kept.drop([record_of(stored).record_id for stored in covered])
        records = {stored.sha256 for stored in covered}
        if not {Purpose.KEEP_PHOTO, Purpose.SEND_PHOTO} & set(purposes):
            return
        kept = [(entry, self._manifest(entry.evidence_id)) for entry in self.evidence.of_person(person_id)]
        gone = [e.evidence_id for e, m in kept if m.kind in PHOTO_KINDS and m.record_sha256 in records]
        self.evidence.drop(gone, PURGED_BY_WITHDRAWAL)

    def _manifest(self, evidence_id: str) -> Manifest:
        return manifest_claims(self.evidence.manifest(evidence_id))

    def _draft(self, latest: VisitRecord, withdrawal: Withdrawal, worker: str) -> VisitDraft:
        at_utc = self.clock.now_utc()
        return VisitDraft(
            record_id=self.new_id(),
            unit_id=self.unit_id,
            visit=Visit(
                visit_id=self.new_id(),
                service=CONSENT_WITHDRAWAL,
                person_served=latest.visit.person_served,
                date=civil_date(at_utc),
                place=Place(address_code=latest.visit.place.address_code),
                person_serving=worker,
                begun_utc=at_utc,
                ended_utc=at_utc,
            ),
            outcome=Outcome(kind=OutcomeKind.NOT_PERFORMED, reasons=(Reason.CONSENT_WITHDRAWN,)),
            consents=Consents(match_on_unit=False, given_by=withdrawal.given_by),
            provenance=self.no_camera(),
            withdrawal=withdrawal,
        )


def _readable(stored: StoredRecord) -> VisitRecord | None:
    """A damaged record must not hold up a withdrawal; `doorstep verify` is where it is named."""
    try:
        return record_of(stored)
    except VerificationError:
        return None
