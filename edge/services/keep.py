"""Keep a visit: give it its place in the chain, sign it, and store it, all inside the store's write lock.

What the record says of its clock is read there too, so that the order of times is the order of records; a wall
clock behind that of the record before is marked and changes nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from edge.core.chain import ChainHead, StoredRecord
from edge.core.config import records_are_simulated
from edge.core.cosigning import check_people
from edge.core.envelope import parse, seal
from edge.core.errors import DoesNotVerify, SigningError, VerificationError
from edge.core.keys import KeyRole, PublicKeyDocument
from edge.core.record import (
    ClockState,
    FaceFindings,
    Provenance,
    VisitRecord,
    decode_record,
    encode_record,
    payload_type,
)
from edge.core.visit import (
    Attestation,
    Consents,
    Cosigner,
    CosignerRole,
    Outcome,
    ReferenceOffer,
    Visit,
    Withdrawal,
)
from edge.ports import Clock, RecordSigner, RecordStore
from edge.ports.workers import OpenWorker


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitDraft:
    """A visit that is over: all of its record but sequence, previous digest and clock."""

    record_id: str
    unit_id: str
    visit: Visit
    outcome: Outcome
    consents: Consents
    provenance: Provenance
    face: FaceFindings | None = None
    attestation: Attestation | None = None
    offer: ReferenceOffer | None = None
    withdrawal: Withdrawal | None = None


def keep_visit(
    draft: VisitDraft,
    *,
    store: RecordStore,
    signer: RecordSigner,
    clock: Clock,
    cosigners: Sequence[OpenWorker] = (),
) -> StoredRecord:
    """Sign `draft` and store it; durable when this returns, nothing stored when it raises.

    cosigners: the visit's field worker, and the witness where one signs with a key. Raises SimulatedInputRefused (a
    provisioned key and a simulated source), SigningError (not this unit's record key, or not the visit's people),
    StoreError.
    """
    public = signer.public
    _check_key(public, draft.unit_id)
    kind = payload_type(simulated=records_are_simulated(draft.provenance.source, public.purpose))
    named = tuple(_named(draft, worker, public) for worker in cosigners)

    def make(head: ChainHead) -> bytes:
        record = _record(draft, head, _clock_state(clock, head, store), named)
        check_people(record)
        return seal(encode_record(record), kind, [signer.signer, *(w.signer for w in cosigners)])

    try:
        return store.append(make)
    except DoesNotVerify as e:
        remedy = "The worker of the visit and the witness each sign with their own PIN."
        raise SigningError(e.message, remedy=remedy) from e


def _named(draft: VisitDraft, worker: OpenWorker, unit: PublicKeyDocument) -> Cosigner:
    public = worker.public
    if (public.role, public.purpose, public.owner) != (KeyRole.WORKER, unit.purpose, worker.worker_id):
        raise SigningError(f"not a {unit.purpose.value} key of worker {worker.worker_id!r}")
    is_worker = worker.worker_id == draft.visit.person_serving
    return Cosigner(
        role=CosignerRole.WORKER if is_worker else CosignerRole.WITNESS,
        worker_id=worker.worker_id,
        keyid=public.keyid,
        public_hex=public.public_hex,
    )


def _check_key(public: PublicKeyDocument, unit_id: str) -> None:
    if public.role is not KeyRole.RECORD:
        raise SigningError(f"a {public.role.value} key cannot sign records")
    if public.owner != unit_id:
        raise SigningError(f"the record key is of {public.owner!r}, the visit was made with {unit_id!r}")


def _record(draft: VisitDraft, head: ChainHead, clock: ClockState, cosigners: tuple[Cosigner, ...]) -> VisitRecord:
    return VisitRecord(
        record_id=draft.record_id,
        unit_id=draft.unit_id,
        sequence=head.sequence + 1,
        previous_sha256=head.sha256,
        visit=draft.visit,
        outcome=draft.outcome,
        consents=draft.consents,
        clock=clock,
        provenance=draft.provenance,
        face=draft.face,
        attestation=draft.attestation,
        offer=draft.offer,
        withdrawal=draft.withdrawal,
        cosigners=cosigners,
    )


def _clock_state(clock: Clock, head: ChainHead, store: RecordStore) -> ClockState:
    state = clock.state()
    before = next(iter(store.records(head.sequence)), None) if head.sequence else None
    if before is None:
        return state
    try:
        parsed = parse(before.envelope)
        earlier = decode_record(parsed.payload, parsed.payload_type).clock
        set_back = _moment(state.wall_utc) < _moment(earlier.wall_utc)
    except (VerificationError, ValueError):
        # A damaged record before must not hold up the visit; `doorstep verify` is where it is named.
        return state
    return msgspec.structs.replace(state, set_back=set_back)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
