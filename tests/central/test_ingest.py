"""What central takes, what it refuses and why, and that nothing that comes can stop or fool it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central.config import StoreKind
from central.founding import register_unit
from central.receipts import load_public
from central.store import CentralStore
from edge.core.chain import ChainHead
from edge.core.envelope import (
    MAX_ENVELOPE_BYTES,
    RECEIPT_TYPE,
    SIMULATED_VISIT_TYPE,
    VISIT_TYPE,
    digest,
    open_envelope,
    parse,
    seal,
)
from edge.core.errors import ConfigError, InputError
from edge.core.keys import KeyPurpose, KeyRole, keys_of
from edge.core.receipt import Verdict, decode_receipt
from edge.core.record import CaptureSource, SourceKind, encode_record
from edge.core.visit import Cosigner, CosignerRole
from edge.signing import keyfile
from tests.central.conftest import AT_UTC, CENTRAL, Desk, record
from tests.samples import sample_key


def test_receipt_is_signed_and_names_the_digests_in_order(desk: Desk) -> None:
    raws = desk.chain(3)
    answer = desk.submit(*raws)
    own = load_public(desk.folder / "central" / "keys" / "receipt.pem")
    opened = open_envelope(answer.envelope, keys=keys_of([own], KeyRole.RECEIPT), payload_types={RECEIPT_TYPE})
    receipt = decode_receipt(opened.payload)
    assert [i.sha256 for i in receipt.items] == [digest(raw) for raw in raws]
    assert (receipt.central_id, receipt.unit_id, receipt.gap_free_sequence) == (CENTRAL, "unit-a", 3)


def test_same_envelope_again_gets_the_same_answer_and_is_stored_once(desk: Desk) -> None:
    (raw,) = desk.chain(1)
    assert desk.said(raw) == desk.said(raw)
    assert len(desk.rows("records")) == 1
    assert len(desk.rows("receipts")) == 1, "a unit that repeats itself must not fill the disk"


def test_same_envelope_twice_in_one_batch_is_stored_once(desk: Desk) -> None:
    (raw,) = desk.chain(1)
    answer = desk.submit(raw, raw)
    assert [i.verdict for i in answer.receipt.items] == [Verdict.STORED] * 2
    assert len(desk.rows("records")) == 1


def test_gap_is_stored_and_told(desk: Desk) -> None:
    one, two, three, four = desk.chain(4)
    assert desk.submit(one, three, four).receipt.gap_free_sequence == 1
    assert desk.submit(two).receipt.gap_free_sequence == 4


@pytest.mark.parametrize("same", ["sequence", "record_id"])
def test_same_place_or_id_with_another_digest_is_an_alarm_and_overwrites_nothing(desk: Desk, same: str) -> None:
    (raw,) = desk.chain(1)
    desk.submit(raw)
    head = ChainHead() if same == "sequence" else ChainHead(sequence=1, sha256=digest(raw))
    other = desk.sealed(record("unit-a", head, record_id="other" if same == "sequence" else "unit-a-1"))
    item = desk.said(other)
    assert (item.verdict, item.reason) == (Verdict.REFUSED, "conflicting_record")
    assert [r["sha256"] for r in desk.rows("records")] == [digest(raw)]
    (alarm,) = desk.rows("alarms")
    assert alarm["envelope"] == other


def test_fork_in_a_chain_is_an_alarm(desk: Desk) -> None:
    desk.submit(*desk.chain(2))
    forked = desk.sealed(record("unit-a", ChainHead(sequence=2, sha256="f" * 64)))
    assert desk.said(forked).reason == "chain_mismatch"
    assert [a["kind"] for a in desk.rows("alarms")] == ["chain_mismatch"]


def test_record_that_does_not_fit_the_one_after_it_is_an_alarm(desk: Desk) -> None:
    one, _, three = desk.chain(3)
    desk.submit(one, three)
    other = desk.sealed(record("unit-a", ChainHead(sequence=1, sha256=digest(one)), record_id="other"))
    assert desk.said(other).reason == "chain_mismatch"


def test_simulated_record_is_refused_by_a_genuine_store(desk: Desk, demonstration_desk: Desk) -> None:
    (raw,) = demonstration_desk.chain(1)
    assert demonstration_desk.said(raw).verdict is Verdict.STORED
    assert desk.said(raw).reason == "simulated_input"
    relabelled = desk.sealed(record("unit-a", ChainHead()), payload_type=SIMULATED_VISIT_TYPE)
    assert desk.said(relabelled).reason == "simulated_input"


def test_genuine_record_is_refused_by_a_simulated_store(desk: Desk, demonstration_desk: Desk) -> None:
    (raw,) = desk.chain(1)
    assert demonstration_desk.said(raw).reason == "genuine_input"


def test_genuine_type_over_a_simulated_source_is_refused(desk: Desk) -> None:
    made = record("unit-a", ChainHead())
    source = CaptureSource(kind=SourceKind.VIDEO_FILE, model="film")
    provenance = msgspec.structs.replace(made.provenance, source=source)
    assert desk.said(desk.sealed(msgspec.structs.replace(made, provenance=provenance))).reason == "bad_payload"


def test_demonstration_key_is_not_registered_at_a_genuine_store_and_signs_nothing_there(
    desk: Desk, tmp_path: Path
) -> None:
    purpose = KeyPurpose.DEMONSTRATION
    key = keyfile.generate(tmp_path / "k", "record", role=KeyRole.RECORD, purpose=purpose, owner="unit-d")
    raw = keyfile.encode_public(key.public)
    with pytest.raises(InputError):
        register_unit(desk.store, raw, kind=StoreKind.GENUINE, at_utc=AT_UTC)
    with desk.store.transaction() as transaction:
        transaction.add_unit(key.public, raw=raw, at_utc=AT_UTC)
    made = desk.sealed(record("unit-d", ChainHead()), key.signer)
    assert desk.said(made, "unit-d").reason == "demonstration_key"


def test_unknown_and_revoked_units_are_refused(desk: Desk) -> None:
    one, two = desk.chain(2)
    assert desk.said(one, "unit-z").reason == "unit_unknown"
    desk.submit(one)
    with desk.store.transaction() as transaction:
        transaction.revoke_unit("unit-a", at_utc=AT_UTC)
    answer = desk.submit(two)
    assert answer.receipt.items[0].reason == "unit_revoked"
    desk.submit(two + b" ")
    assert desk.submit(*desk.chain(3)[2:]).receipt.items[0].reason == "unit_revoked"
    assert [a["kind"] for a in desk.rows("alarms")] == ["unit_revoked"], "one, however often it speaks"
    assert answer.receipt.gap_free_sequence == 1


def test_another_key_or_another_units_record_is_refused(desk: Desk, demonstration_desk: Desk) -> None:
    made = record("unit-a", ChainHead())
    assert desk.said(desk.sealed(made, demonstration_desk.signer)).reason == "unknown_key"
    other = desk.sealed(record("unit-b", ChainHead()))
    assert desk.said(other).reason == "wrong_unit"


def test_altered_record_is_refused(desk: Desk) -> None:
    (raw,) = desk.chain(1)
    envelope = parse(raw)
    envelope.payload = envelope.payload.replace(b'"review"', b'"certified"')
    altered = msgspec.json.encode(envelope.to_dict(), order="deterministic")
    assert desk.said(altered).reason == "bad_signature"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "malformed"),
        (b"[" * 50_000, "malformed"),
        (b"x" * (MAX_ENVELOPE_BYTES + 1), "too_large"),
        (b'{"payload":"e30=","payloadType":["a"],"signatures":[]}', "malformed"),
        (b'{"payload":"e30=","payloadType":"x","signatures":[]}', "not_a_record"),
        (b'{"payload":"e30=","payloadType":"' + VISIT_TYPE.encode() + b'","signatures":[]}', "bad_signature"),
    ],
)
def test_what_is_no_record_is_refused_with_its_digest(desk: Desk, raw: bytes, reason: str) -> None:
    item = desk.said(raw)
    assert (item.sha256, item.reason) == (digest(raw), reason)
    desk.said(raw)
    (refusal,) = desk.rows("refusals")
    assert (refusal["times"], refusal["size_bytes"]) == (2, len(raw))


@pytest.mark.parametrize(
    "changes",
    [
        {"sequence": 2**63},
        {"sequence": 0},
        {"record_id": "nul\0"},
        {"record_id": "x" * 300},
        {"record_id": "line\nbreak"},
    ],
)
def test_signed_values_that_no_database_holds_are_refused(desk: Desk, changes: dict[str, object]) -> None:
    made = record("unit-a", ChainHead(), **changes)
    assert desk.said(desk.sealed(made)).reason == "bad_payload"


def test_a_workers_signature_that_does_not_hold_or_is_missing_is_refused(desk: Desk) -> None:
    worker = sample_key("worker-1", role=KeyRole.WORKER, purpose=KeyPurpose.PROVISIONED)
    other = sample_key("worker-2", role=KeyRole.WORKER, purpose=KeyPurpose.PROVISIONED)
    made = record("unit-a", ChainHead())
    named = Cosigner(
        role=CosignerRole.WORKER, worker_id=made.visit.person_serving, keyid=worker.public.keyid,
        public_hex=worker.public.public_hex,
    )  # fmt: skip
    made = msgspec.structs.replace(made, cosigners=(named,))
    assert desk.said(desk.sealed(made)).reason == "bad_cosigner"
    forged = msgspec.structs.replace(named, public_hex=other.public.public_hex)
    for cosigner, reason in ((forged, "bad_cosigner"), (named, "")):
        record_ = msgspec.structs.replace(made, cosigners=(cosigner,))
        raw = seal(encode_record(record_), VISIT_TYPE, [desk.signer, worker.signer])
        assert desk.said(raw).reason == reason


def test_unknown_format_is_refused_without_accusing(desk: Desk) -> None:
    payload = encode_record(record("unit-a", ChainHead(), format="doorstep.visit/9"))
    assert desk.said(seal(payload, VISIT_TYPE, [desk.signer])).reason == "unknown_format"


def test_one_bad_message_in_a_batch_harms_no_other(desk: Desk) -> None:
    one, two = desk.chain(2)
    verdicts = [i.verdict for i in desk.submit(one, b"\xff\x00", two).receipt.items]
    assert verdicts == [Verdict.STORED, Verdict.REFUSED, Verdict.STORED]


def test_sql_and_markup_in_ids_are_only_text(desk: Desk) -> None:
    nasty = "'); DROP TABLE records; -- <script>[bold]"
    made = desk.sealed(record("unit-a", ChainHead(), record_id=nasty))
    assert desk.said(made).verdict is Verdict.STORED
    assert desk.rows("records")[0]["record_id"] == nasty


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 10_000), value=st.integers(0, 255))
def test_no_changed_byte_gets_in_and_none_stops_the_ingest(desk: Desk, at: int, value: int) -> None:
    (raw,) = desk.chain(1, record_id="flipped")
    at %= len(raw)
    changed = raw[:at] + bytes([value]) + raw[at + 1 :]
    item = desk.said(changed)
    assert (item.verdict is Verdict.STORED) is (changed == raw)


def test_store_of_the_other_kind_is_not_opened(desk: Desk) -> None:
    with pytest.raises(ConfigError):
        CentralStore.open(desk.database, folder=desk.folder / "central", kind=StoreKind.SIMULATED)


def test_unprintable_key_id_in_a_forged_envelope_stops_nothing(desk: Desk) -> None:
    one, two = desk.chain(2)
    forged = one.replace(parse(one).signatures.popitem()[0].encode(), b"\\u0000" * 40)
    items = desk.submit(forged, two).receipt.items
    assert [i.reason for i in items] == ["unknown_key", ""]
