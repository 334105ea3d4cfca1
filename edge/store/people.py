"""What the unit keeps of people besides records: workers' faces, guardians and witnesses; all under the data key."""

from __future__ import annotations

from edge.ports import AtRest
from edge.store.database import StoreFile


class SqlitePeople:
    """PeopleStore over a StoreFile, which it does not own."""

    def __init__(self, file: StoreFile, at_rest: AtRest) -> None:
        self._file, self._at_rest = file, at_rest

    def keep_face(self, worker_id: str, content: bytes) -> None:
        self._keep("worker_faces", "worker_id", worker_id, content)

    def face(self, worker_id: str) -> bytes | None:
        return self._open("worker_faces", "worker_id", worker_id)

    def keep_people(self, record_id: str, content: bytes) -> None:
        self._keep("visit_people", "record_id", record_id, content)

    def people(self, record_id: str) -> bytes | None:
        return self._open("visit_people", "record_id", record_id)

    def drop_people(self, record_id: str) -> None:
        with self._file.writing() as db:
            db.execute("DELETE FROM visit_people WHERE record_id = ?", (record_id,))

    def _keep(self, table: str, column: str, key: str, content: bytes) -> None:
        sealed = self._at_rest.seal(content, context=_context(table, key))
        with self._file.writing() as db:
            db.execute(f"INSERT OR REPLACE INTO {table} ({column}, sealed) VALUES (?, ?)", (key, sealed))

    def _open(self, table: str, column: str, key: str) -> bytes | None:
        with self._file.reading() as db:
            row = db.execute(f"SELECT sealed FROM {table} WHERE {column} = ?", (key,)).fetchone()
        return self._at_rest.open(bytes(row[0]), context=_context(table, key)) if row else None


def _context(table: str, key: str) -> bytes:
    return f"{table}\n{key}".encode()
