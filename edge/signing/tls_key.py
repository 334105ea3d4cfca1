"""The unit's TLS identity on disk: its P-256 key, made here and never sent, and what an authority answered.

Made by root on the bench, a file is handed to the user who owns the folder that it lies in.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from edge.core.errors import ConfigError, SigningError
from edge.signing.keyfile import read_private, replace_whole, write_new


def tls_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The key at `path`, made now (mode 0600) where there is none. Raises SigningError."""
    if not path.exists():
        _make(path)
    try:
        key = load_pem_private_key(read_private(path), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # `from None`: what the parser has to say may quote the file.
        raise SigningError(f"the private key in {path} cannot be read") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SigningError(f"the private key in {path} is not an EC key")
    return key


def public_sha256(public: ec.EllipticCurvePublicKey) -> str:
    """SHA-256 of the public key (SubjectPublicKeyInfo), in hex."""
    return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def put(path: Path, content: bytes) -> None:
    """Write a file that is no secret, in the place of the one before. Raises ConfigError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        replace_whole(path, content)
        _hand_over(path)
    except OSError as e:
        raise ConfigError(f"cannot write {path}: {e.strerror}", remedy="Make room, or run as the unit's user.") from e


def _make(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    try:
        if not path.parent.exists():
            path.parent.mkdir(parents=True, mode=0o750)
            _hand_over(path.parent)
        write_new(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
        _hand_over(path)
    except OSError as e:
        raise SigningError(f"cannot write the key {path}: {e.strerror}") from e


def _hand_over(path: Path) -> None:
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)
