"""Processes that write to a store, for tests that need real ones; imported by the fork server."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path

from edge.core.errors import StoreError
from edge.device.clock import ManualClock
from edge.services.keep import keep_visit
from edge.store.database import StoreFile
from edge.store.outbox import SqliteOutbox
from edge.store.records import SqliteRecordStore
from tests.samples import UNIT_KEY, sample_draft


def append_records(path: Path, first_number: int, count: int, told: Connection) -> None:
    """Append `count` records; tell sequence and digest of each after append has returned."""
    store = SqliteRecordStore(StoreFile(path, lambda: ""))
    for number in range(first_number, first_number + count):
        stored = keep_visit(sample_draft(number), store=store, signer=UNIT_KEY, clock=ManualClock())
        told.send_bytes(f"{stored.sequence} {stored.sha256}".encode())
    store.close()
    told.close()


def touch_outbox(path: Path, rounds: int, told: Connection) -> None:
    """What a sync daemon does to the file all day: read the outbox, write states."""
    file = StoreFile(path, lambda: "")
    outbox = SqliteOutbox(file)
    for _ in range(rounds):
        try:
            for entry in outbox.entries()[:3]:
                outbox.save(entry)
        except StoreError as e:
            told.send_bytes(str(e).encode())
    file.close()
    told.close()
