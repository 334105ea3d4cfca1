"""The disk is full at every write of a unit: said in words, nothing half done, and it goes on with room."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from edge.cli.writing import write_files
from edge.core.errors import DoorstepError, ModelError, SigningError, VisitNotAllowed
from edge.core.evidence import EvidenceKind
from edge.core.keys import KeyPurpose, decode_public_key
from edge.core.session import Person, VisitSession
from edge.core.verdict import Verdict
from edge.core.visit import Scheme
from edge.device.credentials import seal_credential
from edge.services.audit import audit_store
from edge.services.evidence import keep_evidence
from edge.services.keep import keep_visit
from edge.signing import trust
from edge.signing.page_certificate import page_certificate
from edge.store.evidence import SqliteEvidence
from edge.store.sealed_list import SealedList
from edge.store.sessions import SqliteSessions
from edge.wiring.doctor import Bench, write_sheet
from edge.wiring.people import keep_copy
from edge.wiring.provision import make_request
from edge.wiring.retire import retire
from edge.wiring.sync import check_visit_may_begin, export_parcel, sync_keys
from edge.wiring.unit import Unit, found_unit, open_unit
from edge.wiring.upkeep import back_up
from edge.wiring.visit import VisitSide
from tests.samples import CENTRAL_KEY
from tools.bundle.places import public_key_file
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
    keep_copy(unit, record, PHOTOGRAPH)
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


def back_up_to_stick(unit: Unit) -> None:
    back_up(unit, unit.root.parent)


def carry(unit: Unit) -> None:
    export_parcel(unit, unit.root.parent)


def serve_phones(unit: Unit) -> None:
    shutil.rmtree(unit.root / "page", ignore_errors=True)
    page_certificate(unit.root / "page", "10.42.0.1", unit_id="unit-a", now=datetime(2026, 1, 5, tzinfo=UTC))


def print_sheet(unit: Unit) -> None:
    bench = Bench(unit)
    folder = unit.root.parent / "sheet"
    written = write_sheet(bench, bench.examine(["store", "trust"], lambda _name: None), folder)
    assert all(path.stat().st_size for path in written)


def print_papers(unit: Unit) -> None:
    """As `doorstep paper` and the like write what a person asked for: whole or not at all."""
    folder = unit.root.parent / "papers"
    papers = {folder / "form.pdf": PHOTOGRAPH * 4, folder / "slip.png": PHOTOGRAPH}
    try:
        write_files(papers)
    finally:
        left = list(folder.iterdir()) if folder.exists() else []
        assert all(path.read_bytes() == papers.get(path) for path in left)


WRITES: dict[str, Callable[[Unit], None]] = {
    "visit begun": begin, "visit kept": keep, "list put": put_list, "key believed": believe,
    "keys made": make_keys, "certificate asked for": ask, "unit made": found, "unit retired": end,
    "copy on a stick": back_up_to_stick, "parcel on a stick": carry, "page's certificate": serve_phones,
    "bench sheet": print_sheet, "papers": print_papers,
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


def test_bundle_that_finds_no_room_leaves_the_one_in_use(root: Path, disk: Path, bundle_folder: Path) -> None:
    size_kb = sum(file.stat().st_size for file in bundle_folder.iterdir()) // 1024
    subprocess.run(["mount", "-o", f"remount,size={DISK_KB + size_kb * 3 // 2}k", str(disk)], check=True)
    trust.add(root / "trust", decode_public_key(public_key_file(bundle_folder).read_bytes()))
    shutil.copytree(bundle_folder, root / "models")
    with open_unit(root) as unit:
        side = VisitSide(unit)
        with pytest.raises(ModelError, match="No space left") as refused:
            side.install(side.bundle)
        assert "room" in refused.value.remedy
        assert [path.name for path in root.iterdir() if "models" in path.name] == ["models"]
        assert VisitSide(unit).nets


def test_credential_that_finds_no_room_is_not_left_by_half(root: Path, disk: Path) -> None:
    if shutil.which("systemd-creds") is None or os.geteuid() != 0:
        pytest.skip("systemd-creds seals for root only")
    (disk / "ballast").write_bytes(bytes(free_kb(disk) * 1024))
    with pytest.raises(SigningError):
        seal_credential("doorstep-record-key", root / "keys" / "record.key", root, sealed_by="host")
    assert not (root / "doorstep-record-key").exists() and (root / "keys" / "record.key").exists()
