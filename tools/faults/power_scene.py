"""The unit of the power cuts: with central's keys, two bundles of real nets, and releases of its software."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner

from edge.core.bundle import Bundle
from edge.core.envelope import BUNDLE_TYPE, digest, seal
from edge.core.keys import KeyPurpose, KeyRole, PublicKeyDocument, decode_public_key, keys_of
from edge.core.manifest import encode_manifest
from edge.device.slots import Slots
from edge.models.bundle import export_bundle, read_exported, write_bundle
from edge.signing import keyfile, trust
from tools.bundle.places import bundle_folder, public_key_file
from tools.evaluate.default_bundle import find_bundle
from tools.faults.release import make_package, make_release
from tools.faults.scene import ROOT, Scene

UNIT_ID = "unit-power"


def two_bundles(folder: Path) -> tuple[tuple[Path, Path], list[PublicKeyDocument]]:
    """The built bundle and another of the same nets, exported, with the keys of both."""
    bundle = find_bundle(None)
    own = Ed25519PrivateKey.generate()
    other = _renamed(bundle, CryptoSigner(own))
    files = folder / "one.bundle.zip", folder / "other.bundle.zip"
    for one, file in zip((bundle, other), files, strict=True):
        export_bundle(one, file)
    document = keyfile.public_document(own, role=KeyRole.BUNDLE, purpose=KeyPurpose.DEMONSTRATION, owner="faults")
    return files, [decode_public_key(public_key_file(bundle_folder()).read_bytes()), document]


def unit_of(folder: Path, root: Path, exported: Path, keys: list[PublicKeyDocument]) -> None:
    """A unit at `root` with one of the bundles."""
    shutil.copytree(Scene(folder / "scene").add_unit(UNIT_ID), root)
    for document in keys:
        trust.add(root / "trust", document)
    write_bundle(read_exported(exported, keys_of(keys, KeyRole.BUNDLE)), root / "models")


class Releases:
    """A publisher's releases, and the one that came with the unit's own package, number 1, outside the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._own = folder, folder / "own"
        self.keys = folder / "release-keys"
        purpose = KeyPurpose.PROVISIONED
        self._key = keyfile.generate(self.keys, "release", role=KeyRole.RELEASE, purpose=purpose, owner="publisher")
        self._packages: dict[int, Path] = {}
        make_release(self._own, 1)

    def slots(self, folder: Path) -> Slots:
        folder.mkdir(exist_ok=True)
        return Slots(folder, ROOT / "systemd/programs/slot", self._own)

    def package(self, serial: int) -> Path:
        made = self._packages.get(serial)
        if made is None:
            made = self._packages[serial] = make_package(self._folder, serial, self._key.signer)
        return made


def _renamed(bundle: Bundle, signer: CryptoSigner) -> Bundle:
    manifest = msgspec.structs.replace(bundle.manifest, name=f"{bundle.manifest.name}-again")
    payload = encode_manifest(manifest)
    envelope = seal(payload, BUNDLE_TYPE, [signer])
    keyids = (signer.public_key.keyid,)
    return replace(bundle, manifest=manifest, sha256=digest(payload), key_ids=keyids, envelope=envelope)
