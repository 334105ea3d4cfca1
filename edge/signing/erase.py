"""Erasing keys, after which what they encrypted stays closed for good (crypto-erase, NIST SP 800-88 2.5).

Each file is overwritten, flushed and unlinked, and the folder flushed. On flash the overwriting reaches no old copy
that the card's controller keeps (docs/threat-model.md); a key that only ever was a systemd credential, sealed to the
TPM, leaves none.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from edge.core.errors import SigningError


def erase(files: Iterable[Path]) -> list[Path]:
    """Erase those of `files` that exist; gives them. Raises SigningError for one that is still there afterwards."""
    erased = []
    for path in files:
        if not path.is_symlink() and not path.exists():
            continue
        try:
            _overwrite(path)
            path.unlink()
            _flush(path.parent)
        except OSError as e:
            raise SigningError(
                f"cannot erase the key {path}: {e.strerror}", remedy="Run as root, then look that it is gone."
            ) from e
        erased.append(path)
    return erased


def _overwrite(path: Path) -> None:
    if path.is_symlink() or not path.is_file():
        return
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        for content in (b"\xff" * size, b"\0" * size):
            file.seek(0)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
