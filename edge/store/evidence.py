"""Evidence on the unit: sealed bytes and their manifests, deleted when purged; what is left says that they were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge.core.errors import StoreError
from edge.core.evidence import CHUNK_BYTES
from edge.core.evidence_delivery import UNDER_WAY, EvidenceEntry, EvidenceState
from edge.store.database import StoreFile

_COLUMNS = "evidence_id, state, chunks, attempts, next_try_utc_s, reason, settled_utc_s"
_OPEN = tuple(state.value for state in UNDER_WAY)
_IS_OPEN = f"state IN ({', '.join('?' for _ in _OPEN)})"
_TURN = "state = 'waiting', next_try_utc_s > 0, rowid"
_SETTLED = (EvidenceState.RECEIPTED.value, EvidenceState.REFUSED.value)


class SqliteEvidence:
    """EvidenceStore over a StoreFile, which it does not own."""

    def __init__(self, file: StoreFile) -> None:
        self._file = file

    def keep(self, evidence_id: str, manifest: bytes, sealed: bytes, *, chunks: int, person_id: str) -> None:
        with self._file.writing() as db:
            db.execute(
                "INSERT INTO evidence (evidence_id, person_id, manifest, sealed, state, chunks)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (evidence_id, person_id, manifest, sealed, EvidenceState.WAITING.value, chunks),
            )

    def under_way(self) -> list[EvidenceEntry]:
        """What is not settled, the oldest first; those being sent before those that wait."""
        return self._entries(f"{_IS_OPEN} ORDER BY {_TURN}", _OPEN)

    def next_up(self, limit: int) -> list[EvidenceEntry]:
        return self._entries(f"{_IS_OPEN} ORDER BY {_TURN} LIMIT {int(limit)}", _OPEN)

    def depth(self) -> dict[EvidenceState, int]:
        """How many pieces stand in each state; every state is named."""
        with self._file.reading() as db:
            counts = dict(db.execute("SELECT state, count(*) FROM evidence GROUP BY state").fetchall())
        return {state: counts.get(state.value, 0) for state in EvidenceState}

    def open_count(self) -> int:
        with self._file.reading() as db:
            found = db.execute(f"SELECT count(*) FROM evidence WHERE {_IS_OPEN}", _OPEN).fetchone()
        return int(found[0])

    def settled(self) -> list[EvidenceEntry]:
        return self._entries("state IN (?, ?) ORDER BY rowid", _SETTLED)

    def find(self, evidence_id: str) -> EvidenceEntry | None:
        return next(iter(self._entries("evidence_id = ?", (evidence_id,))), None)

    def manifest(self, evidence_id: str) -> bytes:
        return self._bytes("manifest", evidence_id)

    def chunk(self, evidence_id: str, number: int) -> bytes:
        return self._bytes(f"substr(sealed, {int(number) * CHUNK_BYTES + 1}, {CHUNK_BYTES})", evidence_id)

    def save(self, entry: EvidenceEntry) -> None:
        """Write a new state; a purged piece loses its content in the same transaction."""
        with self._file.writing() as db:
            db.execute(
                # What a withdrawal or central's order has purged meanwhile stays purged, whoever was sending it.
                "UPDATE evidence SET state = ?, attempts = ?, next_try_utc_s = ?, reason = ?, settled_utc_s = ?"
                " WHERE evidence_id = ? AND state <> 'purged'",
                (
                    entry.state.value,
                    entry.attempts,
                    entry.next_try_utc_s,
                    entry.reason,
                    entry.settled_utc_s,
                    entry.evidence_id,
                ),
            )
            if entry.state is EvidenceState.PURGED:
                db.execute("UPDATE evidence SET sealed = x'' WHERE evidence_id = ?", (entry.evidence_id,))

    def of_person(self, person_id: str) -> list[EvidenceEntry]:
        return self._entries("person_id = ? AND state <> 'purged' ORDER BY rowid", (person_id,))

    def drop(self, evidence_ids: Sequence[str], reason: str) -> None:
        """Delete the content of these pieces, whatever their state, in one transaction; the rows stay and say why."""
        with self._file.writing() as db:
            for evidence_id in evidence_ids:
                db.execute(
                    "UPDATE evidence SET sealed = x'', state = 'purged', reason = ? WHERE evidence_id = ?",
                    (reason, evidence_id),
                )

    def _entries(self, condition: str, values: tuple[Any, ...]) -> list[EvidenceEntry]:
        with self._file.reading() as db:
            rows = db.execute(f"SELECT {_COLUMNS} FROM evidence WHERE {condition}", values).fetchall()
        return [
            EvidenceEntry(
                evidence_id=row[0],
                state=EvidenceState(row[1]),
                chunks=row[2],
                attempts=row[3],
                next_try_utc_s=row[4],
                reason=row[5],
                settled_utc_s=row[6],
            )
            for row in rows
        ]

    def _bytes(self, expression: str, evidence_id: str) -> bytes:
        with self._file.reading() as db:
            query = f"SELECT {expression} FROM evidence WHERE evidence_id = ?"
            row = db.execute(query, (evidence_id,)).fetchone()
        if row is None:
            raise StoreError(f"there is no evidence {evidence_id}")
        return bytes(row[0] or b"")
