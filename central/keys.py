"""Central's keys for what goes down, one per role, beside the receipt key; made when first needed.

Each can be kept by whoever does that work: who imports lists cannot retire units (docs/adr/0006). The last is not for
signing: evidence is sealed to it, and only the desk needs its private half.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import CryptoSigner, Signer, SSlibKey

from central.config import CentralConfig, StoreKind
from edge.core.downward import ROLES, MessageKind
from edge.core.errors import SigningError
from edge.core.keys import KeyPurpose, KeyRole, PublicKeyDocument
from edge.core.sealing import sealing_keyid

EVIDENCE_KEY = "evidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSigners:
    """The signer of each kind of message, in the name of one central."""

    central_id: str
    by_kind: dict[MessageKind, Signer]


def message_signers(folder: Path, config: CentralConfig) -> MessageSigners:
    """The keys in the folder of `central.toml`, made where there are none. Raises SigningError."""
    by_kind: dict[MessageKind, Signer] = {}
    for kind, role in ROLES.items():
        private = _private(_path(folder, config, role.value), config, role)
        assert isinstance(private, Ed25519PrivateKey)
        by_kind[kind] = CryptoSigner(private)
    return MessageSigners(central_id=config.central_id, by_kind=by_kind)


def evidence_key(folder: Path, config: CentralConfig) -> X25519PrivateKey:
    """What units seal evidence to. Raises SigningError."""
    private = _private(_path(folder, config, EVIDENCE_KEY), config, KeyRole.SEALING)
    assert isinstance(private, X25519PrivateKey)
    return private


def public_documents(folder: Path, config: CentralConfig) -> list[Path]:
    """The documents of all keys that a unit of this central must trust, the receipt key's among them."""
    message_signers(folder, config)
    evidence_key(folder, config)
    names = [*dict.fromkeys(role.value for role in ROLES.values()), EVIDENCE_KEY]
    paths = [folder / config.receipt_key, *(_path(folder, config, name) for name in names)]
    return [path.with_suffix(".pub.json") for path in paths]


def _path(folder: Path, config: CentralConfig, name: str) -> Path:
    return (folder / config.receipt_key).with_name(f"{name}.pem")


def _private(path: Path, config: CentralConfig, role: KeyRole) -> Ed25519PrivateKey | X25519PrivateKey:
    if not path.exists():
        _make(path, config, role)
    wanted = X25519PrivateKey if role is KeyRole.SEALING else Ed25519PrivateKey
    try:
        private = load_pem_private_key(path.read_bytes(), None)
    except OSError as e:
        raise SigningError(f"{path}: {e.strerror}") from e
    except (ValueError, TypeError):
        raise SigningError(f"{path} is no private key") from None
    if not isinstance(private, wanted):
        raise SigningError(f"{path}: expected {wanted.__name__}, got {type(private).__name__}")
    return private


def _make(path: Path, config: CentralConfig, role: KeyRole) -> None:
    private = X25519PrivateKey.generate() if role is KeyRole.SEALING else Ed25519PrivateKey.generate()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        document = msgspec.json.format(msgspec.json.encode(_document(private, config, role)), indent=2)
        path.with_suffix(".pub.json").write_bytes(document + b"\n")
    except OSError as e:
        raise SigningError(f"{path}: {e.strerror}") from e


def _document(
    private: Ed25519PrivateKey | X25519PrivateKey, config: CentralConfig, role: KeyRole
) -> PublicKeyDocument:
    public = private.public_key()
    public_hex = public.public_bytes_raw().hex()
    keyid = sealing_keyid(public_hex) if role is KeyRole.SEALING else SSlibKey.from_crypto(public).keyid
    purpose = KeyPurpose.PROVISIONED if config.kind is StoreKind.GENUINE else KeyPurpose.DEMONSTRATION
    return PublicKeyDocument(role=role, purpose=purpose, owner=config.central_id, keyid=keyid, public_hex=public_hex)
