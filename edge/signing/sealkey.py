"""X25519 private keys on disk, for opening what others sealed: `NAME.key` in the form of edge/signing/keyfile.py.

Such a key signs nothing. Its public half travels inside a statement that a signing key vouches for.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from edge.core.errors import SigningError
from edge.core.keys import KeyPurpose, KeyRole, PublicKeyDocument
from edge.core.sealing import sealing_keyid
from edge.signing.keyfile import read_private, split_statement, write_new


def make_sealing_key(path: Path) -> X25519PrivateKey:
    """Make a key at `path` (mode 0600). Never overwrites. Raises SigningError."""
    private_key = X25519PrivateKey.generate()
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_new(path, b"role: sealing\n\n" + pem, 0o600)
    except OSError as e:
        raise SigningError(f"cannot write the key {path}: {e.strerror}") from e
    return private_key


def load_sealing_key(path: Path) -> X25519PrivateKey:
    """Raises SigningError when the key is missing, exposed, broken or of another kind."""
    pem = split_statement(path, read_private(path))[1]
    try:
        private_key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # `from None`: what the parser has to say may quote the file.
        raise SigningError(f"the private key in {path} cannot be read") from None
    if not isinstance(private_key, X25519PrivateKey):
        raise SigningError(f"the private key in {path} is not an X25519 key")
    return private_key


def sealing_document(private_key: X25519PrivateKey, *, purpose: KeyPurpose, owner: str) -> PublicKeyDocument:
    """The public half as a document."""
    public_hex = private_key.public_key().public_bytes_raw().hex()
    return PublicKeyDocument(
        role=KeyRole.SEALING, purpose=purpose, owner=owner, keyid=sealing_keyid(public_hex), public_hex=public_hex
    )
