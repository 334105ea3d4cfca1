"""Appending and reading: one transaction, exact bytes, and no way back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.core.chain import ChainHead, StoredRecord
from edge.core.delivery import DeliveryState
from edge.core.errors import InputError, StoreError
from edge.core.verdict import Verdict
from edge.device.clock import ManualClock
from edge.services.audit import audit_store
from edge.services.keep import keep_visit
from edge.store.database import StoreFile, create_store
from edge.store.outbox import SqliteOutbox
from edge.store.records import SqliteRecordStore
from tests.samples import KEYS, UNIT, UNIT_KEY, MemoryStore, sample_chain, sample_draft, sample_key

Keep = Callable[[int], StoredRecord]


def counts(path: Path) -> tuple[int, int, int]:
    with sqlite3.connect(path) as db:
        rows = [db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("records", "outbox")]
        head = db.execute("SELECT sequence FROM chain").fetchone()[0]
    db.close()
    return (*rows, head)


@pytest.mark.parametrize("kind", ["sqlite", "memory"])
def test_store_keeps_the_bytes_it_was_given(kind: str, store: SqliteRecordStore) -> None:
    chosen = store if kind == "sqlite" else MemoryStore()
    kept = [
        keep_visit(sample_draft(n), store=chosen, signer=UNIT_KEY, clock=ManualClock()) for n in range(1, 4)
    ]
    read = list(chosen.records())
    assert [r.envelope for r in read] == [k.envelope for k in kept]
    assert [r.sequence for r in read] == [1, 2, 3]
    assert [r.sequence for r in chosen.records(3)] == [3]
    assert chosen.head() == ChainHead(sequence=3, sha256=kept[-1].sha256)
    assert audit_store(chosen, KEYS).verdict is Verdict.VERIFIES


def test_envelope_is_a_blob_to_the_byte(keep: Keep, path: Path) -> None:
    kept = keep(1)
    with sqlite3.connect(path) as db:
        kind, raw = db.execute("SELECT typeof(envelope), envelope FROM records").fetchone()
    assert (kind, raw) == ("blob", kept.envelope)


def test_record_head_and_outbox_row_come_together(keep: Keep, path: Path, outbox: SqliteOutbox) -> None:
    kept = keep(1)
    assert counts(path) == (1, 1, 1)
    (entry,) = outbox.entries()
    assert (entry.sequence, entry.sha256, entry.state) == (1, kept.sha256, DeliveryState.PENDING)


@pytest.mark.parametrize("table", ["outbox", "chain"])
def test_failure_halfway_leaves_nothing_behind(table: str, keep: Keep, path: Path) -> None:
    keep(1)
    event = "INSERT" if table == "outbox" else "UPDATE"
    with sqlite3.connect(path) as db:
        db.execute(f"CREATE TRIGGER broken BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, 'broken'); END")
    with pytest.raises(StoreError, match="broken"):
        keep(2)
    assert counts(path) == (1, 1, 1)
    with sqlite3.connect(path) as db:
        db.execute("DROP TRIGGER broken")
    assert keep(2).sequence == 2


def test_error_of_the_maker_passes_unchanged_and_stores_nothing(store: SqliteRecordStore, path: Path) -> None:
    def make(_head: ChainHead) -> bytes:
        raise InputError("changed my mind")

    with pytest.raises(InputError, match="changed my mind"):
        store.append(make)
    assert counts(path) == (0, 0, 0)


@pytest.mark.parametrize("wrong", ["sequence", "previous", "unit", "rubbish"])
def test_record_that_does_not_follow_is_refused(wrong: str, keep: Keep, store: SqliteRecordStore) -> None:
    keep(1)
    other = sample_key("unit-0002")
    envelopes = {
        "sequence": sample_chain(3)[2].envelope,
        "previous": sample_chain(2, first_number=7)[1].envelope,
        "unit": sample_chain(2, key=other, unit_id="unit-0002")[1].envelope,
        "rubbish": b"{}",
    }
    with pytest.raises(StoreError, match="not stored"):
        store.append(lambda _head: envelopes[wrong])
    assert store.head().sequence == 1


def test_same_record_id_twice_is_refused(keep: Keep, store: SqliteRecordStore) -> None:
    keep(1)
    with pytest.raises(StoreError, match="breaks its rules"):
        keep(1)
    assert store.head().sequence == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE records SET envelope = x'00' WHERE sequence = 1",
        "UPDATE records SET stored_utc = '' WHERE sequence = 1",
        "DELETE FROM records WHERE sequence = 2",
        "INSERT OR REPLACE INTO records SELECT 1, 'x', payload_type, hex(randomblob(32)), envelope, '' FROM records",
        "INSERT INTO records SELECT 9, 'x', payload_type, hex(randomblob(32)), envelope, '' FROM records LIMIT 1",
        "UPDATE chain SET sequence = 1",
        "UPDATE chain SET unit_id = 'other', sequence = 3",
        "DELETE FROM chain",
        "DELETE FROM outbox",
    ],
)
def test_slip_against_stored_records_is_stopped(statement: str, keep: Keep, path: Path) -> None:
    keep(1)
    keep(2)
    db = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError):
        db.execute(statement)
    db.close()


def test_long_history_is_read_in_pages(keep: Keep, store: SqliteRecordStore) -> None:
    for number in range(1, 132):
        keep(number)
    reading = store.records()
    assert next(reading).sequence == 1
    keep(132)
    assert [r.sequence for r in reading] == list(range(2, 133))


def test_snapshot_does_not_see_what_is_written_meanwhile(keep: Keep, path: Path) -> None:
    keep(1)
    reader = SqliteRecordStore(StoreFile(path, lambda: ""))
    with reader.snapshot():
        assert reader.head().sequence == 1
        keep(2)
        assert reader.head().sequence == 1
        assert len(list(reader.records())) == 1
    assert reader.head().sequence == 2
    reader.close()


def test_store_is_never_made_over_another(path: Path, keep: Keep) -> None:
    keep(1)
    with pytest.raises(StoreError, match="already a store"):
        create_store(path, UNIT, lambda: "")
    assert counts(path) == (1, 1, 1)
    assert not list(path.parent.glob(".*.new"))
