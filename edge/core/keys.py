"""Public keys as documents: whose they are, what they may sign, and whether they are for real.

A key's purpose is fixed when it is made. Only a PROVISIONED key signs genuine records; a DEMONSTRATION key
signs simulated ones, whatever the camera (docs/adr/0003).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import StrEnum

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from securesystemslib.signer import Key, SSlibKey

from edge.core.errors import CouldNotBeChecked

FORMAT = "doorstep.public-key/1"


class KeyRole(StrEnum):
    """What a key may sign, one kind of thing each (docs/adr/0006). SEALING keys sign nothing: one seals to them."""

    RECORD = "record"
    WORKER = "worker"
    TECHNICIAN = "technician"
    CONFIRMATION = "confirmation"
    RECEIPT = "receipt"
    LIST = "list"
    DECISION = "decision"
    POLICY = "policy"
    COMMAND = "command"
    BUNDLE = "bundle"
    RELEASE = "release"
    SEALING = "sealing"


class KeyPurpose(StrEnum):
    PROVISIONED = "provisioned"
    DEMONSTRATION = "demonstration"


class PublicKeyDocument(msgspec.Struct, frozen=True, kw_only=True):
    """`owner` is the unit's id for RECORD and CONFIRMATION, the field worker's for WORKER, the technician's name for
    TECHNICIAN, the publisher's for BUNDLE, central's id for what central signs. SEALING belongs to the reader, and is
    an X25519 key; all others are Ed25519 keys."""

    role: KeyRole
    purpose: KeyPurpose
    owner: str
    keyid: str
    public_hex: str
    format: str = FORMAT

    def key(self) -> Key:
        """The Ed25519 key itself. Raises CouldNotBeChecked (step `key`) for one that signs nothing."""
        if self.role is KeyRole.SEALING:
            raise CouldNotBeChecked("a sealing key signs nothing", step="key")
        value = {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": self.public_hex}}
        return SSlibKey.from_dict(self.keyid, value)


_DOCUMENT = msgspec.json.Decoder(PublicKeyDocument)


def key_sha256(document: PublicKeyDocument) -> str:
    """SHA-256 of the public key, in hex."""
    return hashlib.sha256(bytes.fromhex(document.public_hex)).hexdigest()


def has_own_keyid(document: PublicKeyDocument) -> bool:
    """Whether the key id is the digest of that very key: asked where a key is known by its id alone."""
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(document.public_hex))
    except ValueError:
        return False
    return SSlibKey.from_crypto(public).keyid == document.keyid


def fingerprint(document: PublicKeyDocument) -> str:
    """The same in groups of four, to be read out over the telephone."""
    return spaced(key_sha256(document))


def spaced(hexadecimal: str) -> str:
    """Hex digits in groups of four."""
    return " ".join(hexadecimal[i : i + 4] for i in range(0, len(hexadecimal), 4))


def keys_of(documents: Iterable[PublicKeyDocument], role: KeyRole, owner: str | None = None) -> dict[str, Key]:
    """The keys among `documents` that may sign as `role` (and belong to `owner`), by key id."""
    return {d.keyid: d.key() for d in documents if d.role is role and (owner is None or d.owner == owner)}


def decode_public_key(raw: bytes) -> PublicKeyDocument:
    """Read a public key document. Raises CouldNotBeChecked (step `key`) for anything else."""
    try:
        document = _DOCUMENT.decode(raw)
        if document.format != FORMAT or len(bytes.fromhex(document.public_hex)) != 32:
            raise ValueError("not a document of a 32-byte public key")
    except (msgspec.DecodeError, ValueError) as e:
        raise CouldNotBeChecked(f"not a public key document: {e}", step="key") from e
    return document
