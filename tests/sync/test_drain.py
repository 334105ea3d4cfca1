"""Draining over a wire that fails: nothing lost, nothing double, nothing believed that central did not sign."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner, SSlibKey

from central.examination import Arrival
from edge.core.delivery import DeliveryState
from edge.core.envelope import BUNDLE_TYPE, RECEIPT_TYPE, parse, seal
from edge.core.receipt import Receipt, decode_receipt, encode_receipt
from edge.services.progress import Backlog, ProgressKind
from tests.sync.loopback import Bench, kinds


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def test_records_are_receipted_once_and_in_sequence(bench: Bench) -> None:
    made = bench.visit(12)
    bench.run(steps=4)
    assert bench.held() == made
    assert bench.wire.published == made
    assert bench.drain.backlog() == Backlog(open=0, quarantined=0)
    assert len(list(bench.unit.store.receipts())) == 12


def test_lost_receipt_is_resent_once(bench: Bench) -> None:
    made = bench.visit()
    bench.wire.lose_receipts = 1
    bench.run()
    assert bench.drain.backlog().open == 1
    bench.run(steps=25, advance_s=1.0)
    assert bench.wire.published == made * 2
    assert bench.held() == made
    assert bench.drain.backlog().open == 0


def test_doubled_message_is_stored_once(bench: Bench) -> None:
    made = bench.visit(3)
    bench.wire.doubled = True
    told = bench.run(steps=2)
    assert bench.held() == made
    assert kinds(told).count(ProgressKind.DELIVERED) == 3


def test_broker_gone_waits_longer_each_time_and_raises_nothing(bench: Bench) -> None:
    bench.visit()
    bench.wire.broken = True
    waits = []
    for _ in range(8):
        bench.run()
        waits.append(bench.drain.pause_s())
        bench.clock.advance(waits[-1])
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]
    bench.wire.broken = False
    bench.run(steps=2)
    assert bench.drain.backlog().open == 0


def test_while_it_pauses_the_link_is_left_alone(bench: Bench) -> None:
    bench.wire.broken = True
    bench.run()
    bench.wire.broken = False
    assert bench.run() == []


def test_link_that_breaks_while_sending_loses_nothing(bench: Bench) -> None:
    made = bench.visit(3)
    bench.drain.step(0.0)
    bench.visit(2)
    bench.wire.broken = True
    assert kinds(bench.run()) == [ProgressKind.RETRY, ProgressKind.RETRY, ProgressKind.DISCONNECTED]
    assert DeliveryState.SENT not in {e.state for e in bench.unit.outbox.entries()}
    bench.wire.broken = False
    bench.run(steps=10, advance_s=2.0)
    assert bench.held()[:3] == made
    assert bench.drain.backlog().open == 0


def test_nobody_listening_at_central_is_no_delivery(bench: Bench) -> None:
    made = bench.visit(8)
    bench.wire.unheard = True
    told = bench.run()
    assert kinds(told).count(ProgressKind.RETRY) == 5
    bench.run()
    assert len(bench.wire.published) == 5, "it holds back instead of pouring the outbox out"
    bench.wire.unheard = False
    bench.run(steps=10, advance_s=2.0)
    assert bench.held() == made


def test_denied_record_does_not_hold_up_those_behind_it(bench: Bench) -> None:
    made = bench.visit(4)
    bench.wire.deny = {made[0]}
    bench.run(steps=60, advance_s=1.0)
    assert bench.held() == made[1:]
    assert bench.wire.published.count(made[0]) == 3, "parked after three denials"
    bench.clock.advance(3600.0)
    bench.wire.deny.clear()
    bench.run(steps=2)
    assert sorted(bench.held()) == sorted(made)


def test_broker_that_denies_everything_is_not_flooded(bench: Bench) -> None:
    bench.wire.deny = set(bench.visit(20))
    bench.run(steps=100, advance_s=1.0)
    assert len(bench.wire.published) < 15
    bench.wire.deny.clear()
    bench.run(steps=60, advance_s=1.0)
    assert len(bench.held()) >= 17, "only those parked wait longer"


def test_refused_record_is_quarantined_with_its_reason_and_blocks_none(tmp_path: Path) -> None:
    bench = Bench(tmp_path, register=False)
    bench.visit(7)
    told = bench.run(steps=3)
    assert kinds(told).count(ProgressKind.REFUSED) == 7
    assert bench.drain.backlog() == Backlog(open=0, quarantined=7)
    assert bench.unit.outbox.entries()[0].reason.startswith("unit_unknown")
    assert bench.run(steps=3, advance_s=60.0) == []
    assert bench.drain.release() == 7
    assert bench.drain.backlog() == Backlog(open=7, quarantined=0)
    bench.close()


def test_records_lost_by_a_restored_central_are_filled_in_again(bench: Bench) -> None:
    made = bench.visit(6)
    bench.run(steps=3)
    with bench.store.transaction() as transaction:
        transaction.connection.exec_driver_sql("DELETE FROM records WHERE sequence > 2")
        transaction.connection.exec_driver_sql("UPDATE units SET gap_free_sequence = 2")
    made += bench.visit()
    told = bench.run(steps=6)
    assert [p.sequence for p in told if p.kind is ProgressKind.REFILL] == [3, 4, 5, 6]
    assert bench.held() == made


def test_one_receipt_twice_is_kept_once(bench: Bench) -> None:
    bench.visit()
    bench.run()
    kept = list(bench.unit.store.receipts())
    bench.wire.down.extend(kept * 2)
    assert bench.run() == []
    assert list(bench.unit.store.receipts()) == kept


def resealed(raw: bytes, change: dict[str, object], payload_type: str = RECEIPT_TYPE) -> bytes:
    """The receipt with a change, signed by somebody else who claims central's key id."""
    envelope = parse(raw)
    receipt: Receipt = msgspec.structs.replace(decode_receipt(envelope.payload), **change)
    private = Ed25519PrivateKey.generate()
    claimed = next(iter(envelope.signatures))
    value = {"public": private.public_key().public_bytes_raw().hex()}
    signer = CryptoSigner(private, SSlibKey(claimed, "ed25519", "ed25519", value))
    return seal(encode_receipt(receipt), payload_type, [signer])


@pytest.mark.parametrize(
    ("forge", "step"),
    [
        (lambda raw: resealed(raw, {}), "signature"),
        (lambda raw: resealed(raw, {}, BUNDLE_TYPE), "type"),
        (lambda raw: raw.replace(b"payload", b"Payload"), "format"),
        (lambda raw: raw[: len(raw) // 2], "format"),
        (lambda raw: b"[" * 100_000, "format"),
        (lambda raw: b"", "format"),
        (lambda raw: b'{"payload":"e30=","payloadType":["a"],"signatures":[]}', "format"),
    ],
)
def test_forged_receipt_is_ignored_and_reported(bench: Bench, forge, step: str) -> None:
    bench.visit()
    bench.wire.forge = forge
    told = bench.run()
    assert told[-1].kind is ProgressKind.RECEIPT_IGNORED
    assert told[-1].detail.startswith(step)
    assert bench.unit.outbox.entries()[0].state is DeliveryState.SENT
    assert not list(bench.unit.store.receipts())


def test_receipt_for_another_unit_is_ignored_and_reported(bench: Bench) -> None:
    bench.visit()
    bench.wire.lose_receipts = 1
    bench.run()
    arrival = Arrival(unit_id="unit-b", raw=bench.unit.outbox.envelope(1))
    (answer,) = bench.ingest.accept([arrival], at_utc="2026-03-02T02:00:00.000Z")
    bench.wire.down.append(answer.envelope)
    told = bench.run()
    assert told[-1].detail.startswith("unit: made for unit 'unit-b'")
    assert bench.drain.backlog() == Backlog(open=1, quarantined=0)


def test_receipt_signed_with_a_units_own_record_key_is_ignored(bench: Bench) -> None:
    bench.visit()
    signer = bench.unit.record_key.signer
    bench.wire.forge = lambda raw: seal(parse(raw).payload, RECEIPT_TYPE, [signer])
    assert bench.run()[-1].detail.startswith("key")
    assert bench.drain.backlog().open == 1


def test_status_says_depth_and_head_and_no_more(bench: Bench) -> None:
    made = bench.visit(2)
    bench.run(steps=3)
    first, last = bench.wire.statuses[0], bench.wire.statuses[-1]
    assert (first.outbox_open, last.outbox_open) == (2, 0)
    assert (last.head_sequence, last.head_sha256) == (2, made[-1])
