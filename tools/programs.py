"""Programs that read the unit's system files for the tests: Debian's packages, unpacked beside the system.

Never installed: cloud-init, chrony or NetworkManager would change how this machine starts, keeps time and is reached.
What cannot be had is left out, and the tests that want it are skipped and say so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.bundle.places import cache_folder

PACKAGES = (
    "cloud-init", "python3-configobj", "python3-six", "python3-yaml", "python3-jsonschema", "python3-pyrsistent",
    "python3-attr", "python3-jsonpatch", "python3-json-pointer", "python3-oauthlib", "python3-requests",
    "python3-urllib3", "python3-idna", "python3-chardet", "python3-certifi", "python3-jinja2", "python3-markupsafe",
    "chrony", "network-manager", "libnm0", "libndp0", "libteamdctl0", "udev", "libkmod2",
)  # fmt: skip
_PLACES = ("usr/bin", "usr/sbin", "bin", "sbin")
TIMEOUT_S = 120


def root() -> Path:
    """Where the packages lie unpacked."""
    return cache_folder() / "programs"


def found(name: str) -> str | None:
    """The program, the system's own before an unpacked one; None when there is neither."""
    own = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    return own or shutil.which(name, path=":".join(str(root() / place) for place in _PLACES))


def run(name: str, *arguments: object, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program that `found` knows, with the libraries that came with it. given: its standard input."""
    program = found(name)
    assert program
    unpacked = Path(program).is_relative_to(root())
    command = [program, *(str(argument) for argument in arguments)]
    if unpacked and Path(program).read_bytes()[:2] == b"#!":
        command.insert(0, "/usr/bin/python3")
    return subprocess.run(
        command,
        input=given,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env=environment() if unpacked else None,
    )


def environment() -> dict[str, str]:
    """For programs that came with their own libraries, of C and of Python."""
    libraries = sorted(str(path) for top in ("usr/lib", "lib") for path in (root() / top).glob("*-linux-gnu"))
    modules = str(root() / "usr/lib/python3/dist-packages")
    outside = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return {**outside, "LD_LIBRARY_PATH": ":".join(libraries), "PYTHONPATH": modules, "LC_ALL": "C.UTF-8"}


def fetch() -> bool:
    """Unpack what is not there yet, once; False when this system has no such packages."""
    if root().is_dir():
        return True
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return False
    cache_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="programs-", dir=cache_folder()) as work:
        for package in PACKAGES:  # one by one: a release may lack one that another needs
            subprocess.run(["apt-get", "download", "-qq", package], cwd=work, capture_output=True, timeout=TIMEOUT_S)
        fresh = Path(work) / "root"
        for package_file in sorted(Path(work).glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", str(package_file), str(fresh)], check=True)
        if not fresh.is_dir():
            return False
        fresh.rename(root())
    return True


if __name__ == "__main__":
    sys.exit(0 if fetch() else 1)
