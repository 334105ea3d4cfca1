"""The outbox machine: its table, its waits, and what a receipt may and may not bring about."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.delivery import (
    TRANSITIONS,
    DeliveryEvent,
    DeliveryState,
    IllegalDeliveryEvent,
    OutboxEntry,
    Timing,
    advance,
    apply_receipt,
    backoff_s,
    overdue,
    select,
)
from edge.core.receipt import Receipt, ReceiptItem, Verdict

TIMING = Timing(base_s=1.0, cap_s=60.0, receipt_s=10.0, park_after=3, park_s=3600.0)
S, E = DeliveryState, DeliveryEvent


def entry(sequence: int, state: DeliveryState = S.PENDING, **fields: object) -> OutboxEntry:
    return replace(OutboxEntry(sequence=sequence, sha256=f"{sequence:064x}", state=state), **fields)


def receipt(gap_free: int, *items: tuple[int, Verdict]) -> Receipt:
    told = tuple(
        ReceiptItem(sha256=f"{n:064x}", verdict=v, reason="" if v is Verdict.STORED else "no") for n, v in items
    )
    return Receipt(
        receipt_id="r", central_id="c", unit_id="u", issued_utc="", gap_free_sequence=gap_free, items=told
    )


def applied(given_: Receipt, *entries: OutboxEntry):
    known = {e.sha256: e for e in entries}
    done = [e for e in entries if e.state is S.RECEIPTED and e.sequence > given_.gap_free_sequence]
    return apply_receipt(given_, known=known, above_gap=done, now_utc_s=100.0, timing=TIMING)


@given(st.sampled_from(list(S)), st.sampled_from(list(E)))
def test_an_event_outside_the_table_raises_and_changes_nothing(state: S, event: E) -> None:
    before = entry(1, state)
    if (state, event) in TRANSITIONS:
        after = advance(before, event, now_utc_s=0.0, timing=TIMING)
        assert after.state is TRANSITIONS[state, event]
        assert (after.sequence, after.sha256) == (before.sequence, before.sha256)
    else:
        with pytest.raises(IllegalDeliveryEvent):
            advance(before, event, now_utc_s=0.0, timing=TIMING)


def test_no_word_of_the_wire_ends_a_delivery() -> None:
    ends = {event for (_, event), state in TRANSITIONS.items() if state in (S.RECEIPTED, S.QUARANTINED)}
    assert ends == {E.STORED, E.REFUSED}


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_backoff_grows_to_its_cap_and_no_further(attempts: int, random01: float) -> None:
    wait_s = backoff_s(attempts, random01=random01, base_s=1.0, cap_s=60.0)
    assert 0.0 <= wait_s <= min(60.0, 2.0 ** min(attempts - 1, 30))


def test_a_record_waiting_for_its_turn_delays_none_behind_it() -> None:
    entries = [entry(1, next_try_utc_s=900.0), entry(2, S.QUARANTINED), entry(3), entry(4)]
    assert [e.sequence for e in select(entries, now_utc_s=100.0, window=5, timing=TIMING)] == [3, 4]


def test_the_window_counts_what_is_under_way() -> None:
    entries = [entry(1, S.SENT, next_try_utc_s=200.0), *(entry(n) for n in range(9, 1, -1))]
    assert [e.sequence for e in select(entries, now_utc_s=100.0, window=3, timing=TIMING)] == [2, 3]


def test_a_clock_set_back_does_not_hold_records_for_years() -> None:
    far = entry(1, next_try_utc_s=1_800_000_000.0)
    assert select([far], now_utc_s=1_700_000_000.0, window=1, timing=TIMING) == [far]


def test_a_lost_receipt_makes_the_record_overdue() -> None:
    sent = advance(entry(1), E.SEND, now_utc_s=100.0, timing=TIMING)
    assert not overdue([sent], now_utc_s=109.0, timing=TIMING)
    assert overdue([sent], now_utc_s=110.0, timing=TIMING) == [sent]


def test_a_record_denied_again_and_again_is_parked() -> None:
    now, record = 0.0, entry(1)
    for _ in range(TIMING.park_after):
        record = advance(record, E.SEND, now_utc_s=now, timing=TIMING)
        record = advance(record, E.DENIED, now_utc_s=now, timing=TIMING, random01=1.0)
    assert record.state is S.PENDING
    assert record.next_try_utc_s == now + TIMING.park_s


def test_a_receipt_settles_each_record_that_it_names() -> None:
    result = applied(receipt(1, (1, Verdict.STORED), (2, Verdict.REFUSED)), entry(1, S.SENT), entry(2, S.SENT))
    assert [(e.sequence, e.state, e.reason) for e in result.changed] == [
        (1, S.RECEIPTED, ""),
        (2, S.QUARANTINED, "no"),
    ]


def test_the_same_receipt_again_changes_nothing() -> None:
    given_ = receipt(1, (1, Verdict.STORED), (2, Verdict.REFUSED))
    once = applied(given_, entry(1, S.SENT), entry(2, S.SENT)).changed
    assert applied(given_, *once) == applied(receipt(1), *once)


def test_a_receipt_for_a_digest_never_written_is_reported_and_changes_nothing() -> None:
    result = applied(receipt(0, (7, Verdict.STORED)), entry(1, S.SENT))
    assert not result.changed
    assert result.unknown == (f"{7:064x}",)


def test_a_refusal_of_what_was_receipted_is_reported_and_changes_nothing() -> None:
    result = applied(receipt(1, (1, Verdict.REFUSED)), entry(1, S.RECEIPTED))
    assert not result.changed
    assert result.contradicted == (f"{1:064x}",)


def test_records_that_central_lost_are_sent_again() -> None:
    result = applied(
        receipt(1, (4, Verdict.STORED)), entry(2, S.RECEIPTED), entry(3, S.RECEIPTED), entry(4, S.SENT)
    )
    assert result.refilled == (2, 3)
    assert {e.sequence: e.state for e in result.changed} == {2: S.PENDING, 3: S.PENDING, 4: S.RECEIPTED}


def test_a_gap_that_is_still_on_its_way_asks_for_no_refill() -> None:
    result = applied(receipt(1, (3, Verdict.STORED)), entry(2, S.SENT), entry(3, S.SENT))
    assert [e.sequence for e in result.changed] == [3]
    assert not result.refilled


def test_a_refused_record_leaves_a_gap_that_asks_for_no_refill() -> None:
    before = entry(2, S.QUARANTINED), entry(3, S.RECEIPTED), entry(4, S.SENT)
    result = applied(receipt(1, (4, Verdict.STORED)), *before)
    assert not result.refilled
