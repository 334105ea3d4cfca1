"""The converter's own Python environment: made once, from pinned versions, only when a bundle must be built."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from edge.core.errors import InputError

_REQUIREMENTS = Path(__file__).with_name("requirements-build.txt")
_ROOT = Path(__file__).parents[2]
_DOWNLOAD_MB = 60


def environment_python(cache: Path) -> Path | None:
    """The interpreter of the environment, if it has been made whole."""
    folder = _folder(cache)
    return folder / "bin" / "python" if (folder / "complete").is_file() else None


def make_environment(cache: Path) -> Path:
    """Make the environment and give its interpreter. Raises InputError."""
    folder = _folder(cache)
    shutil.rmtree(folder, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(folder)])
    python = folder / "bin" / "python"
    _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(_REQUIREMENTS)])
    (folder / "complete").touch()
    return python


def convert(python: Path, arguments: Sequence[str | Path]) -> None:
    """Run the converter (tools/bundle/convert) in its environment. Raises InputError with its last line."""
    _run([str(python), "-m", "tools.bundle.convert", *map(str, arguments)])


def download_mb() -> int:
    return _DOWNLOAD_MB


def _folder(cache: Path) -> Path:
    pins = hashlib.sha256(_REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    return cache / f"converter-{pins[:12]}"


def _run(command: list[str]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).strip().splitlines() if line.strip()]
        raise InputError(
            f"{' '.join(command[1:4])} failed: {lines[-1] if lines else 'no message'}",
            remedy="Read the message; with no network, install a bundle exported elsewhere.",
        )
