"""A release over a real broker: fetched in pieces, tried when no visit is under way, and its end told to central."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from central.cli import main as central
from central.founding import DEFAULT_DATABASE
from edge.core.bundle_fetch import RELEASE_CHUNK_BYTES
from edge.core.errors import VerificationError
from edge.core.keys import KeyPurpose, KeyRole
from edge.device.slots import Slots
from edge.services.drain import Drain
from edge.services.progress import ProgressKind
from edge.signing import keyfile
from edge.store.releases import FETCHED_FOLDER, FileReleases
from edge.store.sessions import SqliteSessions
from edge.wiring.sync import make_drain
from edge.wiring.unit import Unit
from edge.wiring.update import UpdateFailed, apply_fetched, confirm_update
from tests.core.test_session import NEW
from tests.sync.conftest import QUICK, Stage, drain_until, playing, visit
from tests.update.conftest import Package
from tests.update.test_update import attempt


@dataclass
class Line:
    """A unit with slots, a central with ingest, and a broker between them."""

    stage: Stage
    unit: Unit
    slots: Slots
    key_dir: Path

    def drain(self) -> Drain:
        return make_drain(self.unit, QUICK, self.slots, self.key_dir)

    def offer(self, package: Path, *, key: Path | None = None, code: int = 0) -> None:
        named = ("--key", key or self.key_dir / "release.pub.json", "--unit", "unit-a")
        self.central("release", "offer", package, *named, code=code)

    def central(self, *arguments: object, code: int = 0) -> Any:
        options = ["--dir", str(self.stage.scene.central), "--json"]
        done = CliRunner().invoke(central, [*map(str, arguments), *options])
        assert done.exit_code == code, done.output
        return json.loads(done.stdout) if done.stdout.strip() else None

    def told(self) -> tuple[str, str]:
        """State and reason, as central has heard them."""
        (row,) = self.central("release", "list")
        return row["state"], row["reason"]

    def until_told(self, state: str) -> str:
        drain = self.drain()
        drain_until(self.unit, lambda _: self.told()[0] == state, drain)
        drain.close()
        return self.told()[1]

    def here(self) -> set[int]:
        """The chunks that a process which has just started finds."""
        store = FileReleases(self.unit.root / FETCHED_FOLDER, self.slots.outcome)
        entry = store.newest()
        return store.numbers(entry) if entry else set()

    def apply(self) -> str:
        return apply_fetched(self.unit.root, self.slots, self.key_dir)


@pytest.fixture
def line(tmp_path: Path, slots: Slots, key_dir: Path) -> Iterator[Line]:
    with playing(tmp_path / "scene", DEFAULT_DATABASE) as stage:
        made = Line(stage, stage.unit(), slots, key_dir)
        stage.ingest()
        yield made


def test_release_is_fetched_tried_and_told(line: Line, package: Package) -> None:
    visit(line.unit, 3)
    line.offer(package(2))
    assert line.until_told("fetched") == ""
    assert "on trial" in line.apply() and line.apply() == "nothing is to be done"
    assert line.slots.facts(line.slots.in_force).serial == 2
    assert confirm_update(line.unit.root, line.slots)
    assert line.until_told("installed") == ""
    assert [path.name for path in (line.unit.root / FETCHED_FOLDER).iterdir()] == ["offer.json"]
    assert line.apply() == "nothing is to be done"


def test_fetch_goes_on_where_a_cut_stopped_it(line: Line, package: Package) -> None:
    made = package(2, padding_bytes=24 * RELEASE_CHUNK_BYTES)
    line.offer(made)
    first = line.drain()
    drain_until(line.unit, lambda _: len(line.here()) >= 4, first)
    line.stage.scene.broker.kill()
    first.close()
    before = line.here()
    (part,) = (line.unit.root / FETCHED_FOLDER).glob("*.part")
    raw = bytearray(part.read_bytes())
    raw[100] ^= 1  # a page that the disk lost
    part.write_bytes(raw)
    assert line.here() == before - {0} and not (line.unit.root / FETCHED_FOLDER / made.name).exists()
    line.stage.scene.broker.start()
    line.until_told("fetched")
    fetched = line.unit.root / FETCHED_FOLDER / made.name
    assert fetched.read_bytes() == made.read_bytes()


def test_open_visit_is_waited_for(line: Line, package: Package) -> None:
    line.offer(package(2))
    line.until_told("fetched")
    sessions = SqliteSessions(line.unit.store_file, line.unit.at_rest)
    sessions.begin(NEW)
    assert "visit is under way" in line.apply() and not line.slots.on_trial
    sessions.close(NEW.visit_id)
    assert "on trial" in line.apply()


def test_package_that_its_publisher_did_not_sign_is_not_offered(line: Line, package: Package, tmp_path: Path) -> None:
    others = tmp_path / "others"
    keyfile.generate(others, "release", role=KeyRole.RELEASE, purpose=KeyPurpose.PROVISIONED, owner="other")
    line.offer(package(2), key=others / "release.pub.json", code=3)
    made = package(3)
    made.write_bytes(made.read_bytes() + b"\0")
    line.offer(made, code=1)


@pytest.mark.parametrize("serial", [1, 0])
def test_older_release_is_refused_before_a_byte_of_it_is_fetched(line: Line, package: Package, serial: int) -> None:
    line.offer(package(serial))
    drain = line.drain()
    told = drain_until(line.unit, lambda told: any(p.kind is ProgressKind.NOT_APPLIED for p in told), drain)
    drain.close()
    assert any("is not newer" in p.detail for p in told)
    assert not (line.unit.root / FETCHED_FOLDER).exists()


def test_release_of_a_publisher_whom_the_unit_does_not_believe(line: Line, package: Package, tmp_path: Path) -> None:
    made = package(2)
    (tmp_path / "no-keys").mkdir()
    line.offer(made)
    drain = make_drain(line.unit, QUICK, line.slots, tmp_path / "no-keys")
    told = drain_until(line.unit, lambda told: any(p.kind is ProgressKind.NOT_APPLIED for p in told), drain)
    drain.close()
    assert any("no public key" in p.detail for p in told)


def test_package_exchanged_after_it_was_fetched_is_refused_by_whoever_changes_releases(
    line: Line, package: Package
) -> None:
    line.offer(package(2))
    line.until_told("fetched")
    (fetched,) = (line.unit.root / FETCHED_FOLDER).glob("*.deb")
    raw = bytearray(fetched.read_bytes())
    raw[-2000] ^= 1
    fetched.write_bytes(raw)
    with pytest.raises(VerificationError):
        line.apply()
    assert not line.slots.on_trial
    assert "not the package that was signed" in line.until_told("refused")


def test_release_that_fails_its_rehearsal_is_refused_and_central_learns_why(line: Line, package: Package) -> None:
    line.offer(package(2, spoilt="raise SystemExit('no such board')"))
    line.until_told("fetched")
    with pytest.raises(UpdateFailed):
        line.apply()
    assert "cannot say how the unit would stand" in line.until_told("refused")
    line.offer(package(3))
    line.until_told("fetched")
    assert "on trial" in line.apply()


def test_release_that_fails_the_health_gate_goes_back_and_central_learns_why(line: Line, package: Package) -> None:
    visit(line.unit, 2)
    line.unit.store_file.fold_log()
    records = line.unit.root / line.unit.config.store
    fewer = records.read_bytes()
    visit(line.unit, 1)
    line.offer(package(2))
    line.until_told("fetched")
    line.apply()
    whole = line.unit.root.with_name("whole")
    subprocess.run(["cp", "-a", line.unit.root, whole], check=True)
    for file in whole.glob("records.sqlite3*"):
        file.unlink()
    (whole / records.name).write_bytes(fewer)  # the release on trial lost a record
    with pytest.raises(UpdateFailed):
        confirm_update(whole, line.slots)
    assert line.slots.facts(line.slots.in_force).serial == 1
    assert "returned: the chain ended with record 3, now with 2" in line.until_told("refused")


def test_release_that_does_not_start_goes_back_and_central_learns_it(
    line: Line, package: Package, tmp_path: Path
) -> None:
    line.offer(package(2))
    line.until_told("fetched")
    line.apply()
    for _ in range(4):
        attempt(line.slots, tmp_path / "own")
    assert line.slots.facts(line.slots.in_force).serial == 1
    assert "returned: three starts" in line.until_told("refused")
