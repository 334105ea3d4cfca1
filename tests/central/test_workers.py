"""Field workers' keys at central: who is registered, whose signature counts, and what is flagged."""

from __future__ import annotations

import json

import msgspec
import pytest
from click.testing import CliRunner
from securesystemslib.signer import CryptoSigner

from central.cli import main
from central.cli_workers import register_worker
from edge.core.chain import ChainHead
from edge.core.envelope import VISIT_TYPE, seal
from edge.core.errors import CouldNotBeChecked, DoesNotVerify, InputError
from edge.core.keys import KeyPurpose, KeyRole
from edge.core.record import encode_record
from edge.core.visit import Cosigner, CosignerRole
from edge.core.worker_enrolment import WorkerEnrolment, sign_enrolment
from edge.signing.keyfile import KeyFile
from tests.central.conftest import AT_UTC, Desk, record
from tests.samples import sample_key


def key(worker_id: str, seed: str = "") -> KeyFile:
    return sample_key(worker_id, role=KeyRole.WORKER, purpose=KeyPurpose.PROVISIONED, seed=seed)


WORKER = key("worker-1")


def enrolment(desk: Desk, worker: KeyFile = WORKER, *, unit_id: str = "unit-a", **changes: object) -> bytes:
    public = msgspec.structs.replace(worker.public, **changes)
    return sign_enrolment(
        WorkerEnrolment(unit_id=unit_id, made_utc=AT_UTC, key=public), desk.signer, worker.signer
    )


def visit(desk: Desk, worker: KeyFile = WORKER, worker_id: str = "worker-1") -> bytes:
    """The first record of unit-a, signed by `worker` in the name of `worker_id`."""
    made = record("unit-a", ChainHead())
    named = Cosigner(
        role=CosignerRole.WORKER, worker_id=worker_id, keyid=worker.public.keyid, public_hex=worker.public.public_hex
    )
    served = msgspec.structs.replace(made.visit, person_serving=worker_id)
    made = msgspec.structs.replace(made, visit=served, cosigners=(named,))
    return seal(encode_record(made), VISIT_TYPE, [desk.signer, worker.signer])


def shown(desk: Desk) -> list[str]:
    found = CliRunner().invoke(main, ["show", "--json", "--dir", str(desk.folder / "central")])
    return [r["worker_signature"] for r in json.loads(found.output)["records"]]


def verdict(desk: Desk) -> str:
    found = CliRunner().invoke(main, ["verify", "--json", "--dir", str(desk.folder / "central")])
    return str(json.loads(found.output)["verdict"])


def test_a_visit_by_an_unknown_key_is_taken_and_flagged_until_the_key_is_registered(desk: Desk) -> None:
    assert desk.said(visit(desk)).reason == ""
    assert (shown(desk), verdict(desk)) == (["unknown_key"], "could_not_be_checked")
    file = desk.folder / "worker-1.json"
    file.write_bytes(enrolment(desk))
    for added in (True, False):
        said = CliRunner().invoke(main, ["worker", "add", str(file), "--json", "--dir", str(desk.folder / "central")])
        assert json.loads(said.output)["added"] is added
    assert (shown(desk), verdict(desk)) == (["known"], "verifies")
    CliRunner().invoke(main, ["worker", "revoke", "worker-1", "--dir", str(desk.folder / "central")])
    assert shown(desk) == ["revoked"]


def test_a_registered_key_signs_for_nobody_else_and_on_no_other_unit(desk: Desk) -> None:
    register_worker(desk.store, enrolment(desk), at_utc=AT_UTC)
    assert desk.said(visit(desk, WORKER, "worker-2")).reason == "bad_cosigner"
    assert desk.said(visit(desk)).reason == ""


def test_an_enrolment_that_is_not_the_units_or_not_the_workers_is_refused(desk: Desk) -> None:
    stranger = CryptoSigner.generate_ed25519()
    made = WorkerEnrolment(unit_id="unit-a", made_utc=AT_UTC, key=WORKER.public)
    wrong = (
        sign_enrolment(made, stranger, WORKER.signer),
        sign_enrolment(made, desk.signer, stranger),
        sign_enrolment(made, desk.signer, desk.signer),
        enrolment(desk, role=KeyRole.RECORD),
        enrolment(desk, purpose=KeyPurpose.DEMONSTRATION),
    )
    for raw in wrong:
        with pytest.raises((DoesNotVerify, CouldNotBeChecked)):
            register_worker(desk.store, raw, at_utc=AT_UTC)
    with pytest.raises(InputError):
        register_worker(desk.store, enrolment(desk, unit_id="unit-z"), at_utc=AT_UTC)
    with pytest.raises(InputError):
        register_worker(desk.store, enrolment(desk), at_utc=AT_UTC, worker_id="worker-2")


def test_every_flipped_byte_of_an_enrolment_is_caught(desk: Desk) -> None:
    raw = enrolment(desk)
    for position in range(0, len(raw), 3):
        altered = bytearray(raw)
        altered[position] ^= 0x01
        with pytest.raises((DoesNotVerify, CouldNotBeChecked, InputError)):
            register_worker(desk.store, bytes(altered), at_utc=AT_UTC)


