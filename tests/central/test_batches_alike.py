"""What is decided does not depend on how arrivals are cut into batches, nor on the database, nor on what another
process changed between examining a batch and settling it."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from securesystemslib.signer import Signer

from central.config import StoreKind
from central.examination import Arrival
from central.founding import register_unit
from central.simulated import SimulatedUnit
from edge.core.chain import ChainHead
from edge.core.envelope import VISIT_TYPE, digest, seal
from edge.core.keys import KeyPurpose, KeyRole, PublicKeyDocument
from edge.core.receipt import ReceiptItem, Verdict
from edge.core.record import encode_record
from edge.signing import keyfile
from tests.central.conftest import AT_UTC, Desk, make_desk, record
from tools.faults.scene import ROOT

UNITS = ("unit-x", "unit-y", "unit-revoked", "unit-nobody")
EACH = 14


def sealed(unit_id: str, head: ChainHead, signer: Signer, **changes: object) -> bytes:
    return seal(encode_record(record(unit_id, head, **changes)), VISIT_TYPE, [signer])


def arrivals_of(unit_id: str, signer: Signer, other: Signer, dice: random.Random) -> list[Arrival]:
    """A chain with holes, repeats, and everything that a unit may do wrong in between."""
    head, made = ChainHead(), []
    for _ in range(EACH):
        good = sealed(unit_id, head, signer)
        faults = [
            sealed(unit_id, head, signer, previous_sha256="f" * 64),
            sealed(unit_id, head, signer, record_id=f"{unit_id}-another"),
            sealed(unit_id, ChainHead(sequence=head.sequence + 40, sha256=head.sha256), signer,
                   record_id=f"{unit_id}-{head.sequence + 1}"),
            sealed(unit_id, head, other),
            sealed("unit-of-others", head, signer),
            good[:-20],
            good,
        ]  # fmt: skip
        made += [good, *dice.sample(faults, 2)]
        head = ChainHead(sequence=head.sequence + 1, sha256=digest(good))
    kept = [raw for raw in made if dice.random() > 0.1]
    return [Arrival(unit_id=unit_id, raw=raw) for raw in kept]


def admit(desk: Desk, keys: list[PublicKeyDocument]) -> None:
    for key in keys:
        register_unit(desk.store, keyfile.encode_public(key), kind=StoreKind.GENUINE, at_utc=AT_UTC)
    with desk.store.transaction() as transaction:
        transaction.revoke_unit("unit-revoked", at_utc=AT_UTC)


def submitted(desk: Desk, batches: list[list[Arrival]]) -> list[tuple[str, ReceiptItem]]:
    """What was said to each arrival, in their order."""
    said = []
    for batch in batches:
        answers = desk.ingest.accept(batch, at_utc=AT_UTC)
        items = {a.receipt.unit_id: iter(a.receipt.items) for a in answers}
        said += [(arrival.unit_id, next(items[arrival.unit_id])) for arrival in batch]
    return said


def held(desk: Desk) -> dict[str, list[Any]]:
    """All that is kept; not in which order, nor under which numbers."""
    with desk.store.transaction() as transaction:
        reached = [(unit.unit_id, unit.gap_free_sequence) for unit in transaction.units() if unit.unit_id in UNITS]
    tables = ("records", "refusals", "alarms")
    rows = {name: [{k: v for k, v in row.items() if k != "id"} for row in desk.rows(name)] for name in tables}
    return {"reached": reached, **{name: sorted(found, key=repr) for name, found in rows.items()}}


def test_a_batch_is_decided_as_its_records_one_by_one(desk: Desk, tmp_path: Path) -> None:
    dice = random.Random(1)
    made = {
        name: keyfile.generate(
            tmp_path / name, "record", role=KeyRole.RECORD, purpose=KeyPurpose.PROVISIONED, owner=name
        )
        for name in UNITS
    }
    signers = {name: key.signer for name, key in made.items()}
    arrivals = [a for name in UNITS for a in arrivals_of(name, signers[name], desk.signer, dice)]
    dice.shuffle(arrivals)
    one_by_one = make_desk(tmp_path / "one-by-one", simulated=False)
    with one_by_one.store:
        for place in (desk, one_by_one):
            admit(place, [key.public for name, key in made.items() if name != "unit-nobody"])
        cuts = sorted(dice.sample(range(len(arrivals)), 2))
        batches = [arrivals[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]
        said = submitted(desk, [batch for batch in batches if batch])
        assert said == submitted(one_by_one, [[arrival] for arrival in arrivals])
        assert held(desk) == held(one_by_one)
    faults = {"conflicting_record", "chain_mismatch", "unknown_key", "wrong_unit", "malformed", "unit_revoked"}
    assert {item.reason for _, item in said} == {"", "unit_unknown", *faults}


def test_unit_revoked_after_its_batch_was_examined_is_refused(desk: Desk) -> None:
    batch = desk.ingest.examine([Arrival(unit_id="unit-a", raw=raw) for raw in desk.chain(2)], at_utc=AT_UTC)
    with desk.store.transaction() as transaction:
        transaction.revoke_unit("unit-a", at_utc=AT_UTC)
    (answer,) = desk.ingest.settle(batch)
    assert [i.reason for i in answer.receipt.items] == ["unit_revoked"] * 2
    assert not desk.rows("records")


def test_unit_registered_after_its_batch_was_examined_is_heard(desk: Desk, tmp_path: Path) -> None:
    key = keyfile.generate(
        tmp_path / "new", "record", role=KeyRole.RECORD, purpose=KeyPurpose.PROVISIONED, owner="unit-new"
    )
    raw = sealed("unit-new", ChainHead(), key.signer)
    batch = desk.ingest.examine([Arrival(unit_id="unit-new", raw=raw)], at_utc=AT_UTC)
    register_unit(desk.store, keyfile.encode_public(key.public), kind=StoreKind.GENUINE, at_utc=AT_UTC)
    (answer,) = desk.ingest.settle(batch)
    assert [i.verdict for i in answer.receipt.items] == [Verdict.STORED]


def test_a_record_that_closes_a_gap_reaches_beyond_its_own_batch(desk: Desk) -> None:
    raws = desk.chain(9)
    assert desk.submit(raws[1], *raws[3:]).receipt.gap_free_sequence == 0
    assert desk.submit(raws[0]).receipt.gap_free_sequence == 2
    assert desk.submit(raws[2]).receipt.gap_free_sequence == 9


def test_two_threads_that_are_the_first_to_read_a_record_do_not_crash(tmp_path: Path) -> None:
    unit = SimulatedUnit("unit-x")
    (tmp_path / "key").write_bytes(keyfile.encode_public(unit.public))
    (tmp_path / "records").write_bytes(b"\n".join(unit.next_record(AT_UTC) for _ in range(60)))
    command = [sys.executable, "-c", _FIRST_READERS, str(tmp_path)]
    ended = [subprocess.run(command, cwd=ROOT, check=False).returncode for _ in range(4)]
    assert ended == [0] * 4, "two threads at once that make msgspec build what it keeps of a type crash it"


# Threads change places as often as Python lets them, so that what goes wrong rarely goes wrong nearly always.
_FIRST_READERS = """
import sys
from pathlib import Path
from central.config import StoreKind
from central.examination import Arrival, Examiner
from central.store import UnitRow
from edge.core.keys import decode_public_key

sys.setswitchinterval(1e-6)
folder = Path(sys.argv[1])
key = decode_public_key((folder / "key").read_bytes())
unit = UnitRow(unit_id="unit-x", key=key, registered_utc="", revoked_utc=None, gap_free_sequence=0)
arrivals = [Arrival(unit_id="unit-x", raw=raw) for raw in (folder / "records").read_bytes().split(b"\\n")]
found = Examiner(StoreKind.SIMULATED).examine_all(arrivals, {"unit-x": unit}, "")
sys.exit(sum(isinstance(e, Exception) for e in found))
"""
