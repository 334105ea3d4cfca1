"""A unit with records, slots, and small packages whose application is this checkout, whole or spoilt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edge.core.keys import KeyPurpose, KeyRole
from edge.device.slots import Slots
from edge.services.keep import keep_visit
from edge.signing import keyfile
from edge.wiring.unit import found_unit, open_unit
from tests.samples import UNIT, sample_draft
from tools.faults.release import make_package, make_release, why_no_releases
from tools.faults.scene import ROOT as ROOT

Package = Callable[..., Path]


@pytest.fixture(scope="session", autouse=True)
def same_python() -> None:
    if why := why_no_releases():
        pytest.skip(why)


@pytest.fixture
def key_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "release-keys"
    keyfile.generate(folder, "release", role=KeyRole.RELEASE, purpose=KeyPurpose.PROVISIONED, owner="publisher")
    return folder


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    folder = tmp_path / "unit"
    with found_unit(folder, UNIT, KeyPurpose.DEMONSTRATION) as made:
        for number in (1, 2, 3):
            keep_visit(sample_draft(number), store=made.store, signer=made.record_key, clock=made.clock)
    return folder


@pytest.fixture
def slots(tmp_path: Path) -> Slots:
    """Empty slots, over the package's own release with serial 1."""
    make_release(tmp_path / "own", 1)
    (tmp_path / "slots").mkdir()
    return Slots(tmp_path / "slots", ROOT / "systemd/programs/slot", tmp_path / "own")


@pytest.fixture
def package(tmp_path: Path, key_dir: Path) -> Package:
    """Makes a signed package with a serial."""

    def make(serial: int, *, spoilt: str = "", signed: bool = True, padding_bytes: int = 0) -> Path:
        signer = keyfile.load(key_dir, "release").signer if signed else None
        return make_package(tmp_path, serial, signer, spoilt, padding_bytes=padding_bytes)

    return make


def add_record(unit: Path, number: int) -> None:
    with open_unit(unit) as opened:
        keep_visit(sample_draft(number), store=opened.store, signer=opened.record_key, clock=opened.clock)
