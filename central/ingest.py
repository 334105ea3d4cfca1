"""The decision over each envelope that arrives, and the transaction that follows from it.

The steps, in order; the first that fails refuses the envelope with its reason:
1. size: at most MAX_ENVELOPE_BYTES                                   too_large
2. form: a DSSE envelope in its one permitted form                    malformed
3. type: a visit record, of the kind that this store holds            not_a_record, simulated_input, genuine_input
4. unit: the topic's unit is registered and not revoked               unit_unknown, unit_revoked (with an alarm)
5. signature: by this unit's record key, whose purpose fits the store unknown_key, bad_signature, demonstration_key
6. payload: decodes, names the same unit as the topic, and is signed
   by all that it names (edge/core/cosigning.py)                      unknown_format, bad_payload, wrong_unit,
                                                                      bad_cosigner
7. repeat: this very envelope is held already                         (stored: the same answer again)
8. conflict: its sequence or record id is taken by another envelope   conflicting_record, with an alarm
9. chain: fits the neighbours that are held; a gap is no fault        chain_mismatch, with an alarm
A batch is committed before its receipts are sent; no content of a message raises.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from securesystemslib.dsse import Envelope

from central.config import StoreKind
from central.held import Held
from central.receipts import ReceiptIssuer
from central.record_row import Row, record_row
from central.refusal import Refused, check_storable, keep_refusal
from central.rows import withdrawals
from central.rows.workers import WorkerKey, known
from central.store import CentralStore, Transaction, UnitRow
from edge.core.cosigning import open_record
from edge.core.envelope import (
    MAX_ENVELOPE_BYTES,
    RECORD_TYPES,
    SIMULATED_VISIT_TYPE,
    VISIT_TYPE,
    digest,
    parse,
)
from edge.core.errors import CouldNotBeChecked, DoesNotVerify, VerificationError
from edge.core.keys import KeyPurpose
from edge.core.receipt import Receipt, ReceiptItem, Verdict
from edge.core.record import GENESIS_SHA256, VisitRecord
from edge.core.visit import Cosigner, Withdrawal

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
class Answer:
    """A receipt, and the signed envelope to send to its unit."""

    receipt: Receipt
    envelope: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A record that is good by itself: the row to store, who signed beside the unit, and what it takes back."""

    row: Row
    cosigners: tuple[Cosigner, ...]
    withdrawal: Withdrawal | None


class Ingest:
    """Takes arrivals for one store. Holds no state between batches."""

    def __init__(self, *, store: CentralStore, kind: StoreKind, issuer: ReceiptIssuer) -> None:
        self._store, self._kind, self._issuer = store, kind, issuer

    def accept(self, arrivals: Sequence[Arrival], *, at_utc: str) -> list[Answer]:
        """Decide over a batch in one transaction, and give one receipt per unit, once all is committed.

        Raises StoreError; then nothing of the batch was stored and nothing may be receipted.
        """
        with self._store.transaction() as transaction:
            # All units of the batch are locked first and in one order: two processes cannot wait for each other.
            units = {unit_id: transaction.unit(unit_id) for unit_id in sorted({a.unit_id for a in arrivals})}
            examined = [(a, self._examined(units[a.unit_id], a, at_utc)) for a in arrivals]
            taken = [(a, e) for a, e in examined if not isinstance(e, Refused)]
            keys = known(transaction.connection, {c.keyid for _, e in taken for c in e.cosigners})
            held = {
                unit_id: Held(transaction, unit_id, [e.row for a, e in taken if a.unit_id == unit_id])
                for unit_id in units
            }
            items: dict[str, list[ReceiptItem]] = {}
            for arrival, found in examined:
                item = self._decide(transaction, held[arrival.unit_id], arrival, found, keys, at_utc)
                items.setdefault(arrival.unit_id, []).append(item)
            for of_unit in held.values():
                transaction.add_records(of_unit.fresh)
            for arrival, good in taken:
                if good.withdrawal and good.row in held[arrival.unit_id].fresh:
                    withdrawals.take(transaction.connection, good.row, good.withdrawal, at_utc=at_utc)
            return [
                self._answer(transaction, unit_id, units[unit_id], said, at_utc, bool(held[unit_id].fresh))
                for unit_id, said in items.items()
            ]

    def _decide(
        self,
        transaction: Transaction,
        held: Held,
        arrival: Arrival,
        found: Examined | Refused,
        keys: dict[str, WorkerKey],
        at_utc: str,
    ) -> ReceiptItem:
        """What the receipt will say of it."""
        if isinstance(found, Refused):
            return _refused(transaction, arrival, found, at_utc)
        row = found.row
        try:
            _check_cosigners(found, keys)
            if not _holds(held, row):
                _check_chain(held, row)
                held.add(row)
        except Refused as refusal:
            return _refused(transaction, arrival, refusal, at_utc)
        return ReceiptItem(sha256=row["sha256"], verdict=Verdict.STORED, sequence=row["sequence"])

    def _examined(self, unit: UnitRow | None, arrival: Arrival, at_utc: str) -> Examined | Refused:
        """Steps 1 to 6 as far as no database is needed: what is to be stored, or why not."""
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

    def _answer(
        self,
        transaction: Transaction,
        unit_id: str,
        unit: UnitRow | None,
        items: list[ReceiptItem],
        at_utc: str,
        fresh: bool,
    ) -> Answer:
        before = 0 if unit is None else unit.gap_free_sequence
        receipt = Receipt(
            receipt_id=uuid.uuid4().hex,
            central_id=self._issuer.central_id,
            unit_id=unit_id,
            issued_utc=at_utc,
            gap_free_sequence=transaction.advance_gap_free(unit_id, before),
            items=tuple(items),
        )
        envelope = self._issuer.issue(receipt)
        # Of a repeat nothing new is kept: a unit that sends one record for ever must not fill the disk.
        if fresh:
            self._keep_receipt(transaction, receipt, envelope)
        return Answer(receipt=receipt, envelope=envelope)

    def _keep_receipt(self, transaction: Transaction, receipt: Receipt, envelope: bytes) -> None:
        transaction.add_receipt(
            {
                "receipt_id": receipt.receipt_id,
                "unit_id": receipt.unit_id,
                "issued_utc": receipt.issued_utc,
                "gap_free_sequence": receipt.gap_free_sequence,
                "envelope": envelope,
            }
        )


def _refused(transaction: Transaction, arrival: Arrival, refusal: Refused, at_utc: str) -> ReceiptItem:
    # What is quoted of a message may hold what no text column takes (NUL at PostgreSQL).
    detail = "".join(c if c.isprintable() else "?" for c in refusal.detail)
    row = {"unit_id": arrival.unit_id, "sha256": digest(arrival.raw), "detail": detail}
    keep_refusal(transaction, row, refusal.reason, arrival.raw, at_utc=at_utc)
    return ReceiptItem(
        sha256=row["sha256"],
        verdict=Verdict.REFUSED,
        sequence=refusal.sequence,
        reason=refusal.reason,
        detail=detail,
    )


def _check_cosigners(found: Examined, keys: dict[str, WorkerKey]) -> None:
    """The end of step 6: a key that is known as somebody else's, or of another unit, signs for nobody. One that is
    not known at all is taken: it is the unit that vouches for the record, and the worker may be registered later."""
    for cosigner in found.cosigners:
        key = keys.get(cosigner.keyid)
        if key is not None and key.contradicts(cosigner, found.row["unit_id"]):
            detail = f"the key of {cosigner.worker_id!r} is known as that of {key.worker_id!r} on {key.unit_id}"
            raise Refused("bad_cosigner", detail, found.row["sequence"])


def _holds(held: Held, row: Row) -> bool:
    """Step 7 and 8: whether this very envelope is stored. Refused when its place or id belongs to another."""
    for name, other in (("sequence", held.at(row["sequence"])), ("record_id", held.named(row["record_id"]))):
        if other is not None and other["sha256"] == row["sha256"]:
            return True
        if other is not None:
            detail = f"{name} {row[name]!r} belongs to envelope {other['sha256']}"
            raise Refused("conflicting_record", detail, row["sequence"])
    return False


def _check_chain(held: Held, row: Row) -> None:
    """Step 9."""
    sequence = row["sequence"]
    before = held.at(sequence - 1)
    expected = GENESIS_SHA256 if sequence == 1 else before and before["sha256"]
    if expected and row["previous_sha256"] != expected:
        raise Refused("chain_mismatch", f"names {row['previous_sha256']} before it, not {expected}", sequence)
    after = held.at(sequence + 1)
    if after is not None and after["previous_sha256"] != row["sha256"]:
        detail = f"record {sequence + 1} names {after['previous_sha256']} before it"
        raise Refused("chain_mismatch", detail, sequence)
