"""A system of any architecture as a folder: Debian's packages unpacked, nothing of them run, so no second stage.

Packages come from the mirror that this machine's apt uses already. Kept in the cache under the digest of what was
asked for; a folder that was not finished is made anew.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from edge.core.errors import InputError
from tools.bundle.places import cache_folder, sole_builder
from tools.deb.mirror import apt_mirror

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def unpacked_root(release: str, architecture: str, packages: tuple[str, ...]) -> Path:
    """The folder that serves as the root of a system. Raises InputError when packages cannot be had."""
    digest = hashlib.sha256(repr(packages).encode()).hexdigest()[:12]
    folder = cache_folder() / "deb" / f"unpacked-{release}-{architecture}-{digest}"
    with sole_builder(cache_folder() / "deb"):
        if not (folder / "complete").is_file():
            _unpack(folder, release, architecture, packages)
    return folder / "root"


def _unpack(folder: Path, release: str, architecture: str, packages: tuple[str, ...]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("state/lists/partial", "cache/archives/partial", "root"):
        (folder / part).mkdir(parents=True)
    (folder / "state" / "status").touch()
    source = f"deb [arch={architecture} signed-by={KEYRING}] {apt_mirror()} {release} main\n"
    (folder / "sources.list").write_text(source)
    _apt(folder, architecture, "update")
    _apt(folder, architecture, "--download-only", "install", *packages)
    for package in sorted((folder / "cache" / "archives").glob("*.deb")):
        _run(["dpkg-deb", "-x", str(package), str(folder / "root")], f"{package.name} cannot be unpacked")
        package.unlink()
    (folder / "complete").touch()


def _apt(folder: Path, architecture: str, *words: str) -> None:
    settings = {
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Install-Recommends": "0",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Dir::Etc::sourcelist": str(folder / "sources.list"),
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State": str(folder / "state"),
        "Dir::State::status": str(folder / "state" / "status"),
        "Dir::Cache": str(folder / "cache"),
    }
    options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
    _run(["apt-get", *options, "-qq", "-y", *words], f"apt-get {words[0]} failed")


def _run(command: list[str], fault: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise InputError(f"{fault}: {said[0]}", remedy="Check the network and the free space, then run it again.")
    return done.stdout
