"""Several signatures on one record: nothing may be taken away, added, exchanged or altered without being caught."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace

import msgspec
import pytest

from edge.core.cosigning import open_record
from edge.core.envelope import SIMULATED_VISIT_TYPE, parse, seal
from edge.core.errors import CouldNotBeChecked, DoesNotVerify, SigningError, VerificationError
from edge.core.keys import KeyPurpose, KeyRole
from edge.core.record import VisitRecord, encode_record
from edge.core.verdict import Verdict
from edge.core.verify import verify_record
from edge.core.visit import CosignerRole
from edge.device.clock import ManualClock
from edge.ports.workers import OpenWorker
from edge.services.keep import keep_visit
from tests.samples import KEYS, UNIT_KEY, MemoryStore, opened, sample_draft, sample_key


def worker(worker_id: str, *, seed: str = "", purpose: KeyPurpose = KeyPurpose.DEMONSTRATION) -> OpenWorker:
    key = sample_key(worker_id, role=KeyRole.WORKER, purpose=purpose, seed=seed)
    return OpenWorker(worker_id=worker_id, public=key.public, signer=key.signer)


WORKER, WITNESS, STRANGER = worker("worker-1"), worker("witness-1"), worker("worker-9")
ALL_KEYS = (*KEYS, WORKER.public, WITNESS.public)


def kept(*cosigners: OpenWorker) -> bytes:
    return keep_visit(
        sample_draft(), store=MemoryStore(), signer=UNIT_KEY, clock=ManualClock(), cosigners=cosigners
    ).envelope


RAW = kept(WORKER, WITNESS)
RECORD = opened(MemoryStore().append(lambda _head: RAW))


def verdict(raw: bytes) -> tuple[Verdict, str]:
    check, _ = verify_record(raw, ALL_KEYS)
    return check.verdict, check.failure.name if check.failure else ""


def with_signatures(raw: bytes, keyids: list[str]) -> bytes:
    document = json.loads(raw)
    by_keyid = {s["keyid"]: s for s in document["signatures"]}
    document["signatures"] = [by_keyid[keyid] for keyid in keyids]
    return json.dumps(document, separators=(",", ":")).encode()


def signed_anew(record: VisitRecord, *signers: OpenWorker) -> bytes:
    """What somebody with these keys could make, without asking the code that keeps visits."""
    return seal(encode_record(record), SIMULATED_VISIT_TYPE, [UNIT_KEY.signer, *(s.signer for s in signers)])


def test_unit_worker_and_witness_all_sign_the_same_bytes() -> None:
    assert verdict(RAW) == (Verdict.VERIFIES, "")
    assert [(c.role, c.worker_id) for c in RECORD.cosigners] == [
        (CosignerRole.WORKER, "worker-1"), (CosignerRole.WITNESS, "witness-1"),
    ]  # fmt: skip
    assert len(parse(RAW).signatures) == 3
    assert open_record(parse(RAW), UNIT_KEY.public, SIMULATED_VISIT_TYPE) == RECORD


@pytest.mark.parametrize("part", ["signatures", "payload"])
def test_every_flipped_byte_is_caught(part: str) -> None:
    begin = RAW.index(f'"{part}"'.encode())
    end = len(RAW) if part == "signatures" else begin + 400
    for position in range(begin, end):
        altered = bytearray(RAW)
        altered[position] ^= 0x01
        with pytest.raises(VerificationError):
            open_record(parse(bytes(altered)), UNIT_KEY.public, SIMULATED_VISIT_TYPE)


def test_a_signature_taken_away_is_missed() -> None:
    for absent in (WORKER, WITNESS):
        left = sorted({UNIT_KEY.public.keyid, WORKER.public.keyid, WITNESS.public.keyid} - {absent.public.keyid})
        raw = with_signatures(RAW, left)
        assert verdict(raw) == (Verdict.DOES_NOT_VERIFY, "workers")
        with pytest.raises(DoesNotVerify, match="missing"):
            open_record(parse(raw), UNIT_KEY.public, SIMULATED_VISIT_TYPE)


def test_the_units_signature_cannot_be_taken_away() -> None:
    raw = with_signatures(RAW, sorted([WORKER.public.keyid, WITNESS.public.keyid]))
    assert verdict(raw) == (Verdict.DOES_NOT_VERIFY, "key")
    with pytest.raises(CouldNotBeChecked):
        open_record(parse(raw), UNIT_KEY.public, SIMULATED_VISIT_TYPE)


def test_signatures_in_another_order_are_another_file() -> None:
    raw = with_signatures(RAW, sorted(parse(RAW).signatures, reverse=True))
    assert verdict(raw) == (Verdict.DOES_NOT_VERIFY, "format")


def test_a_signature_that_the_record_does_not_name_is_refused() -> None:
    envelope = parse(RAW)
    extra = STRANGER.signer.sign(envelope.pae())
    document = json.loads(RAW)
    document["signatures"].append(
        {"keyid": extra.keyid, "sig": b64encode(bytes.fromhex(extra.signature)).decode()}
    )
    document["signatures"].sort(key=lambda s: s["keyid"])
    raw = json.dumps(document, separators=(",", ":")).encode()
    assert verdict(raw) == (Verdict.DOES_NOT_VERIFY, "key")
    with pytest.raises(DoesNotVerify):
        open_record(parse(raw), UNIT_KEY.public, SIMULATED_VISIT_TYPE)


def test_a_workers_key_that_nobody_vouched_for_accuses_nobody() -> None:
    check, record = verify_record(RAW, KEYS)
    assert check.verdict is Verdict.COULD_NOT_BE_CHECKED and record is not None
    assert check.failure is not None and check.failure.name == "workers"


@pytest.mark.parametrize(
    "known",
    [
        sample_key("worker-2", role=KeyRole.WORKER, seed="worker-1 worker").public,
        sample_key("worker-1", role=KeyRole.COMMAND, seed="worker-1 worker").public,
        sample_key("worker-1", role=KeyRole.WORKER, purpose=KeyPurpose.PROVISIONED, seed="worker-1 worker").public,
    ],
)
def test_a_key_that_is_known_as_somebody_elses_is_refused(known: object) -> None:
    check, _ = verify_record(RAW, (*KEYS, known, WITNESS.public))  # type: ignore[arg-type]
    assert check.verdict is Verdict.DOES_NOT_VERIFY
    assert check.failure is not None and check.failure.name == "workers"


def test_another_key_under_the_workers_key_id_does_not_hold() -> None:
    first = msgspec.structs.replace(RECORD.cosigners[0], public_hex=STRANGER.public.public_hex)
    raw = signed_anew(msgspec.structs.replace(RECORD, cosigners=(first, RECORD.cosigners[1])), WORKER, WITNESS)
    assert verdict(raw) == (Verdict.DOES_NOT_VERIFY, "workers")


@pytest.mark.parametrize("public_hex", ["", "zz" * 32, "00" * 31, "0" * 64, "\0" * 64])
def test_rubbish_for_a_key_is_refused_and_raises_nothing_else(public_hex: str) -> None:
    first = msgspec.structs.replace(RECORD.cosigners[0], public_hex=public_hex)
    raw = signed_anew(msgspec.structs.replace(RECORD, cosigners=(first, RECORD.cosigners[1])), WORKER, WITNESS)
    with pytest.raises(DoesNotVerify):
        open_record(parse(raw), UNIT_KEY.public, SIMULATED_VISIT_TYPE)


def test_the_worker_is_not_the_witness() -> None:
    twice = msgspec.structs.replace(RECORD.cosigners[0], role=CosignerRole.WITNESS, worker_id="witness-1")
    raw = signed_anew(msgspec.structs.replace(RECORD, cosigners=(RECORD.cosigners[0], twice)), WORKER)
    assert verdict(raw) == (Verdict.DOES_NOT_VERIFY, "workers")
    one_key = worker("witness-1", seed="worker-1 worker")
    for pair in ((WORKER, WORKER), (WORKER, one_key)):
        with pytest.raises(SigningError):
            kept(*pair)


def test_only_the_people_of_the_visit_sign_it() -> None:
    for cosigners in ((STRANGER,), (WITNESS,), (WORKER, STRANGER), (WORKER, WITNESS, STRANGER)):
        with pytest.raises(SigningError):
            kept(*cosigners)
    for role in (KeyRole.RECORD, KeyRole.TECHNICIAN):
        public = msgspec.structs.replace(WORKER.public, role=role)
        with pytest.raises(SigningError):
            kept(replace(WORKER, public=public))


def test_a_provisioned_worker_signs_no_simulated_visit() -> None:
    with pytest.raises(SigningError):
        kept(worker("worker-1", purpose=KeyPurpose.PROVISIONED))
