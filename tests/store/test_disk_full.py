"""The disk is full at every write of a unit: said in words, nothing half done, and it goes on with room."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from edge.core.errors import DoorstepError, VisitNotAllowed
from edge.core.evidence import EvidenceKind
from edge.core.keys import KeyPurpose
from edge.core.session import Person, VisitSession
from edge.core.verdict import Verdict
from edge.core.visit import Scheme
from edge.services.audit import audit_store
from edge.services.evidence import keep_evidence
from edge.services.keep import keep_visit
from edge.signing import trust
from edge.store.evidence import SqliteEvidence
from edge.store.sealed_list import SealedList
from edge.store.sessions import SqliteSessions
from edge.wiring import Unit, found_unit, open_unit
from edge.wiring_provision import make_request
from edge.wiring_retire import retire
from edge.wiring_sync import check_visit_may_begin, sync_keys
from tests.samples import CENTRAL_KEY
from tools.faults.scene import Scene, draft

DISK_KB, STEP_KB, MOST_FREE_KB = 3072, 4, 600
PHOTOGRAPH = bytes(range(256)) * 80


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of DISK_KB; skipped, and said, where nobody may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_KB}k", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False) if shutil.which("mount") else None
    if done is None or done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr if done else 'no mount'}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def root(disk: Path, tmp_path: Path) -> Path:
    made = Scene(tmp_path / "scene").add_unit("unit-a")
    shutil.copytree(made, disk / "unit")
    return disk / "unit"


def begin(unit: Unit) -> None:
    sessions = SqliteSessions(unit.store_file, unit.at_rest)
    left = sessions.open_of("w-1")
    if left:
        sessions.close(left.visit_id)
    person = Person(person_id="p-1", name="甲", id_number="", scheme=Scheme.RESIDENT, listed=True)
    name = uuid.uuid4().hex
    session = VisitSession(visit_id=name, record_id=name, worker_id="w-1", begun_utc="", person=person)
    sessions.begin(session)


def keep(unit: Unit) -> None:
    visit = draft("unit-a", uuid.uuid4().hex)
    visit = replace(visit, consents=msgspec.structs.replace(visit.consents, send_photo=True))
    record = keep_visit(visit, store=unit.store, signer=unit.record_key, clock=unit.clock)
    keep_evidence(
        PHOTOGRAPH,
        evidence_id=uuid.uuid4().hex,
        kind=EvidenceKind.FACE_PHOTO,
        record=record,
        store=SqliteEvidence(unit.store_file),
        signer=unit.record_key,
        trusted=unit.believed(),
    )


def put_list(unit: Unit) -> None:
    csv = "person_id,name\n" * 400
    SealedList(unit.root / "list", unit.at_rest).install(csv, {"a.jpg": PHOTOGRAPH, "b.jpg": PHOTOGRAPH})


def believe(unit: Unit) -> None:
    trust.add(unit.trust_dir, CENTRAL_KEY.public)


def make_keys(unit: Unit) -> None:
    _ = unit.at_rest
    sync_keys(unit)


def ask(unit: Unit) -> None:
    make_request(unit)


def end(unit: Unit) -> None:
    retire(unit, "replaced")


def found(unit: Unit) -> None:
    other = unit.root.parent / "another"
    shutil.rmtree(other, ignore_errors=True)
    try:
        found_unit(other, "unit-b", KeyPurpose.DEMONSTRATION).close()
    finally:
        # Either a whole unit, or nothing that stands in the way of one.
        assert not other.exists() or (other / "unit.toml").is_file() or not any(other.iterdir())


WRITES: dict[str, Callable[[Unit], None]] = {
    "visit begun": begin, "visit kept": keep, "list put": put_list, "key believed": believe,
    "keys made": make_keys, "certificate asked for": ask, "unit made": found, "unit retired": end,
}  # fmt: skip


NOT_YET = {
    "keys made": ["keys/data.key", "keys/data.id", "sync-keys/unit-keys.json"],
    "certificate asked for": ["tls/unit.key"],
}
"""What a unit does not have before such a write: as an older one, or one that never asked."""


def free_kb(folder: Path) -> int:
    return shutil.disk_usage(folder).free // 1024


@pytest.mark.parametrize("name", WRITES)
def test_full_disk_is_said_at_every_write_and_nothing_is_half_done(root: Path, name: str) -> None:
    write, ballast, refused = WRITES[name], root.parent / "ballast", 0
    for file in NOT_YET.get(name, []):
        (root / file).unlink()
    for left_kb in range(0, MOST_FREE_KB, STEP_KB):
        ballast.unlink(missing_ok=True)
        ballast.write_bytes(bytes(max(0, free_kb(root) - left_kb) * 1024))
        try:
            with open_unit(root) as unit:
                write(unit)
            break
        except DoorstepError as e:
            refused += 1
            assert "full" in e.message or "No space left" in e.message, e.message
            assert e.remedy
        ballast.unlink()
        with open_unit(root) as unit:
            unit.store_file.quick_check()
            assert audit_store(unit.store, unit.believed()).verdict is Verdict.VERIFIES
            assert unit.record_key and len(unit.believed()) >= 2, "no key is harmed by what was refused"
    else:
        pytest.fail("it never found room enough")
    ballast.unlink(missing_ok=True)
    assert refused, "the disk was never full"


def test_visit_is_refused_before_it_begins_when_there_is_little_room(root: Path) -> None:
    with open_unit(root) as unit, pytest.raises(VisitNotAllowed, match="MB are free"):
        check_visit_may_begin(unit)
