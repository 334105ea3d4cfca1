"""The delivery side: what a receipt settles stays settled, and receipt and states come together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from edge.core.chain import StoredRecord
from edge.core.delivery import DeliveryState, OutboxEntry
from edge.core.errors import StoreError
from edge.store.outbox import SqliteOutbox
from edge.store.records import SqliteRecordStore
from tests.samples import sample_receipt

Keep = Callable[[int], StoredRecord]


def settle(outbox: SqliteOutbox, entry: OutboxEntry, state: DeliveryState = DeliveryState.RECEIPTED) -> bytes:
    raw, receipt = sample_receipt([(entry.sequence, entry.sha256)], gap_free=entry.sequence)
    outbox.save_receipt(raw, receipt, [replace(entry, state=state)])
    return raw


def test_saved_state_is_read_back_whole(keep: Keep, outbox: SqliteOutbox) -> None:
    kept = keep(1)
    entry = OutboxEntry(
        sequence=1,
        sha256=kept.sha256,
        state=DeliveryState.QUARANTINED,
        attempts=3,
        next_try_utc_s=1767600000.125,
        reason="simulated_input",
    )
    outbox.save(entry)
    assert outbox.entries() == [entry] == [outbox.entry(1)]
    assert outbox.find(kept.sha256) == entry
    assert outbox.find("0" * 64) is None
    assert outbox.envelope(1) == kept.envelope


def test_receipted_record_leaves_the_queue_with_its_receipt(
    keep: Keep, outbox: SqliteOutbox, store: SqliteRecordStore
) -> None:
    keep(1), keep(2)
    raw = settle(outbox, outbox.entries()[0])
    assert [e.sequence for e in outbox.entries()] == [2]
    assert [e.sequence for e in outbox.receipted(1, 2)] == [1]
    assert list(store.receipts()) == [raw]
    assert outbox.depth()[DeliveryState.RECEIPTED] == 1


def test_doubled_receipt_is_kept_once(keep: Keep, outbox: SqliteOutbox, store: SqliteRecordStore) -> None:
    keep(1)
    (entry,) = outbox.entries()
    settle(outbox, entry)
    settle(outbox, entry)
    assert len(list(store.receipts())) == 1


def test_late_save_does_not_undo_a_receipt(keep: Keep, outbox: SqliteOutbox) -> None:
    keep(1)
    (entry,) = outbox.entries()
    settle(outbox, entry)
    with pytest.raises(StoreError, match="receipted already"):
        outbox.save(replace(entry, state=DeliveryState.SENT))
    assert outbox.entries() == []


def test_later_receipt_may_reopen_what_central_lost(keep: Keep, outbox: SqliteOutbox) -> None:
    keep(1)
    (entry,) = outbox.entries()
    settle(outbox, entry)
    raw, receipt = sample_receipt([], gap_free=0)
    outbox.save_receipt(raw, receipt, [entry])
    assert outbox.entries() == [entry]


def test_receipt_is_not_kept_when_a_state_cannot_be(
    keep: Keep, outbox: SqliteOutbox, store: SqliteRecordStore
) -> None:
    keep(1)
    stranger = OutboxEntry(sequence=1, sha256="0" * 64, state=DeliveryState.RECEIPTED)
    raw, receipt = sample_receipt([(1, "0" * 64)], gap_free=1)
    with pytest.raises(StoreError, match="no delivery"):
        outbox.save_receipt(raw, receipt, [stranger])
    assert list(store.receipts()) == []


def test_envelope_that_is_not_there_is_said(outbox: SqliteOutbox) -> None:
    with pytest.raises(StoreError, match="no record 7"):
        outbox.envelope(7)
