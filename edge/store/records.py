"""Records over SQLite: appended in one transaction with the chain's head and the outbox row, never changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from sqlite_utils import Database

from edge.core.chain import ChainHead, StoredRecord
from edge.core.delivery import DeliveryState
from edge.core.envelope import digest, parse
from edge.core.errors import StoreError, VerificationError
from edge.core.record import VisitRecord, decode_record
from edge.store.database import StoreFile

_COLUMNS = "sequence, record_id, payload_type, sha256, envelope, stored_utc"
_PAGE = 64


class SqliteRecordStore:
    """RecordStore over a StoreFile, which it does not own; reading also works on one opened read-only."""

    def __init__(self, file: StoreFile) -> None:
        self._file = file

    def append(self, make: Callable[[ChainHead], bytes]) -> StoredRecord:
        """See RecordStore. `make` may read this store; it may not append. Its own errors pass unchanged."""
        with self._file.writing() as db:
            head, unit_id = _chain(db)
            envelope = make(head)
            stored = _as_stored(envelope, head, unit_id, self._file.now_utc())
            db.execute(
                f"INSERT INTO records ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    stored.sequence,
                    stored.record_id,
                    stored.payload_type,
                    stored.sha256,
                    envelope,
                    stored.stored_utc,
                ),
            )
            db.execute("UPDATE chain SET sequence = ?, sha256 = ?", (stored.sequence, stored.sha256))
            db.execute(
                "INSERT INTO outbox (sequence, sha256, state) VALUES (?, ?, ?)",
                (stored.sequence, stored.sha256, DeliveryState.PENDING.value),
            )
        return stored

    def head(self) -> ChainHead:
        with self._file.reading() as db:
            return _chain(db)[0]

    def unit_id(self) -> str:
        """The unit whose records these are, as the store was founded."""
        with self._file.reading() as db:
            return _chain(db)[1]

    def records(self, first_sequence: int = 1) -> Iterator[StoredRecord]:
        """See RecordStore. Read page by page, so that a slow reader holds up no writer."""
        while True:
            with self._file.reading() as db:
                rows = db.execute(
                    f"SELECT {_COLUMNS} FROM records WHERE sequence >= ? ORDER BY sequence LIMIT ?",
                    (first_sequence, _PAGE),
                ).fetchall()
            yield from map(_from_row, rows)
            if len(rows) < _PAGE:
                return
            first_sequence = rows[-1][0] + 1

    def find(self, record_id: str) -> StoredRecord | None:
        with self._file.reading() as db:
            row = db.execute(f"SELECT {_COLUMNS} FROM records WHERE record_id = ?", (record_id,)).fetchone()
        return _from_row(row) if row else None

    def receipts(self) -> Iterator[bytes]:
        after = 0
        while True:
            with self._file.reading() as db:
                rows = db.execute(
                    "SELECT number, envelope FROM receipts WHERE number > ? ORDER BY number LIMIT ?", (after, _PAGE)
                ).fetchall()
            yield from (bytes(row[1]) for row in rows)
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    def snapshot(self) -> AbstractContextManager[object]:
        """While the block lasts, head, records and receipts read by this thread are of one moment."""
        return self._file.reading()

    def close(self) -> None:
        self._file.close()


def _chain(db: Database) -> tuple[ChainHead, str]:
    row = db.execute("SELECT sequence, sha256, unit_id FROM chain").fetchone()
    if row is None:
        raise StoreError("the store has lost its chain head", remedy="Run `doorstep verify` and tell a technician.")
    return ChainHead(sequence=row[0], sha256=row[1]), row[2]


def _as_stored(envelope: bytes, head: ChainHead, unit_id: str, stored_utc: str) -> StoredRecord:
    """What is stored must be what the chain asks for: a fault of the caller must not become a fork."""
    try:
        parsed = parse(envelope)
        record: VisitRecord = decode_record(parsed.payload, parsed.payload_type)
    except VerificationError as e:
        raise StoreError(f"not stored: {e.message}", remedy="This is a fault of the software; report it.") from e
    place = (record.unit_id, record.sequence, record.previous_sha256)
    expected = (unit_id, head.sequence + 1, head.sha256)
    if place != expected:
        raise StoreError(
            f"not stored: the record is made for {place[0]} {place[1]} upon {place[2][:12]}…, "
            f"the store expects {expected[0]} {expected[1]} upon {expected[2][:12]}…",
            remedy="Check that key, unit.toml and store are of one unit; never copy them between units.",
        )
    return StoredRecord(
        sequence=record.sequence,
        record_id=record.record_id,
        payload_type=parsed.payload_type,
        sha256=digest(envelope),
        envelope=envelope,
        stored_utc=stored_utc,
    )


def _from_row(row: Any) -> StoredRecord:
    return StoredRecord(
        sequence=row[0],
        record_id=row[1],
        payload_type=row[2],
        sha256=row[3],
        # A file altered by hand may hold text here; verification is to see it, not to stumble over it.
        envelope=row[4] if isinstance(row[4], bytes) else str(row[4]).encode(),
        stored_utc=row[5],
    )
