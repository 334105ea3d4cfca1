"""Sealing bytes to one reader's X25519 key, so that only its holder can open them.

HPKE, RFC 9180, base mode, one shot: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, no associated data. What
the content is and whom it is for goes into HPKE's `info`: moved to another place it does not open. Base mode says
nothing of the sender; signatures do that. A sealed value: 32 bytes of encapsulated key, then the ciphertext.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from edge.core.errors import DoesNotVerify

SUITE_NAME = "DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM"
OVERHEAD_BYTES = 48
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def sealing_keyid(public_hex: str) -> str:
    """The id of an X25519 key: SHA-256 of its 32 bytes, in lower-case hex."""
    return hashlib.sha256(bytes.fromhex(public_hex)).hexdigest()


def seal_to(public_hex: str, plaintext: bytes, *, info: bytes) -> bytes:
    """Seal `plaintext` to a public key (32 bytes in hex). No two results are alike. Raises DoesNotVerify."""
    try:
        key = X25519PublicKey.from_public_bytes(bytes.fromhex(public_hex))
        return _SUITE.encrypt(plaintext, key, info=info)
    except ValueError as e:
        raise DoesNotVerify(f"not an X25519 public key: {e}", step="seal") from e


def open_sealed(private_key: X25519PrivateKey, sealed: bytes, *, info: bytes) -> bytes:
    """What was sealed to this key under the same `info`. Raises DoesNotVerify (step `seal`)."""
    try:
        return _SUITE.decrypt(sealed, private_key, info=info)
    except (InvalidTag, ValueError) as e:
        raise DoesNotVerify("sealed to another key, for another place, or altered", step="seal") from e
