"""Model bundles on disk: verified before any byte reaches a runtime, exported and installed as one file.

A bundle is a folder with `manifest.dsse.json` and the files it names, and nothing else. Opening it checks
  1 envelope   the manifest is signed by a key that this unit trusts for bundles
  2 manifest   it is of a known format and consistent
  3 files      exactly the named files are there, each with its size and digest
An exported bundle is a ZIP of the same, stored uncompressed, always the same bytes for the same bundle.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from securesystemslib.signer import Key

from edge.core.envelope import BUNDLE_TYPE, MAX_ENVELOPE_BYTES, digest, open_envelope
from edge.core.errors import CouldNotBeChecked, DoesNotVerify, ModelError
from edge.core.manifest import Manifest, Net, Role, decode_manifest

MANIFEST_FILE = "manifest.dsse.json"
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


class BundleRejected(DoesNotVerify, ModelError):
    """The bundle was checked and is not what its publisher signed."""

    default_remedy = "Do not use this bundle. Install it again from the file that the publisher gave out."


class BundleNotChecked(CouldNotBeChecked, ModelError):
    """The bundle could not be checked: a file, a key or a known format is missing."""

    default_remedy = "Install the bundle with `doorstep models install FILE`, and its publisher's key in trust/."


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A verified bundle in memory. sha256: of the signed manifest, which names every file by its digest."""

    manifest: Manifest
    sha256: str
    key_ids: tuple[str, ...]
    envelope: bytes = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)

    def model(self, role: Role) -> tuple[Net, bytes]:
        """The manifest's entry for a role, and the net's verified bytes."""
        net = self.manifest.net(role)
        return net, self.files[net.file]


def load_bundle(folder: Path, keys: Mapping[str, Key]) -> Bundle:
    """Read and check the bundle in `folder`. Raises BundleRejected or BundleNotChecked."""
    try:
        present = {entry.name for entry in folder.iterdir()}
    except OSError as e:
        raise BundleNotChecked(f"no model bundle at {folder}: {e.strerror}", step="files") from e
    return _checked(present, lambda name, limit: _read_file(folder / name, limit), keys)


def read_exported(file: Path, keys: Mapping[str, Key]) -> Bundle:
    """Read and check an exported bundle without unpacking it. Raises BundleRejected or BundleNotChecked."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = {}
            for entry in archive.infolist():
                if entry.filename in entries or entry.compress_type != zipfile.ZIP_STORED:
                    raise BundleRejected(f"{file.name}: entry {entry.filename!r} is doubled or packed", step="files")
                entries[entry.filename] = entry
            return _checked(set(entries), lambda name, limit: _read_entry(archive, entries[name], limit), keys)
    except OSError as e:
        raise BundleNotChecked(f"cannot read {file}: {e.strerror}", step="files") from e
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError) as e:
        raise BundleRejected(f"{file.name} is not a whole exported bundle: {e}", step="files") from e


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


def install_bundle(file: Path, folder: Path, keys: Mapping[str, Key]) -> Bundle:
    """Check an exported bundle and put it at `folder`, in place of what is there, whole or not at all."""
    bundle = read_exported(file, keys)
    write_bundle(bundle, folder)
    return bundle


def write_bundle(bundle: Bundle, folder: Path) -> None:
    """Write a verified bundle to `folder`; the old one stays until the new one is on the disk."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as work:
            fresh = Path(work) / "new"
            fresh.mkdir()
            for name, content in _contents(bundle).items():
                with (fresh / name).open("wb") as out:
                    out.write(content)
                    out.flush()
                    os.fsync(out.fileno())
            _exchange(fresh, folder, Path(work) / "old")
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


def _contents(bundle: Bundle) -> dict[str, bytes]:
    return {MANIFEST_FILE: bundle.envelope, **bundle.files}


def _checked(present: set[str], read: Callable[[str, int], bytes], keys: Mapping[str, Key]) -> Bundle:
    if MANIFEST_FILE not in present:
        raise BundleNotChecked(f"the bundle has no {MANIFEST_FILE}", step="envelope")
    envelope = read(MANIFEST_FILE, MAX_ENVELOPE_BYTES)
    try:
        opened = open_envelope(envelope, keys=keys, payload_types={BUNDLE_TYPE})
        manifest = decode_manifest(opened.payload)
    except DoesNotVerify as e:
        raise BundleRejected(f"bundle manifest: {e.message}", step=e.step) from e
    except CouldNotBeChecked as e:
        raise BundleNotChecked(f"bundle manifest: {e.message}", step=e.step) from e
    named = {net.file for net in manifest.nets}
    extra = sorted(present - named - {MANIFEST_FILE})
    if extra:
        raise BundleRejected(f"the bundle holds {extra[0]!r}, which its manifest does not name", step="files")
    files = {}
    for net in manifest.nets:
        if net.file not in present:
            raise BundleNotChecked(f"the bundle lacks {net.file}", step="files")
        content = read(net.file, net.size_bytes)
        found = hashlib.sha256(content).hexdigest()
        if len(content) != net.size_bytes or found != net.sha256:
            raise BundleRejected(f"{net.file}: SHA-256 {found[:16]}…, expected {net.sha256[:16]}…", step="files")
        files[net.file] = content
    return Bundle(
        manifest=manifest, sha256=digest(opened.payload), key_ids=opened.key_ids, envelope=envelope, files=files
    )


def _read_file(path: Path, limit: int) -> bytes:
    try:
        if path.is_symlink() or not path.is_file():
            raise BundleRejected(f"{path.name} is not a plain file", step="files")
        with path.open("rb") as source:
            return source.read(limit + 1)
    except OSError as e:
        raise BundleNotChecked(f"cannot read {path}: {e.strerror}", step="files") from e


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    with archive.open(entry) as source:
        return source.read(limit + 1)
