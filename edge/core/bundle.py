"""A model bundle as a value: a signed manifest and the files it names, checked before any byte reaches a runtime.

The steps:
  1 envelope   the manifest is signed by a key that may sign bundles
  2 manifest   it is of a known format and consistent
  3 files      exactly the named files are there, each with its size and digest
An exported bundle is a ZIP of manifest and files, stored uncompressed, always the same bytes for the same bundle.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from securesystemslib.signer import Key

from edge.core.envelope import BUNDLE_TYPE, MAX_ENVELOPE_BYTES, digest, open_envelope
from edge.core.errors import CouldNotBeChecked, DoesNotVerify, ModelError
from edge.core.manifest import Manifest, Net, Role, decode_manifest

MANIFEST_FILE = "manifest.dsse.json"


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


def open_exported(file: BinaryIO, name: str, keys: Mapping[str, Key]) -> Bundle:
    """Read and check an exported bundle without unpacking it. Raises BundleRejected or BundleNotChecked."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = {}
            for entry in archive.infolist():
                if entry.filename in entries or entry.compress_type != zipfile.ZIP_STORED:
                    raise BundleRejected(f"{name}: entry {entry.filename!r} is doubled or packed", step="files")
                entries[entry.filename] = entry
            return checked(set(entries), lambda one, limit: _read_entry(archive, entries[one], limit), keys)
    except OSError as e:
        raise BundleNotChecked(f"cannot read {name}: {e.strerror}", step="files") from e
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError) as e:
        raise BundleRejected(f"{name} is not a whole exported bundle: {e}", step="files") from e


def checked(present: set[str], read: Callable[[str, int], bytes], keys: Mapping[str, Key]) -> Bundle:
    """The bundle of the files `present`; read(name, limit) gives at most limit + 1 bytes of one.

    Raises BundleRejected or BundleNotChecked.
    """
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


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    with archive.open(entry) as source:
        return source.read(limit + 1)
