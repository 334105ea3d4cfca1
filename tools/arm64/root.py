"""A minimal arm64 system as a folder: Debian's packages unpacked, nothing of them ever run, so no second stage.

Packages come from the mirror that this machine's apt uses already. Kept in the cache under the digest of what was
asked for; a folder that was not finished is made anew.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from edge.core.errors import InputError
from tools.arm64.boards import Release

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_INDEX_TARGETS = ("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian")


def release_root(release: Release, cache: Path) -> Path:
    """The folder that serves as the release's root. Raises InputError when packages cannot be had."""
    digest = hashlib.sha256(repr(release).encode()).hexdigest()[:12]
    folder = cache / "arm64" / f"{release.name}-{digest}"
    root = folder / "root"
    if (folder / "complete").is_file():
        return root
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("state/lists/partial", "cache/archives/partial", "root"):
        (folder / part).mkdir(parents=True)
    (folder / "state" / "status").touch()
    (folder / "sources.list").write_text(f"deb [arch=arm64 signed-by={KEYRING}] {_mirror()} {release.name} main\n")
    _apt(folder, "update")
    _apt(folder, "--download-only", "install", *release.packages)
    for package in sorted((folder / "cache" / "archives").glob("*.deb")):
        _run(["dpkg-deb", "-x", str(package), str(root)], f"{package.name} cannot be unpacked")
        package.unlink()
    (folder / "complete").touch()
    return root


def _mirror() -> str:
    found = _run(list(_INDEX_TARGETS), "apt names no mirror").split()
    if not found:
        raise InputError("apt on this machine knows no Debian mirror", remedy="Run this on Debian 12 or later.")
    return found[0]


def _apt(folder: Path, *words: str) -> None:
    settings = {
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
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
