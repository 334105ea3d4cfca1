"""A unit with records, slots, and small packages whose application is this checkout, whole or spoilt."""

from __future__ import annotations

import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from edge.core.keys import KeyPurpose, KeyRole
from edge.core.release import ReleaseFacts
from edge.device.slots import Slots
from edge.services.keep import keep_visit
from edge.signing import keyfile
from edge.store.schema import VERSION
from edge.wiring import found_unit, open_unit
from tests.samples import UNIT, sample_draft
from tools.deb.signing import sign_package

ROOT = Path(__file__).parents[2]
Package = Callable[..., Path]


def make_release(folder: Path, serial: int, spoilt: str = "") -> None:
    """An application that runs this checkout. spoilt: put in the place of `edge`, as its __init__."""
    site = folder / f"lib/python{sysconfig.get_python_version()}/site-packages"
    for path in (folder / "bin", site):
        path.mkdir(parents=True)
    (folder / "bin/python").symlink_to("/usr/bin/python3")
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
    (site / "checkout.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n")
    if spoilt:
        (site / "edge").mkdir()
        (site / "edge/__init__.py").write_text(spoilt)
    version = f"0.1.0+{serial}~bookworm"
    facts = ReleaseFacts(
        version=version, serial=serial, schema=VERSION, distribution="bookworm", architecture="amd64"
    )
    (folder / "release.json").write_bytes(msgspec.json.encode(facts))


@pytest.fixture(scope="session", autouse=True)
def same_python() -> None:
    found = subprocess.run(["/usr/bin/python3", "-V"], capture_output=True, text=True)
    if found.returncode or sysconfig.get_python_version() not in found.stdout:
        pytest.skip("the system's Python is another version than the environment's")


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

    def make(serial: int, *, spoilt: str = "", signed: bool = True) -> Path:
        tree = tmp_path / f"tree-{serial}-{bool(spoilt)}"
        (tree / "DEBIAN").mkdir(parents=True)
        fields = f"Package: doorstep\nVersion: {serial}\nArchitecture: amd64\nMaintainer: x\nDescription: x\n"
        (tree / "DEBIAN/control").write_text(fields)
        (tree / "opt").mkdir()
        make_release(tree / "opt/doorstep", serial, spoilt)
        made = tmp_path / f"doorstep_0.1.0+{serial}~bookworm_amd64.deb"
        command = ["dpkg-deb", "--root-owner-group", "-Znone", "-b", tree, made]
        subprocess.run(command, check=True, capture_output=True)
        if signed:
            sign_package(made, keyfile.load(key_dir, "release").signer)
        return made

    return make


def add_record(unit: Path, number: int) -> None:
    with open_unit(unit) as opened:
        keep_visit(sample_draft(number), store=opened.store, signer=opened.record_key, clock=opened.clock)
