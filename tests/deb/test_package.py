"""The package's tree and its scripts, without the wheels; `make test-deb` leads a whole one through its life."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge.store import schema
from edge.store.database import create_store
from tools.deb.targets import Target, requirements
from tools.deb.tree import CONTROL, SCRIPTS, lay_out

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    site = tmp_path_factory.mktemp("site")
    lay_out(folder, ROOT, Target(release="trixie", architecture="arm64"), site, "1.2+3~trixie")
    return folder


def test_every_unit_and_system_file_is_in_its_place(tree: Path) -> None:
    units = {path.name for path in (tree / "usr/lib/systemd/system").iterdir()}
    assert {"doorstep-visit.service", "doorstep-.service.d", "doorstep.target"} <= units
    for path in (ROOT / "firmware-config/system").rglob("*"):
        assert (tree / path.relative_to(ROOT / "firmware-config/system")).exists()
    assert (tree / "usr/lib/doorstep/python").stat().st_mode & 0o111, "what the units start"


def test_settings_that_an_administrator_changed_are_kept_by_dpkg(tree: Path) -> None:
    settings = (tree / "DEBIAN/conffiles").read_text().split()
    assert "/etc/doorstep/nftables.conf" in settings
    assert all((tree / name[1:]).is_file() for name in settings)


def test_unit_carries_neither_central_nor_tools(tree: Path) -> None:
    packages = tree / "opt/doorstep/lib/python3.13/site-packages"
    assert {path.name for path in packages.iterdir()} == {"edge"}
    assert (packages / "edge/resources/policy.toml").exists() and not list(tree.rglob("*.pyc"))


def test_no_wheel_of_a_newer_c_library_is_asked_for() -> None:
    bookworm = Target(release="bookworm", architecture="arm64")
    assert "manylinux_2_37_aarch64" not in bookworm.platforms and "manylinux_2_36_aarch64" in bookworm.platforms
    assert "numpy<2" in requirements(ROOT, bookworm)


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_is_plain_shell(name: str) -> None:
    assert subprocess.run(["sh", "-n", ROOT / CONTROL / name], capture_output=True).returncode == 0


def checked(folder: Path, store: Path, migrations: list[list[str]]) -> subprocess.CompletedProcess[str]:
    """preinst's check of `store`, by the system's Python alone, for a package with these migrations."""
    shutil.copy(ROOT / CONTROL / "check_store.py", folder)
    (folder / "schema.json").write_text(json.dumps({"migrations": migrations}))
    command = [sys.executable, "-I", "-S", str(folder / "check_store.py"), str(store)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "records.sqlite3"
    path.parent.mkdir()
    create_store(path, "unit-0001", lambda: "")
    return path


KNOWN = [list(statements) for statements in schema.MIGRATIONS]


@pytest.mark.parametrize(
    ("migrations", "says"),
    [
        (KNOWN, ""),
        ([*KNOWN, ["ALTER TABLE records ADD COLUMN x TEXT"]], ""),
        (KNOWN[:-1], "install the newer one again"),
        ([*KNOWN, ["CREATE TABLE records (x)"]], "already exists"),
    ],
)
def test_package_tries_the_store_before_it_is_unpacked(
    tmp_path: Path, store: Path, migrations: list[list[str]], says: str
) -> None:
    before = store.read_bytes()
    done = checked(tmp_path, store, migrations)
    assert done.returncode == (1 if says else 0) and says in done.stderr
    assert store.read_bytes() == before and [p.name for p in store.parent.iterdir()] == [store.name]


def test_store_of_something_else_is_not_upgraded(tmp_path: Path, store: Path) -> None:
    store.write_bytes(b"not a database" * 100)
    assert "cannot be brought to this release" in checked(tmp_path, store, KNOWN).stderr
