"""Model bundles on disk: verified before any byte reaches a runtime (edge/core/bundle.py), exported as one file.

A bundle is a folder with `manifest.dsse.json` and the files it names, and nothing else.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from securesystemslib.signer import Key

from edge.core.bundle import MANIFEST_FILE as MANIFEST_FILE
from edge.core.bundle import Bundle as Bundle
from edge.core.bundle import BundleNotChecked as BundleNotChecked
from edge.core.bundle import BundleRejected as BundleRejected
from edge.core.bundle import checked, open_exported
from edge.core.errors import ModelError

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def load_bundle(folder: Path, keys: Mapping[str, Key]) -> Bundle:
    """Read and check the bundle in `folder`. Raises BundleRejected or BundleNotChecked."""
    try:
        present = {entry.name for entry in folder.iterdir()}
    except OSError as e:
        raise BundleNotChecked(f"no model bundle at {folder}: {e.strerror}", step="files") from e
    return checked(present, lambda name, limit: _read_file(folder / name, limit), keys)


def read_exported(file: Path, keys: Mapping[str, Key]) -> Bundle:
    """Read and check an exported bundle without unpacking it. Raises BundleRejected or BundleNotChecked."""
    try:
        with file.open("rb") as opened:
            return open_exported(opened, file.name, keys)
    except OSError as e:
        raise BundleNotChecked(f"cannot read {file}: {e.strerror}", step="files") from e


def export_bundle(bundle: Bundle, file: Path) -> None:
    """Write a verified bundle as one file; whole or not at all."""
    part = file.with_name(f".{file.name}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
            for name, content in sorted(_contents(bundle).items()):
                entry = zipfile.ZipInfo(name, _ZIP_TIME)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, content)
        part.replace(file)
    except OSError as e:
        part.unlink(missing_ok=True)
        raise ModelError(f"cannot write {file}: {e.strerror}", remedy="Choose another place, or make room.") from e


def write_bundle(bundle: Bundle, folder: Path) -> None:
    """Write a verified bundle to `folder`; the old one stays until the new one is on the disk."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for left in folder.parent.glob(f".{folder.name}-*"):  # by an installation that was cut off
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as work:
            fresh = Path(work) / "new"
            fresh.mkdir()
            for name, content in _contents(bundle).items():
                with (fresh / name).open("wb") as out:
                    out.write(content)
                    out.flush()
                    os.fsync(out.fileno())
            flush_names(fresh)
            _exchange(fresh, folder, Path(work) / "old")
            flush_names(folder.parent)
    except OSError as e:
        raise ModelError(
            f"cannot write the bundle to {folder}: {e.strerror}", remedy="Make room on the disk and install it again."
        ) from e


def _exchange(fresh: Path, folder: Path, old: Path) -> None:
    if folder.exists():
        folder.rename(old)
    try:
        fresh.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise


def flush_names(folder: Path) -> None:
    """Make the names in a folder durable; a file's own flush does not. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _contents(bundle: Bundle) -> dict[str, bytes]:
    return {MANIFEST_FILE: bundle.envelope, **bundle.files}


def _read_file(path: Path, limit: int) -> bytes:
    try:
        if path.is_symlink() or not path.is_file():
            raise BundleRejected(f"{path.name} is not a plain file", step="files")
        with path.open("rb") as source:
            return source.read(limit + 1)
    except OSError as e:
        raise BundleNotChecked(f"cannot read {path}: {e.strerror}", step="files") from e
