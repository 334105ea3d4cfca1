"""The key that signs bundles: the agency's own, or a developer's, made once on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import CryptoSigner

from edge.core.errors import SigningError
from edge.core.keys import KeyPurpose, KeyRole, PublicKeyDocument

DEVELOPER_KEY = "bundle-developer"


def signer_from(pem: Path) -> CryptoSigner:
    """A signer over an Ed25519 private key (PKCS8 PEM, unencrypted). Raises SigningError."""
    try:
        key = load_pem_private_key(pem.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as e:
        raise SigningError(f"cannot read the key {pem}: {e}", remedy="Give an unencrypted PKCS8 PEM file.") from e
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningError(f"{pem.name} is not an Ed25519 key", remedy="openssl genpkey -algorithm ed25519")
    return CryptoSigner(key)


def developer_key(folder: Path) -> Path:
    """The developer's key on this machine, made with mode 0600 when there is none."""
    pem = folder / f"{DEVELOPER_KEY}.pem"
    if not pem.is_file():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = Ed25519PrivateKey.generate()
        part = folder / f".{DEVELOPER_KEY}-{os.getpid()}"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        part.rename(pem)
    return pem


def public_document(signer: CryptoSigner, owner: str, purpose: KeyPurpose) -> bytes:
    """The public key as a document (edge/core/keys.py) for a unit's trust folder."""
    key = signer.public_key
    document = PublicKeyDocument(
        role=KeyRole.BUNDLE, purpose=purpose, owner=owner, keyid=key.keyid, public_hex=key.keyval["public"]
    )
    return msgspec.json.format(msgspec.json.encode(document))
