"""A Debian system in a folder, made by debootstrap once and unpacked afresh for each use; commands run inside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.core.errors import InputError
from tools.bundle.places import cache_folder, sole_builder
from tools.deb.mirror import apt_mirror

PACKAGES = "python3,systemd,libstdc++6"
ENVIRONMENT = ("PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8")


class Root:
    """The folder of a system. What `run` gives is the finished command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A command inside, as its root. Raises InputError when `check` and it failed."""
        whole = ["chroot", str(self.folder), "/usr/bin/env", "-i", *ENVIRONMENT, *command]
        done = subprocess.run(whole, capture_output=True, text=True, timeout=600)
        if check and done.returncode:
            raise InputError(f"{' '.join(command)}: {done.stdout[-300:]} {done.stderr[-600:]}", remedy="Read it.")
        return done

    def put(self, file: Path) -> str:
        """Make a host's file visible inside; gives its path there."""
        place = self.folder / "tmp" / file.name
        if not place.exists():
            try:
                os.link(file, place)
            except OSError:
                shutil.copy(file, place)
        return f"/tmp/{file.name}"


@contextmanager
def fresh_root(release: str) -> Iterator[Root]:
    """A system of `release` for the host's own architecture; takes root. Gone afterwards."""
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        raise InputError("a system in a folder takes root and debootstrap", remedy="apt-get install debootstrap")
    archive = _archive(release)
    with tempfile.TemporaryDirectory(prefix="doorstep-root-", dir=cache_folder() / "deb") as work:
        folder = Path(work) / "root"
        folder.mkdir()
        subprocess.run(["tar", "-xf", archive, "-C", folder], check=True)
        subprocess.run(["mount", "-t", "proc", "proc", folder / "proc"], check=True)
        try:
            yield Root(folder)
        finally:
            subprocess.run(["umount", folder / "proc"], check=True)


def _archive(release: str) -> Path:
    archive = cache_folder() / "deb" / f"root-{release}.tar"
    with sole_builder(cache_folder() / "deb"):
        if not archive.exists():
            with tempfile.TemporaryDirectory(prefix="doorstep-debootstrap-", dir=archive.parent) as work:
                root = Path(work) / "root"
                command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", release]
                command += [str(root), apt_mirror()]
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode:
                    raise InputError(f"debootstrap: {done.stdout[-400:]}", remedy="Check the network to the mirror.")
                draft = archive.with_suffix(".new")
                subprocess.run(["tar", "--exclude=./proc/*", "-cf", draft, "-C", root, "."], check=True)
                draft.rename(archive)
    return archive
