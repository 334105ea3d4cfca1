"""Keep a visit: give it its place in the chain, sign it, and store it, all inside the store's write lock.

What the record says of its clock is read there too, so that the order of times is the order of records; a wall
clock behind that of the record before is marked and changes nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from edge.core.chain import ChainHead, StoredRecord
from edge.core.config import records_are_simulated
from edge.core.envelope import parse, seal
from edge.core.errors import SigningError, VerificationError
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
from edge.core.visit import Attestation, Consents, Outcome, Visit
from edge.ports import Clock, RecordSigner, RecordStore


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


def keep_visit(draft: VisitDraft, *, store: RecordStore, signer: RecordSigner, clock: Clock) -> StoredRecord:
    """Sign `draft` and store it; durable when this returns, nothing stored when it raises.

    Raises SimulatedInputRefused (a provisioned key and a simulated source), SigningError (not this unit's
    record key), StoreError.
    """
    public = signer.public
    _check_key(public, draft.unit_id)
    kind = payload_type(simulated=records_are_simulated(draft.provenance.source, public.purpose))

    def make(head: ChainHead) -> bytes:
        record = _record(draft, head, _clock_state(clock, head, store))
        return seal(encode_record(record), kind, [signer.signer])

    return store.append(make)


def _check_key(public: PublicKeyDocument, unit_id: str) -> None:
    if public.role is not KeyRole.RECORD:
        raise SigningError(f"a {public.role.value} key cannot sign records")
    if public.owner != unit_id:
        raise SigningError(f"the record key is of {public.owner!r}, the visit was made with {unit_id!r}")


def _record(draft: VisitDraft, head: ChainHead, clock: ClockState) -> VisitRecord:
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
