"""Processes that write to a store, for tests that need real ones; imported by the fork server."""

from __future__ import annotations

import threading
from multiprocessing.connection import Connection
from pathlib import Path

from securesystemslib.signer import Signer

from edge.core.errors import StoreError
from edge.core.keys import KeyPurpose, PublicKeyDocument
from edge.device.clock import ManualClock
from edge.services.keep import keep_visit
from edge.services.workers import WorkerKeys
from edge.signing.at_rest import AtRestKey
from edge.signing.worker_keys import PinBox
from edge.store.database import StoreFile
from edge.store.outbox import SqliteOutbox
from edge.store.records import SqliteRecordStore
from edge.store.workers import SqliteWorkers
from tests.samples import UNIT, UNIT_KEY, sample_draft

WORKER, PIN = "w-1", "280617"


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


class HaltingBox(PinBox):
    """Tells that a PIN is about to be looked at, and waits to be killed."""

    def __init__(self, key: AtRestKey, told: Connection) -> None:
        super().__init__(key)
        self.told = told

    def open(self, sealed: bytes, public: PublicKeyDocument, pin: str) -> Signer | None:
        self.told.send_bytes(b"looking")
        threading.Event().wait()
        return super().open(sealed, public, pin)


def sign_in_with(path: Path, pin: str, told: Connection) -> None:
    """Try to sign in, and stay where the PIN is looked at."""
    file, key, clock = StoreFile(path, lambda: ""), AtRestKey(b"k" * 32), ManualClock()
    keys = WorkerKeys(
        unit_id=UNIT, purpose=KeyPurpose.DEMONSTRATION, store=SqliteWorkers(file), box=HaltingBox(key, told),
        at_rest=key, clock=clock, vouch=lambda _key, _signer: b"", new_challenge=lambda: "ABCD EFGH",
    )  # fmt: skip
    keys.open(WORKER, pin)
