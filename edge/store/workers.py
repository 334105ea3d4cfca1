"""Field workers in the record store: their sealed keys, their counters of wrong PINs, and what became of locks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from sqlite_utils import Database

from edge.core.keys import decode_public_key
from edge.core.workers import PinCounter
from edge.ports.workers import StoredWorker
from edge.store.database import StoreFile

_KEY_COLUMNS = "worker_id, public, sealed, sealed_name, made_utc, retired_utc, enrolment"
_COUNTER_COLUMNS = "failed, challenge, served_s, boot_id, monotonic_s, locked_utc"


class SqliteWorkers:
    """WorkerStore over a StoreFile, which it does not own; reading also works on one opened read-only."""

    def __init__(self, file: StoreFile) -> None:
        self._file = file

    def stored(self) -> list[StoredWorker]:
        with self._file.reading() as db:
            rows = db.execute(f"SELECT {_KEY_COLUMNS} FROM workers ORDER BY rowid").fetchall()
        return [_worker(row) for row in rows]

    def put(self, worker: StoredWorker) -> None:
        public = msgspec.json.encode(worker.public, order="deterministic")
        with self._file.writing() as db:
            db.execute(
                "UPDATE workers SET retired_utc = ? WHERE worker_id = ? AND retired_utc = '' AND keyid <> ?",
                (self._file.now_utc(), worker.worker_id, worker.public.keyid),
            )
            db.execute(
                f"INSERT INTO workers (keyid, {_KEY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (keyid) DO UPDATE SET sealed = excluded.sealed",
                (
                    worker.public.keyid, worker.worker_id, public, worker.sealed, worker.sealed_name,
                    worker.made_utc, worker.retired_utc, worker.enrolment,
                ),
            )  # fmt: skip

    def retire(self, worker_id: str) -> None:
        with self._file.writing() as db:
            db.execute(
                "UPDATE workers SET retired_utc = ? WHERE worker_id = ? AND retired_utc = ''",
                (self._file.now_utc(), worker_id),
            )

    def counter(self, worker_id: str) -> PinCounter:
        with self._file.reading() as db:
            return _counter(db, worker_id)

    def step(
        self, worker_id: str, change: Callable[[PinCounter], PinCounter], *, event: str = ""
    ) -> tuple[PinCounter, PinCounter]:
        with self._file.writing() as db:
            before = _counter(db, worker_id)
            after = change(before)
            if after != before:
                _write(db, worker_id, after)
            if event and after != before:
                note_pin_event(db, worker_id, event, self._file.now_utc())
        return before, after


def clear_counter(db: Database, worker_id: str, event: str, at_utc: str) -> None:
    """End a worker's lock inside the caller's write transaction."""
    _write(db, worker_id, PinCounter())
    note_pin_event(db, worker_id, event, at_utc)


def note_pin_event(db: Database, worker_id: str, event: str, at_utc: str) -> None:
    db.execute("INSERT INTO pin_events (worker_id, event, noted_utc) VALUES (?, ?, ?)", (worker_id, event, at_utc))


def _write(db: Database, worker_id: str, counter: PinCounter) -> None:
    db.execute(
        f"INSERT OR REPLACE INTO pin_counters (worker_id, {_COUNTER_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            worker_id, counter.failed, counter.challenge, counter.served_s, counter.boot_id, counter.monotonic_s,
            counter.locked_utc,
        ),
    )  # fmt: skip


def _counter(db: Database, worker_id: str) -> PinCounter:
    row = db.execute(f"SELECT {_COUNTER_COLUMNS} FROM pin_counters WHERE worker_id = ?", (worker_id,)).fetchone()
    if row is None:
        return PinCounter()
    return PinCounter(
        failed=row[0], challenge=row[1], served_s=row[2], boot_id=row[3], monotonic_s=row[4], locked_utc=row[5]
    )


def _worker(row: Any) -> StoredWorker:
    return StoredWorker(
        worker_id=row[0],
        public=decode_public_key(bytes(row[1])),
        sealed=bytes(row[2]),
        sealed_name=bytes(row[3]),
        made_utc=row[4],
        retired_utc=row[5],
        enrolment=bytes(row[6]),
    )
