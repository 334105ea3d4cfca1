"""Visits on their way, sealed under the unit's data key: one open visit per worker, each step one transaction."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlite_utils import Database

from edge.core.errors import StoreError
from edge.core.session import VisitSession
from edge.ports import AtRest
from edge.store.database import StoreFile

_MOVED_ON = "Load the page again: it shows the step at which the visit stands."


class SqliteSessions:
    """SessionStore over a StoreFile, which it does not own."""

    def __init__(self, file: StoreFile, at_rest: AtRest) -> None:
        self._file, self._at_rest = file, at_rest

    def open_of(self, worker_id: str) -> VisitSession | None:
        with self._file.reading() as db:
            row = db.execute(
                "SELECT visit_id, sealed FROM visit_sessions WHERE worker_id = ?", (worker_id,)
            ).fetchone()
        if row is None:
            return None
        plain = self._at_rest.open(bytes(row[1]), context=_session_context(row[0]))
        return msgspec.json.decode(plain, type=VisitSession)

    def begin(self, session: VisitSession) -> None:
        """Raises StoreError when the worker has an open visit already."""
        with self._file.writing() as db:
            db.execute(
                "INSERT INTO visit_sessions (visit_id, worker_id, revision, sealed) VALUES (?, ?, ?, ?)",
                (session.visit_id, session.worker_id, session.revision, self._sealed(session)),
            )

    def save(self, session: VisitSession, photos: Mapping[str, bytes]) -> None:
        with self._file.writing() as db:
            done = db.execute(
                "UPDATE visit_sessions SET revision = ?, sealed = ? WHERE visit_id = ? AND revision = ?",
                (session.revision, self._sealed(session), session.visit_id, session.revision - 1),
            )
            if done.rowcount != 1:
                raise StoreError("the visit has moved on meanwhile", remedy=_MOVED_ON)
            for photo_id, content in photos.items():
                sealed = self._at_rest.seal(content, context=_photo_context(photo_id))
                db.execute(
                    "INSERT INTO visit_photos (photo_id, visit_id, sealed) VALUES (?, ?, ?)",
                    (photo_id, session.visit_id, sealed),
                )
            _drop_orphans(db, session)

    def photo(self, photo_id: str) -> bytes | None:
        with self._file.reading() as db:
            row = db.execute("SELECT sealed FROM visit_photos WHERE photo_id = ?", (photo_id,)).fetchone()
        return self._at_rest.open(bytes(row[0]), context=_photo_context(photo_id)) if row else None

    def close(self, visit_id: str) -> None:
        with self._file.writing() as db:
            db.execute("DELETE FROM visit_photos WHERE visit_id = ?", (visit_id,))
            db.execute("DELETE FROM visit_sessions WHERE visit_id = ?", (visit_id,))

    def _sealed(self, session: VisitSession) -> bytes:
        return self._at_rest.seal(msgspec.json.encode(session), context=_session_context(session.visit_id))


def visits_under_way(file: StoreFile) -> int:
    """How many visits are begun and not over; no key is needed to count them."""
    with file.reading() as db:
        return int(db.execute("SELECT count(*) FROM visit_sessions").fetchone()[0])


def _drop_orphans(db: Database, session: VisitSession) -> None:
    """A photograph that the session let go of is not kept a moment longer."""
    kept = session.photo_ids
    marks = ", ".join("?" for _ in kept)
    db.execute(
        f"DELETE FROM visit_photos WHERE visit_id = ? AND photo_id NOT IN ({marks})", (session.visit_id, *kept)
    )


def _session_context(visit_id: str) -> bytes:
    return f"visit_sessions/{visit_id}".encode()


def _photo_context(photo_id: str) -> bytes:
    return f"visit_photos/{photo_id}".encode()
