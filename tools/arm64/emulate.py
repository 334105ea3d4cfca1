"""Runs Python of an unpacked arm64 root under qemu's user emulation, with the board's own /proc/cpuinfo.

No chroot and no binfmt: qemu looks up the root's libraries by itself, and the mount of cpuinfo is seen only by the
process that asked for it. That mount takes root, or a user namespace of one's own.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from edge.core.errors import InputError
from tools.arm64.boards import Board, Release

QEMU = "qemu-aarch64-static"
LIMIT_S = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A release's root with the packages beside it, on one board."""

    release: Release
    board: Board
    root: Path
    packages: tuple[Path, ...]
    work: Path

    def python(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the root's Python with these arguments. Raises InputError where it cannot be run or takes too long."""
        if which(QEMU) is None:
            raise InputError(f"{QEMU} is not installed", remedy="apt-get install qemu-user-static")
        cpuinfo = self.work / f"cpuinfo-{self.board.name}"
        cpuinfo.write_text(self.board.cpuinfo())
        unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
        mounted = 'mount --bind "$0" /proc/cpuinfo && exec "$@"'
        command = [*unshare, "sh", "-c", mounted, str(cpuinfo), str(self._interpreter()), *words]
        try:
            return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, cwd=self.work)
        except subprocess.TimeoutExpired as e:
            raise InputError(
                f"no answer from the emulated {self.board.name} in {LIMIT_S:.0f} s",
                remedy="Emulation is slow: run it alone on the machine, one board at a time (--board).",
            ) from e

    def _interpreter(self) -> Path:
        """A script that is the root's Python to whoever runs it, the Python itself included (sys.executable)."""
        script = self.work / f"python-{self.release.name}-{self.board.name}"
        settings = {
            "PYTHONHOME": "/usr",
            "PYTHONPATH": ":".join(map(str, self.packages)),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LC_ALL": "C.UTF-8",
        }
        given = [part for name, value in settings.items() for part in ("-E", f"{name}={value}")]
        python = self.root / "usr" / "bin" / f"python{self.release.target.python}"
        words = shlex.join(
            [QEMU, "-0", str(script), "-L", str(self.root), "-cpu", self.board.cpu, *given, str(python)]
        )
        script.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        script.chmod(0o755)
        return script
