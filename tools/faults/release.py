"""Small packages of the unit's software: the application in them is this checkout, whole or spoilt."""

from __future__ import annotations

import random
import subprocess
import sysconfig
from pathlib import Path

import msgspec
from securesystemslib.signer import Signer

from edge.core.release import ReleaseFacts
from edge.store.schema import VERSION
from tools.deb.signing import sign_package
from tools.faults.scene import ROOT

SYSTEM_PYTHON = Path("/usr/bin/python3")


def why_no_releases() -> str:
    """Why no release can be tried here: a slot takes links to the system's Python only. Empty when one can."""
    wanted = sysconfig.get_python_version()
    try:
        found = subprocess.run([SYSTEM_PYTHON, "-V"], capture_output=True, text=True).stdout.split()[-1]
    except (OSError, IndexError):
        return f"there is no {SYSTEM_PYTHON}"
    same = found.split(".")[:2] == wanted.split(".")
    return "" if same else f"the system's Python is {found}, the environment's is {wanted}"


def make_release(folder: Path, serial: int, spoilt: str = "") -> None:
    """An application that runs this checkout. spoilt: put in the place of `edge`, as its __init__."""
    site = folder / f"lib/python{sysconfig.get_python_version()}/site-packages"
    for path in (folder / "bin", site):
        path.mkdir(parents=True)
    (folder / "bin/python").symlink_to(SYSTEM_PYTHON)
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


def make_package(
    folder: Path, serial: int, signer: Signer | None, spoilt: str = "", *, padding_bytes: int = 0
) -> Path:
    """A package with that release in `folder`, and the publisher's offer beside it unless `signer` is None.

    padding_bytes: how much lies in it besides, so that it takes its time on a wire.
    """
    tree = folder / f"tree-{serial}-{bool(spoilt)}"
    (tree / "DEBIAN").mkdir(parents=True)
    fields = f"Package: doorstep\nVersion: {serial}\nArchitecture: amd64\nMaintainer: x\nDescription: x\n"
    (tree / "DEBIAN/control").write_text(fields)
    (tree / "opt").mkdir()
    make_release(tree / "opt/doorstep", serial, spoilt)
    (tree / "opt/doorstep/padding").write_bytes(random.Random(serial).randbytes(padding_bytes))
    made = folder / f"doorstep_0.1.0+{serial}~bookworm_amd64.deb"
    command = ["dpkg-deb", "--root-owner-group", "-Znone", "-b", str(tree), str(made)]
    subprocess.run(command, check=True, capture_output=True)
    if signer:
        sign_package(made, signer)
    return made
