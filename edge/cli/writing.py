"""Files that a command writes where a person said: each whole or not at all, and a full disk is said in words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edge.core.errors import InputError
from edge.signing.keyfile import replace_whole


def write_files(files: Mapping[Path, bytes], *, mode: int = 0o644) -> None:
    """Write each in the place of what was there. Raises InputError; what was there before then still is."""
    for path, content in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_whole(path, content, mode)
        except OSError as e:
            raise InputError(
                f"cannot write {path}: {e.strerror}", remedy="Make room there, or choose another place."
            ) from e
