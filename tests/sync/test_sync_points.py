"""The numbered points of what must hold, whatever the network does; test_over_mosquitto has more of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from central.examination import Arrival
from edge.core.delivery import DeliveryState, is_due
from edge.core.envelope import parse
from edge.core.errors import StoreError
from edge.core.protocol import LinkState
from edge.core.record import ClockSource, decode_record
from edge.services.keep import keep_visit
from edge.services.progress import ProgressKind
from edge.store.database import StoreFile
from edge.store.records import SqliteRecordStore
from tests.sync.loopback import TIMING, Bench, kinds
from tools.faults.scene import draft


def test_sync_01_record_is_on_the_disk_when_the_outcome_is_shown(bench: Bench) -> None:
    (sha256,) = bench.visit()
    other = StoreFile(bench.unit.store_file.path, lambda: "", read_only=True)
    assert [r.sha256 for r in SqliteRecordStore(other).records()] == [sha256]
    other.close()
    with bench.unit.store_file.reading() as db:
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert db.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_sync_02_only_a_receipt_delivers(bench: Bench) -> None:
    bench.visit()
    bench.wire.lose_receipts = 1
    bench.run(steps=3)
    assert bench.held(), "broker and central have it"
    assert bench.unit.outbox.entry(1).state is DeliveryState.SENT
    bench.run(steps=4, advance_s=30)
    assert bench.unit.outbox.entry(1).state is DeliveryState.RECEIPTED


def test_sync_03_same_id_with_another_digest_is_an_alarm_and_no_overwrite(bench: Bench) -> None:
    (made,) = bench.visit()
    bench.run(steps=2)
    other = Bench(bench.scene.folder / "other")
    record = keep_visit(
        replace(draft("unit-a", "r-1"), record_id="another"),
        store=other.unit.store,
        signer=bench.unit.record_key,
        clock=other.clock,
    )
    (answer,) = bench.ingest.accept([Arrival(unit_id="unit-a", raw=record.envelope)], at_utc="t")
    assert answer.receipt.items[0].reason == "conflicting_record"
    assert bench.held() == [made]
    with bench.store.transaction() as transaction:
        assert [row["kind"] for row in transaction.rows("alarms")] == ["conflicting_record"]
    other.close()


def test_sync_04_a_gap_is_seen_and_refilled(bench: Bench) -> None:
    bench.visit(5)
    bench.run(steps=3)
    with bench.store.transaction() as transaction:
        transaction.connection.exec_driver_sql("DELETE FROM records WHERE sequence >= 3")
        transaction.connection.exec_driver_sql("UPDATE units SET gap_free_sequence = 2")
    bench.visit()
    told = bench.run(steps=6)
    assert ProgressKind.REFILL in kinds(told)
    assert len(bench.held()) == 6


def test_sync_05_refused_record_is_shown_and_blocks_none(tmp_path: Path) -> None:
    bench = Bench(tmp_path, register=False)
    bench.visit(2)
    bench.run(steps=2)
    entries = bench.unit.outbox.entries()
    assert [e.state for e in entries] == [DeliveryState.QUARANTINED] * 2
    assert all("unit_unknown" in e.reason for e in entries)
    bench.close()


DROPPING = ("DELETE FROM records", "DELETE FROM outbox", "UPDATE records SET envelope = x''")


@pytest.mark.parametrize("statement", DROPPING)
def test_sync_06_nothing_unsynced_can_be_dropped(bench: Bench, statement: str) -> None:
    (made,) = bench.visit()
    with pytest.raises(StoreError), bench.unit.store_file.writing() as db:
        db.execute(statement)
    assert [r.sha256 for r in bench.unit.store.records()] == [made]


def test_sync_10_status_says_how_the_unit_stands_and_nothing_personal(bench: Bench) -> None:
    bench.visit(2)
    bench.run(steps=4)
    status = bench.wire.statuses[-1]
    assert status.state is LinkState.ONLINE
    assert (status.head_sequence, status.outbox_open, status.applied_sequence) == (2, 0, 0)
    assert status.clock_source is ClockSource.NTP
    assert not {"name", "person_id", "id_number", "worker"} & set(status.__struct_fields__)


def test_sync_11_clock_set_back_is_recorded_and_order_is_by_sequence(bench: Bench) -> None:
    unit = bench.unit
    for number, wall in ((1, "2026-03-02T08:00:00.000Z"), (2, "2020-01-01T00:00:00.000Z")):
        bench.clock.set_wall(wall)
        keep_visit(draft("unit-a", f"r-{number}"), store=unit.store, signer=unit.record_key, clock=bench.clock)
    envelopes = [parse(r.envelope) for r in unit.store.records()]
    clocks = [decode_record(e.payload, e.payload_type).clock for e in envelopes]
    assert [clock.set_back for clock in clocks] == [False, True]
    assert all(clock.boot_id and clock.uncertainty_s is not None for clock in clocks)
    bench.run(steps=3)
    assert bench.held() == [r.sha256 for r in unit.store.records()]


def test_sync_11_wait_set_by_a_clock_years_ahead_is_not_waited_out(bench: Bench) -> None:
    bench.visit()
    entry = bench.unit.outbox.entry(1)
    assert entry is not None
    ahead = replace(entry, next_try_utc_s=1_000_000_000.0 + 86400 * 365)
    assert is_due(ahead, now_utc_s=1_000_000_000.0, timing=TIMING)
