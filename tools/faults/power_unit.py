"""The unit of the power cuts: with central's keys, and two bundles of real nets between which it is updated."""

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
from edge.models.bundle import export_bundle, read_exported, write_bundle
from edge.signing import trust
from edge.signing.keyfile import public_document
from tools.bundle.places import bundle_folder, public_key_file
from tools.evaluate.default_bundle import find_bundle
from tools.faults.scene import Scene

UNIT_ID = "unit-power"


def two_bundles(folder: Path) -> tuple[tuple[Path, Path], list[PublicKeyDocument]]:
    """The built bundle and another of the same nets, exported, with the keys of both."""
    bundle = find_bundle(None)
    own = Ed25519PrivateKey.generate()
    other = _renamed(bundle, CryptoSigner(own))
    files = folder / "one.bundle.zip", folder / "other.bundle.zip"
    for one, file in zip((bundle, other), files, strict=True):
        export_bundle(one, file)
    document = public_document(own, role=KeyRole.BUNDLE, purpose=KeyPurpose.DEMONSTRATION, owner="faults")
    return files, [decode_public_key(public_key_file(bundle_folder()).read_bytes()), document]


def unit_of(folder: Path, root: Path, exported: Path, keys: list[PublicKeyDocument]) -> None:
    """A unit at `root` with one of the bundles."""
    shutil.copytree(Scene(folder / "scene").add_unit(UNIT_ID), root)
    for document in keys:
        trust.add(root / "trust", document)
    write_bundle(read_exported(exported, keys_of(keys, KeyRole.BUNDLE)), root / "models")


def _renamed(bundle: Bundle, signer: CryptoSigner) -> Bundle:
    manifest = msgspec.structs.replace(bundle.manifest, name=f"{bundle.manifest.name}-again")
    payload = encode_manifest(manifest)
    envelope = seal(payload, BUNDLE_TYPE, [signer])
    keyids = (signer.public_key.keyid,)
    return replace(bundle, manifest=manifest, sha256=digest(payload), key_ids=keyids, envelope=envelope)
