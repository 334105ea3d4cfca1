"""Personal data at rest: one key file of central's, one derived key for each kind of data, AES-256-GCM.

What a sealed value belongs to (a person's id, a picture's digest) is authenticated with it, so that rows cannot be
exchanged. The database knows the key's fingerprint: data under two keys is refused before it is made.
"""

from __future__ import annotations

import hashlib
import os
from enum import StrEnum
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from central.store import Transaction
from edge.core.errors import ConfigError, DoesNotVerify

KEY_BYTES = 32
NONCE_BYTES = 12
_META = "vault"


class Drawer(StrEnum):
    """One kind of data, under a key of its own."""

    PERSON = "person"
    EMBEDDING = "embedding"
    PICTURE = "picture"
    TOTP = "totp"
    CONTENT = "content"  # only for digests that cannot be guessed at


class Vault:
    """Seals and opens. Holds the master key in memory."""

    def __init__(self, key: bytes) -> None:
        self._keys = {d: _derived(key, f"doorstep.vault/1 {d.value}") for d in Drawer}
        self._fingerprint = _derived(key, "doorstep.vault/1 fingerprint").hex()

    def seal(self, drawer: Drawer, plaintext: bytes, *, about: str) -> bytes:
        """Nonce and ciphertext; no two are alike."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self._keys[drawer]).encrypt(nonce, plaintext, about.encode())

    def open(self, drawer: Drawer, sealed: bytes, *, about: str) -> bytes:
        """Raises DoesNotVerify (step `vault`) when the value was altered or belongs to something else."""
        nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return AESGCM(self._keys[drawer]).decrypt(nonce, ciphertext, about.encode())
        except (InvalidTag, ValueError) as e:
            raise DoesNotVerify("personal data was altered or put in another's place", step="vault") from e

    def digest(self, content: bytes) -> str:
        """A digest that nobody without the key can compare guesses with."""
        return hashlib.blake2b(content, key=self._keys[Drawer.CONTENT], digest_size=32).hexdigest()

    def belongs_to(self, transaction: Transaction) -> None:
        """Note the key in a new database. Raises ConfigError when the database was filled under another."""
        noted = transaction.meta(_META)
        if noted is None:
            transaction.set_meta(_META, self._fingerprint)
        elif noted != self._fingerprint:
            raise ConfigError(
                "the database's personal data is under another key", remedy="Restore the key file of this central."
            )


def make_vault_key(path: Path) -> None:
    """Make the key file (mode 0600). Raises ConfigError when there is one: without it the data is lost."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(os.urandom(KEY_BYTES))
    except OSError as e:
        raise ConfigError(f"{path}: {e.strerror}", remedy="Choose a folder without a key.") from e


def load_vault(path: Path, transaction: Transaction) -> Vault:
    """The vault of this database; a central from before there was one gets its key now. Raises ConfigError."""
    if not path.exists() and transaction.meta(_META) is None:
        make_vault_key(path)
    try:
        key = path.read_bytes()
    except OSError as e:
        raise ConfigError(f"{path}: {e.strerror}", remedy="Restore the key file of this central.") from e
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{path} holds {len(key)} bytes, expected {KEY_BYTES}")
    vault = Vault(key)
    vault.belongs_to(transaction)
    return vault


def _derived(key: bytes, info: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info.encode()).derive(key)
