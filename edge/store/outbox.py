"""The delivery side of the record store: what is still to be sent, and the receipts that ended it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlite_utils import Database

from edge.core.delivery import DeliveryState, OutboxEntry
from edge.core.envelope import digest
from edge.core.errors import StoreError
from edge.core.receipt import Receipt
from edge.store.database import StoreFile

_COLUMNS = "sequence, sha256, state, attempts, next_try_utc_s, reason"
_RECEIPTED = DeliveryState.RECEIPTED.value


class SqliteOutbox:
    """Outbox over a StoreFile, which it does not own."""

    def __init__(self, file: StoreFile) -> None:
        self._file = file

    def entries(self) -> list[OutboxEntry]:
        """See Outbox: pending, sent and quarantined ones, in order of sequence."""
        with self._file.reading() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM outbox WHERE state <> ? ORDER BY sequence", (_RECEIPTED,)
            ).fetchall()
        return [_entry(*row) for row in rows]

    def entry(self, sequence: int) -> OutboxEntry | None:
        """The delivery of one record, whatever its state."""
        with self._file.reading() as db:
            row = db.execute(f"SELECT {_COLUMNS} FROM outbox WHERE sequence = ?", (sequence,)).fetchone()
        return _entry(*row) if row else None

    def depth(self) -> dict[DeliveryState, int]:
        """How many records stand in each state; every state is named."""
        with self._file.reading() as db:
            rows = db.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall()
        counts = {DeliveryState(state): count for state, count in rows}
        return {state: counts.get(state, 0) for state in DeliveryState}

    def envelope(self, sequence: int) -> bytes:
        with self._file.reading() as db:
            row = db.execute("SELECT envelope FROM records WHERE sequence = ?", (sequence,)).fetchone()
        if row is None:
            raise StoreError(f"there is no record {sequence}", remedy="Run `doorstep verify` on this unit.")
        return bytes(row[0])

    def find(self, sha256: str) -> OutboxEntry | None:
        with self._file.reading() as db:
            row = db.execute(f"SELECT {_COLUMNS} FROM outbox WHERE sha256 = ?", (sha256,)).fetchone()
        return _entry(*row) if row else None

    def receipted(self, first_sequence: int, last_sequence: int) -> list[OutboxEntry]:
        with self._file.reading() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM outbox WHERE state = ? AND sequence BETWEEN ? AND ? ORDER BY sequence",
                (_RECEIPTED, first_sequence, last_sequence),
            ).fetchall()
        return [_entry(*row) for row in rows]

    def save(self, entry: OutboxEntry) -> None:
        self.save_all([entry])

    def save_all(self, entries: Sequence[OutboxEntry]) -> None:
        """See Outbox. What a receipt has settled, only a receipt changes; raises StoreError otherwise."""
        with self._file.writing() as db:
            for entry in entries:
                settled = db.execute(
                    "SELECT 1 FROM outbox WHERE sequence = ? AND state = ?", (entry.sequence, _RECEIPTED)
                ).fetchone()
                if settled and entry.state is not DeliveryState.RECEIPTED:
                    raise StoreError(
                        f"record {entry.sequence} is receipted already",
                        remedy="Nothing is lost. Another process has settled it; read the outbox again.",
                    )
                _save(db, entry)

    def save_receipt(self, raw: bytes, receipt: Receipt, entries: Sequence[OutboxEntry]) -> None:
        """See Outbox. The same receipt again changes nothing but the entries given with it."""
        with self._file.writing() as db:
            db.execute(
                "INSERT INTO receipts (sha256, receipt_id, envelope, kept_utc) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (sha256) DO NOTHING",
                (digest(raw), receipt.receipt_id, raw, self._file.now_utc()),
            )
            for entry in entries:
                _save(db, entry)


def _save(db: Database, entry: OutboxEntry) -> None:
    found = db.execute(
        "UPDATE outbox SET state = ?, attempts = ?, next_try_utc_s = ?, reason = ? WHERE sequence = ? AND sha256 = ?",
        (
            entry.state.value,
            entry.attempts,
            entry.next_try_utc_s,
            entry.reason,
            entry.sequence,
            entry.sha256,
        ),
    ).rowcount
    if not found:
        raise StoreError(
            f"no delivery of record {entry.sequence} with digest {entry.sha256[:12]}…",
            remedy="Run `doorstep verify` on this unit: outbox and records disagree.",
        )


def _entry(
    sequence: int, sha256: str, state: str, attempts: int, next_try_utc_s: float, reason: str
) -> OutboxEntry:
    try:
        known = DeliveryState(state)
    except ValueError as e:
        raise StoreError(f"record {sequence} is in an unknown delivery state {state!r}") from e
    return OutboxEntry(
        sequence=sequence,
        sha256=sha256,
        state=known,
        attempts=attempts,
        next_try_utc_s=next_try_utc_s,
        reason=reason,
    )
