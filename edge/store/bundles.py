"""A model bundle on its way: what central offered, the chunks that are here, and what became of it."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from sqlite_utils import Database

from edge.core.bundle_fetch import TRANSITIONS, BundleEntry, BundleEvent, BundleOffer, BundleState
from edge.store.database import StoreFile

_DONE = (BundleState.INSTALLED, BundleState.REFUSED, BundleState.SUPERSEDED)


class SqliteBundles:
    """BundleStore over a StoreFile, which it does not own."""

    def __init__(self, file: StoreFile) -> None:
        self._file = file

    def newest(self) -> BundleEntry | None:
        with self._file.reading() as db:
            row = db.execute(
                "SELECT sequence, offer, state, reason FROM bundles ORDER BY sequence DESC LIMIT 1"
            ).fetchone()
        return _entry(row) if row else None

    def numbers(self, entry: BundleEntry) -> set[int]:
        with self._file.reading() as db:
            rows = db.execute("SELECT number FROM bundle_chunks WHERE sequence = ?", (entry.sequence,)).fetchall()
        return {row[0] for row in rows}

    def keep_chunk(self, entry: BundleEntry, number: int, data: bytes) -> None:
        with self._file.writing() as db:
            db.execute(
                "INSERT OR IGNORE INTO bundle_chunks (sequence, number, data) VALUES (?, ?, ?)",
                (entry.sequence, number, data),
            )

    def whole_sha256(self, entry: BundleEntry) -> str:
        return hashlib.sha256(self.content(entry)).hexdigest()

    def content(self, entry: BundleEntry) -> bytes:
        """The chunks that are here, joined."""
        with self._file.reading() as db:
            query = "SELECT data FROM bundle_chunks WHERE sequence = ? ORDER BY number"
            rows = db.execute(query, (entry.sequence,)).fetchall()
        return b"".join(row[0] for row in rows)

    def save(self, entry: BundleEntry) -> None:
        """Write a new state; what is done with gives up its chunks in the same transaction."""
        with self._file.writing() as db:
            db.execute(
                "UPDATE bundles SET state = ?, reason = ? WHERE sequence = ?",
                (entry.state.value, entry.reason, entry.sequence),
            )
            if entry.state in _DONE:
                db.execute("DELETE FROM bundle_chunks WHERE sequence = ?", (entry.sequence,))


def note_offer(db: Database, sequence: int, offer: BundleOffer) -> None:
    """A new offer, in the transaction that settles its message; what was not installed before it, never will be."""
    for before, event in TRANSITIONS:
        if event is BundleEvent.SUPERSEDE:
            over = "SELECT sequence FROM bundles WHERE state = ?"
            db.execute(f"DELETE FROM bundle_chunks WHERE sequence IN ({over})", (before,))
            db.execute("UPDATE bundles SET state = ? WHERE state = ?", (BundleState.SUPERSEDED, before))
    db.execute(
        "INSERT INTO bundles (sequence, file_sha256, offer, state) VALUES (?, ?, ?, ?)",
        (sequence, offer.file_sha256, msgspec.json.encode(offer), BundleState.FETCHING.value),
    )


def _entry(row: Any) -> BundleEntry:
    offer = msgspec.json.decode(row[1], type=BundleOffer)
    return BundleEntry(sequence=row[0], offer=offer, state=BundleState(row[2]), reason=row[3])
