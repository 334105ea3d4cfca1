"""Central's receipt key, and the receipts it signs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import CryptoSigner, Signer, SSlibKey

from edge.core.envelope import RECEIPT_TYPE, seal
from edge.core.errors import SigningError
from edge.core.keys import KeyPurpose, KeyRole, PublicKeyDocument, decode_public_key
from edge.core.receipt import Receipt, encode_receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptIssuer:
    """Signs receipts in the name of one central."""

    central_id: str
    signer: Signer

    def issue(self, receipt: Receipt) -> bytes:
        """The receipt in its signed envelope."""
        return seal(encode_receipt(receipt), RECEIPT_TYPE, [self.signer])


def make_receipt_key(private_path: Path, *, central_id: str, purpose: KeyPurpose) -> PublicKeyDocument:
    """Make a key at `private_path` (PKCS #8, mode 0600) and its public document beside it (`.pub.json`).

    Raises SigningError when there is one: a receipt key is never overwritten.
    """
    private = Ed25519PrivateKey.generate()
    try:
        private_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        private_path.touch(mode=0o600, exist_ok=False)
        private_path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    except OSError as e:
        raise SigningError(f"{private_path}: {e.strerror}", remedy="Choose a folder without a key.") from e
    key = SSlibKey.from_crypto(private.public_key())
    document = PublicKeyDocument(
        role=KeyRole.RECEIPT,
        purpose=purpose,
        owner=central_id,
        keyid=key.keyid,
        public_hex=private.public_key().public_bytes_raw().hex(),
    )
    public_path(private_path).write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    return document


def public_path(private_path: Path) -> Path:
    """Where the public document of a private key file lies."""
    return private_path.with_suffix(".pub.json")


def load_public(private_path: Path) -> PublicKeyDocument:
    """The public document beside a private key file. Raises SigningError, CouldNotBeChecked."""
    try:
        return decode_public_key(public_path(private_path).read_bytes())
    except OSError as e:
        raise SigningError(f"{public_path(private_path)}: {e.strerror}") from e


def load_issuer(private_path: Path, *, central_id: str) -> ReceiptIssuer:
    """Raises SigningError when the key is missing or is none."""
    try:
        private = load_pem_private_key(private_path.read_bytes(), None)
    except OSError as e:
        raise SigningError(f"{private_path}: {e.strerror}") from e
    except (ValueError, TypeError) as e:
        raise SigningError(f"{private_path} is no private key") from e
    if not isinstance(private, Ed25519PrivateKey):
        raise SigningError(f"{private_path}: expected an Ed25519 key, got {type(private).__name__}")
    return ReceiptIssuer(central_id=central_id, signer=CryptoSigner(private))
