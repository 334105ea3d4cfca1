"""Verification step by step: each manipulation is caught, and by the step that should catch it."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from edge.core.chain import ChainFault, ChainHead, StoredRecord
from edge.core.envelope import RECEIPT_TYPE, SIMULATED_VISIT_TYPE, VISIT_TYPE, digest, seal
from edge.core.keys import KeyPurpose, KeyRole
from edge.core.record import encode_record
from edge.core.verdict import Report, StepState, Verdict
from edge.core.verify import verify_chain, verify_record
from tests.samples import (
    CENTRAL_KEY,
    KEYS,
    UNIT,
    UNIT_KEY,
    as_stored,
    opened,
    sample_chain,
    sample_key,
    sample_receipt,
)

CHAIN = sample_chain(6)
HEAD = ChainHead(sequence=6, sha256=CHAIN[-1].sha256)
RAW = CHAIN[2].envelope


def audit(records: list[StoredRecord], head: ChainHead | None = HEAD, receipts: tuple[bytes, ...] = ()) -> Report:
    return verify_chain(records, KEYS, unit_id=UNIT, head=head, receipts=receipts)


def failing_step(report: Report) -> str:
    steps = [s for r in report.records for s in r.steps] + list(report.chain)
    return next((s.name for s in steps if s.state is StepState.FAILED), "")


def test_whole_chain_verifies_in_all_steps() -> None:
    raw, _ = sample_receipt([(r.sequence, r.sha256) for r in CHAIN], gap_free=6)
    report = audit(CHAIN, receipts=(raw,))
    assert report.verdict is Verdict.VERIFIES
    assert all(s.state is StepState.PASSED for r in report.records for s in r.steps)
    assert [s.number for r in report.records[:1] for s in r.steps] == [1, 2, 3, 4, 5, 6, 7, 10]
    assert [s.state for s in report.chain] == [StepState.PASSED] * 2


def test_single_record_verifies_without_chain_steps() -> None:
    check, record = verify_record(RAW, KEYS)
    assert check.verdict is Verdict.VERIFIES
    assert record is not None and record.sequence == 3
    assert [s.state for s in check.steps[5:7]] == [StepState.NOT_CHECKED] * 2


@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80])
def test_every_flipped_byte_of_a_stored_envelope_is_caught(mask: int) -> None:
    for position in range(len(RAW)):
        raw = RAW[:position] + bytes([RAW[position] ^ mask]) + RAW[position + 1 :]
        check, _ = verify_record(raw, KEYS, unit_id=UNIT)
        assert check.verdict is not Verdict.VERIFIES, position


def test_flipped_byte_in_a_store_never_passes_for_a_missing_key() -> None:
    at = RAW.index(b'"keyid":"') + 9
    flipped = replace(CHAIN[2], envelope=RAW[:at] + bytes([RAW[at] ^ 1]) + RAW[at + 1 :])
    report = audit([*CHAIN[:2], flipped, *CHAIN[3:]])
    assert report.verdict is Verdict.DOES_NOT_VERIFY
    assert failing_step(report) == "columns"
    # Only the altered record is accused, not the one after it.
    assert [r.verdict for r in report.records].count(Verdict.DOES_NOT_VERIFY) == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [("sha256", "0" * 64), ("record_id", "another"), ("payload_type", VISIT_TYPE), ("sequence", 9)],
)
def test_column_that_disagrees_with_the_envelope_is_caught(column: str, value: object) -> None:
    rows = [*CHAIN[:2], replace(CHAIN[2], **{column: value}), *CHAIN[3:]]
    report = audit(rows)
    assert failing_step(report) == "columns"
    assert report.records[2].verdict is Verdict.DOES_NOT_VERIFY


def test_missing_public_key_is_no_accusation() -> None:
    report = verify_chain(CHAIN, [CENTRAL_KEY.public], unit_id=UNIT, head=HEAD)
    assert report.verdict is Verdict.COULD_NOT_BE_CHECKED
    assert report.records[0].steps[2].wanting
    assert "no public key" in report.records[0].steps[2].detail


def test_receipt_key_cannot_sign_records() -> None:
    raw = seal(encode_record(opened(CHAIN[0])), SIMULATED_VISIT_TYPE, [CENTRAL_KEY.signer])
    check, _ = verify_record(raw, KEYS)
    assert check.failure is not None and check.failure.name == "key"
    assert check.verdict is Verdict.DOES_NOT_VERIFY


@pytest.mark.parametrize(
    ("purpose", "kind"),
    [(KeyPurpose.DEMONSTRATION, VISIT_TYPE), (KeyPurpose.PROVISIONED, SIMULATED_VISIT_TYPE)],
)
def test_key_of_the_wrong_purpose_is_refused(purpose: KeyPurpose, kind: str) -> None:
    key = sample_key(purpose=purpose)
    check, _ = verify_record(seal(encode_record(opened(CHAIN[0])), kind, [key.signer]), [key.public])
    assert check.failure is not None and check.failure.name == "key"
    assert check.verdict is Verdict.DOES_NOT_VERIFY


def test_second_signature_is_refused() -> None:
    raw = seal(encode_record(opened(CHAIN[0])), SIMULATED_VISIT_TYPE, [UNIT_KEY.signer, CENTRAL_KEY.signer])
    check, _ = verify_record(raw, KEYS)
    assert check.failure is not None and check.failure.number == 3


def test_unsigned_field_beside_a_signature_is_refused() -> None:
    raw = RAW.replace(b'{"keyid":', b'{"extra":1,"keyid":')
    check, _ = verify_record(raw, KEYS)
    assert check.failure is not None and check.failure.name == "format"
    tail = RAW.removesuffix(b"}]}") + b',"extra":1}]}'
    check, _ = verify_record(tail, KEYS)
    assert check.failure is not None and check.failure.name == "format"


def test_payload_of_another_type_is_named() -> None:
    raw = seal(b"{}", RECEIPT_TYPE, [UNIT_KEY.signer])
    check, _ = verify_record(raw, KEYS)
    assert check.failure is not None and check.failure.name == "type"


def test_unknown_format_could_not_be_checked() -> None:
    fields = msgspec.json.decode(encode_record(opened(CHAIN[0]))) | {"format": "doorstep.visit/9"}
    raw = seal(msgspec.json.encode(fields), SIMULATED_VISIT_TYPE, [UNIT_KEY.signer])
    check, _ = verify_record(raw, KEYS)
    assert check.verdict is Verdict.COULD_NOT_BE_CHECKED
    assert check.failure is not None and check.failure.name == "payload"


def test_record_signed_by_another_units_key_is_named() -> None:
    other = sample_key("unit-0002")
    raw = seal(encode_record(opened(CHAIN[0])), SIMULATED_VISIT_TYPE, [other.signer])
    check, _ = verify_record(raw, [*KEYS, other.public])
    assert check.failure is not None and check.failure.name == "payload"
    assert "unit-0002" in check.failure.detail


@pytest.mark.parametrize("known", [True, False])
def test_record_of_another_unit_is_named(known: bool) -> None:
    other = sample_key("unit-0002")
    foreign = sample_chain(3, key=other, unit_id="unit-0002")[2]
    keys = [*KEYS, other.public] if known else KEYS
    report = verify_chain([*CHAIN[:2], foreign, *CHAIN[3:]], keys, unit_id=UNIT, head=HEAD)
    assert report.verdict is Verdict.DOES_NOT_VERIFY
    assert ChainFault.OTHER_UNIT in report.faults
    assert report.records[2].faults == (ChainFault.OTHER_UNIT,)


def test_replacement_by_an_unknown_key_does_not_hide_behind_the_missing_key() -> None:
    stranger = sample_key(seed="stranger")
    raw = seal(encode_record(opened(CHAIN[2])), SIMULATED_VISIT_TYPE, [stranger.signer])
    report = audit([*CHAIN[:2], as_stored(raw), *CHAIN[3:]])
    assert report.verdict is Verdict.DOES_NOT_VERIFY
    assert ChainFault.FORK in report.faults


def test_record_cut_out_is_named() -> None:
    report = audit([*CHAIN[:2], *CHAIN[3:]])
    assert (report.verdict, report.faults) == (Verdict.DOES_NOT_VERIFY, {ChainFault.GAP})
    assert "record 3 cut out" in report.records[2].steps[6].detail


def test_tail_cut_off_is_named_by_the_head() -> None:
    report = audit(CHAIN[:4])
    assert (report.verdict, report.faults) == (Verdict.DOES_NOT_VERIFY, {ChainFault.TAIL_CUT})
    assert failing_step(report) == "head"


def test_tail_cut_off_with_its_head_is_named_by_receipts() -> None:
    raw, _ = sample_receipt([(5, CHAIN[4].sha256)], gap_free=5)
    report = audit(CHAIN[:4], ChainHead(sequence=4, sha256=CHAIN[3].sha256), (raw,))
    assert (report.verdict, report.faults) == (Verdict.DOES_NOT_VERIFY, {ChainFault.TAIL_CUT})
    assert failing_step(report) == "receipts"


def test_history_written_anew_is_named_by_receipts() -> None:
    forged = [*CHAIN[:4], *_forged(4)]
    raw, _ = sample_receipt([(5, CHAIN[4].sha256)], gap_free=5)
    report = audit(forged, ChainHead(sequence=5, sha256=forged[-1].sha256), (raw,))
    assert report.faults == {ChainFault.FORK}


def _forged(after: int) -> list[StoredRecord]:
    record = msgspec.structs.replace(opened(CHAIN[after]), record_id="forged")
    return [as_stored(seal(encode_record(record), SIMULATED_VISIT_TYPE, [UNIT_KEY.signer]))]


def test_receipt_without_centrals_key_could_not_be_checked() -> None:
    raw, _ = sample_receipt([(1, CHAIN[0].sha256)], gap_free=1)
    report = verify_chain(CHAIN, [UNIT_KEY.public], unit_id=UNIT, head=HEAD, receipts=[raw])
    assert report.verdict is Verdict.COULD_NOT_BE_CHECKED


def test_forged_receipt_and_receipt_for_another_unit_are_refused() -> None:
    forger = sample_key("central-test", role=KeyRole.RECORD, seed="forger")
    forged, _ = sample_receipt([(1, CHAIN[0].sha256)], gap_free=1, key=forger)
    report = verify_chain(CHAIN, [*KEYS, forger.public], unit_id=UNIT, head=HEAD, receipts=[forged])
    assert report.verdict is not Verdict.VERIFIES
    other, _ = sample_receipt([(1, CHAIN[0].sha256)], gap_free=1, unit_id="unit-0002")
    assert failing_step(audit(CHAIN, receipts=(other,))) == "receipts"


def test_digest_is_of_the_envelope_as_stored() -> None:
    assert all(r.sha256 == digest(r.envelope) for r in CHAIN)
