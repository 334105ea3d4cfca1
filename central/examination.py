"""What an envelope is by itself: steps 1 to 6 of the decision (central/ingest.py), which need no lock and no order.

They are most of the work, and most of that is the signatures, during which Python lets other threads run: a batch is
examined by two at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

from securesystemslib.dsse import Envelope

from central.config import StoreKind
from central.record_row import Row, record_row
from central.refusal import Refused, check_storable
from central.store import UnitRow
from edge.core.cosigning import open_record
from edge.core.envelope import MAX_ENVELOPE_BYTES, RECORD_TYPES, SIMULATED_VISIT_TYPE, VISIT_TYPE, parse
from edge.core.errors import CouldNotBeChecked, DoesNotVerify, VerificationError
from edge.core.keys import KeyPurpose
from edge.core.record import VisitRecord
from edge.core.visit import Cosigner, Withdrawal

THREADS = 2
"""Three would wait for one another: beside a signature's 70 µs a record takes some 40 of Python, one at a time."""
WORTH_THREADS = 24
_BY_STEP = {
    ("key", CouldNotBeChecked): "unknown_key",
    ("key", DoesNotVerify): "bad_signature",
    ("signature", DoesNotVerify): "bad_signature",
    ("payload", CouldNotBeChecked): "unknown_format",
    ("payload", DoesNotVerify): "bad_payload",
    ("workers", DoesNotVerify): "bad_cosigner",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An envelope as it came, and the unit whose right to speak the way of arrival has shown."""

    unit_id: str
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A record that is good by itself: the row to store, who signed beside the unit, and what it takes back."""

    row: Row
    cosigners: tuple[Cosigner, ...]
    withdrawal: Withdrawal | None


Units = Mapping[str, UnitRow | None]


class Examiner:
    """For a store of one kind. Holds no state but its threads, which begin with the first large batch."""

    def __init__(self, kind: StoreKind) -> None:
        self._kind = kind
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="examine")

    def examine_all(self, arrivals: Sequence[Arrival], units: Units, at_utc: str) -> list[Examined | Refused]:
        """What each is, in their order. units: those that speak, None for one that is not registered."""

        def examine(part: Sequence[Arrival]) -> list[Examined | Refused]:
            return [self.examine(arrival, units[arrival.unit_id], at_utc) for arrival in part]

        if len(arrivals) < WORTH_THREADS:
            return examine(arrivals)
        size = -(-len(arrivals) // THREADS)
        parts = [arrivals[first : first + size] for first in range(0, len(arrivals), size)]
        return list(chain.from_iterable(self._threads.map(examine, parts)))

    def examine(self, arrival: Arrival, unit: UnitRow | None, at_utc: str) -> Examined | Refused:
        """What is to be stored, or why not."""
        try:
            record, payload_type = self._checked(unit, arrival)
        except Refused as refusal:
            return refusal
        row = record_row(record, arrival.raw, payload_type, at_utc)
        return Examined(row=row, cosigners=record.cosigners, withdrawal=record.withdrawal)

    def _checked(self, unit: UnitRow | None, arrival: Arrival) -> tuple[VisitRecord, str]:
        if len(arrival.raw) > MAX_ENVELOPE_BYTES:
            raise Refused("too_large", f"{len(arrival.raw)} bytes, at most {MAX_ENVELOPE_BYTES} are taken")
        try:
            envelope = parse(arrival.raw)
        except DoesNotVerify as e:
            raise Refused("malformed", e.message) from e
        payload_type = envelope.payload_type
        self._check_type(payload_type)
        if unit is None:
            raise Refused("unit_unknown", "no such unit is registered here")
        if unit.revoked_utc is not None:
            raise Refused("unit_revoked", f"revoked {unit.revoked_utc}")
        return self._opened(unit, arrival, envelope), payload_type

    def _check_type(self, payload_type: str) -> None:
        if payload_type not in RECORD_TYPES:
            raise Refused("not_a_record", f"payload type {payload_type[:80]!r}")
        if self._kind is StoreKind.GENUINE and payload_type == SIMULATED_VISIT_TYPE:
            raise Refused("simulated_input", "this store holds genuine records only")
        if self._kind is StoreKind.SIMULATED and payload_type == VISIT_TYPE:
            raise Refused("genuine_input", "this store holds simulated records only")

    def _opened(self, unit: UnitRow, arrival: Arrival, envelope: Envelope) -> VisitRecord:
        payload_type = envelope.payload_type
        if payload_type == VISIT_TYPE and unit.key.purpose is not KeyPurpose.PROVISIONED:
            raise Refused("demonstration_key", "a demonstration key signs no genuine record")
        try:
            record = open_record(envelope, unit.key, payload_type)
        except VerificationError as e:
            raise Refused(_BY_STEP[e.step, type(e)], e.message[:300]) from e
        if record.unit_id != arrival.unit_id:
            raise Refused("wrong_unit", f"the record is of unit {record.unit_id[:63]!r}", record.sequence)
        check_storable(record)
        return record
