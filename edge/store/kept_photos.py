"""Photographs of visits that the person let this unit keep: under the data key, for a time, each opening noted.

Nothing here judges by them. They are for the person's own case, when an outcome is contested (申诉).
"""

from __future__ import annotations

from collections.abc import Collection

from edge.ports import AtRest
from edge.store.database import StoreFile


class SqliteKeptPhotos:
    """KeptPhotos over a StoreFile, which it does not own."""

    def __init__(self, file: StoreFile, at_rest: AtRest) -> None:
        self._file, self._at_rest = file, at_rest

    def keep(self, record_id: str, person_id: str, content: bytes, *, now_utc_s: float) -> None:
        sealed = self._at_rest.seal(content, context=_context(record_id))
        with self._file.writing() as db:
            db.execute(
                "INSERT OR IGNORE INTO kept_photos (record_id, person_id, sealed, kept_utc_s) VALUES (?, ?, ?, ?)",
                (record_id, person_id, sealed, now_utc_s),
            )

    def of_person(self, person_id: str) -> tuple[str, ...]:
        with self._file.reading() as db:
            rows = db.execute(
                "SELECT record_id FROM kept_photos WHERE person_id = ? ORDER BY kept_utc_s", (person_id,)
            )
            return tuple(row[0] for row in rows.fetchall())

    def open(self, record_id: str, *, worker_id: str, why: str, now_utc: str) -> bytes | None:
        with self._file.writing() as db:
            row = db.execute("SELECT sealed FROM kept_photos WHERE record_id = ?", (record_id,)).fetchone()
            if row is None:
                return None
            db.execute(
                "INSERT INTO kept_photo_openings (record_id, worker_id, why, opened_utc) VALUES (?, ?, ?, ?)",
                (record_id, worker_id, why, now_utc),
            )
        return self._at_rest.open(bytes(row[0]), context=_context(record_id))

    def drop(self, record_ids: Collection[str]) -> None:
        with self._file.writing() as db:
            for record_id in record_ids:
                db.execute("DELETE FROM kept_photos WHERE record_id = ?", (record_id,))


def count_kept(file: StoreFile) -> int:
    """How many photographs are kept; needs no key."""
    with file.reading() as db:
        return int(db.execute("SELECT count(*) FROM kept_photos").fetchone()[0])


def purge_kept(file: StoreFile, *, before_utc_s: float) -> int:
    """Delete what was kept before then; gives how many. Needs no key."""
    with file.writing() as db:
        return db.execute("DELETE FROM kept_photos WHERE kept_utc_s <= ?", (before_utc_s,)).rowcount


def _context(record_id: str) -> bytes:
    return f"kept_photos\n{record_id}".encode()
