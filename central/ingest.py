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
Steps 1 to 6 are made without a lock (central/examination.py), the others with the units locked, so that processes
wait for one another's statements only. A batch is committed before its receipts are sent; no content of a message
raises.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from central.config import StoreKind
from central.examination import Arrival, Examined, Examiner, Units
from central.held import Held, held_around
from central.receipts import ReceiptIssuer
from central.record_row import Row
from central.refusal import Refused, keep_refusal
from central.rows import withdrawals
from central.rows.workers import WorkerKey, known
from central.store import CentralStore, Transaction, UnitRow
from edge.core.envelope import digest
from edge.core.keys import PublicKeyDocument
from edge.core.receipt import Receipt, ReceiptItem, Verdict
from edge.core.record import GENESIS_SHA256


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A receipt, and the signed envelope to send to its unit."""

    receipt: Receipt
    envelope: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Arrivals after step 6. found: of each in their order; units: as they were when it was examined."""

    arrivals: Sequence[Arrival]
    found: Sequence[Examined | Refused]
    units: Units
    at_utc: str


class Ingest:
    """Takes arrivals for one store. Holds no state between batches; two threads may use it at once."""

    def __init__(self, *, store: CentralStore, kind: StoreKind, issuer: ReceiptIssuer) -> None:
        self._store, self._issuer = store, issuer
        self._examiner = Examiner(kind)

    def accept(self, arrivals: Sequence[Arrival], *, at_utc: str) -> list[Answer]:
        """Decide over a batch, and give one receipt per unit, once all is committed.

        Raises StoreError; then nothing of the batch was stored and nothing may be receipted.
        """
        return self.settle(self.examine(arrivals, at_utc=at_utc))

    def examine(self, arrivals: Sequence[Arrival], *, at_utc: str) -> Batch:
        """Steps 1 to 6. Nothing is stored yet, and nothing locked. Raises StoreError."""
        with self._store.reading() as transaction:
            units = transaction.units_named({a.unit_id for a in arrivals})
        found = self._examiner.examine_all(arrivals, units, at_utc)
        return Batch(arrivals=arrivals, found=found, units=units, at_utc=at_utc)

    def settle(self, batch: Batch) -> list[Answer]:
        """Steps 7 to 9 over what `examine` gave, in one transaction. Raises StoreError, as `accept` does."""
        with self._store.transaction() as transaction:
            units = transaction.units_named(batch.units, lock=True)
            return _Settling(transaction, self._issuer, units, batch.at_utc).run(self._still_true(batch, units))

    def _still_true(self, batch: Batch, units: Units) -> list[tuple[Arrival, Examined | Refused]]:
        """What was found; examined again for a unit that was registered or revoked meanwhile."""
        changed = {unit_id for unit_id, unit in units.items() if _standing(unit) != _standing(batch.units[unit_id])}
        return [
            (a, self._examiner.examine(a, units[a.unit_id], batch.at_utc) if a.unit_id in changed else found)
            for a, found in zip(batch.arrivals, batch.found, strict=True)
        ]


class _Settling:
    """One batch in its transaction, whose units are locked."""

    def __init__(self, transaction: Transaction, issuer: ReceiptIssuer, units: Units, at_utc: str) -> None:
        self._transaction, self._issuer, self._units, self._at_utc = transaction, issuer, units, at_utc

    def run(self, examined: Sequence[tuple[Arrival, Examined | Refused]]) -> list[Answer]:
        transaction = self._transaction
        good = [e for _, e in examined if not isinstance(e, Refused)]
        keys = known(transaction.connection, {c.keyid for e in good for c in e.cosigners})
        held = held_around(transaction, self._units, [e.row for e in good])
        items: dict[str, list[ReceiptItem]] = {}
        for arrival, found in examined:
            items.setdefault(arrival.unit_id, []).append(self._decide(held[arrival.unit_id], arrival, found, keys))
        transaction.add_records([row for of_unit in held.values() for row in of_unit.fresh])
        for e in good:
            if e.withdrawal and e.row in held[e.row["unit_id"]].fresh:
                withdrawals.take(transaction.connection, e.row, e.withdrawal, at_utc=self._at_utc)
        return self._answers(held, items)

    def _decide(
        self, held: Held, arrival: Arrival, found: Examined | Refused, keys: dict[str, WorkerKey]
    ) -> ReceiptItem:
        """What the receipt will say of it."""
        if isinstance(found, Refused):
            return self._refused(arrival, found)
        row = found.row
        try:
            _check_cosigners(found, keys)
            if not _holds(held, row):
                _check_chain(held, row)
                held.add(row)
        except Refused as refusal:
            return self._refused(arrival, refusal)
        return ReceiptItem(sha256=row["sha256"], verdict=Verdict.STORED, sequence=row["sequence"])

    def _refused(self, arrival: Arrival, refusal: Refused) -> ReceiptItem:
        # What is quoted of a message may hold what no text column takes (NUL at PostgreSQL).
        detail = "".join(c if c.isprintable() else "?" for c in refusal.detail)
        row = {"unit_id": arrival.unit_id, "sha256": digest(arrival.raw), "detail": detail}
        keep_refusal(self._transaction, row, refusal.reason, arrival.raw, at_utc=self._at_utc)
        return ReceiptItem(
            sha256=row["sha256"],
            verdict=Verdict.REFUSED,
            sequence=refusal.sequence,
            reason=refusal.reason,
            detail=detail,
        )

    def _answers(self, held: Mapping[str, Held], items: dict[str, list[ReceiptItem]]) -> list[Answer]:
        before = {unit_id: unit.gap_free_sequence if unit else 0 for unit_id, unit in self._units.items()}
        reached = {unit_id: of_unit.gap_free(before[unit_id]) for unit_id, of_unit in held.items()}
        self._transaction.advance({u: sequence for u, sequence in reached.items() if sequence != before[u]})
        answers = [self._answer(unit_id, reached[unit_id], said) for unit_id, said in items.items()]
        # Of a repeat nothing new is kept: a unit that sends one record for ever must not fill the disk.
        self._transaction.add_receipts([_receipt_row(a) for a in answers if held[a.receipt.unit_id].fresh])
        return answers

    def _answer(self, unit_id: str, gap_free: int, items: list[ReceiptItem]) -> Answer:
        receipt = Receipt(
            receipt_id=uuid.uuid4().hex,
            central_id=self._issuer.central_id,
            unit_id=unit_id,
            issued_utc=self._at_utc,
            gap_free_sequence=gap_free,
            items=tuple(items),
        )
        return Answer(receipt=receipt, envelope=self._issuer.issue(receipt))


def _standing(unit: UnitRow | None) -> tuple[PublicKeyDocument, str | None] | None:
    """What of a unit's row the first six steps look at."""
    return (unit.key, unit.revoked_utc) if unit else None


def _receipt_row(answer: Answer) -> Row:
    receipt = answer.receipt
    return {
        "receipt_id": receipt.receipt_id,
        "unit_id": receipt.unit_id,
        "issued_utc": receipt.issued_utc,
        "gap_free_sequence": receipt.gap_free_sequence,
        "envelope": answer.envelope,
    }


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
