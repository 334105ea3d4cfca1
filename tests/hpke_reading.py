"""HPKE as RFC 9180 describes it, read once more and written down plainly: a second opinion on the product."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


@dataclass(frozen=True)
class Reading:
    """Sections 4, 4.1 and 5.1 of the RFC, written down plainly, for one AEAD."""

    aead_id: int
    key_bytes: int

    def open(self, private: X25519PrivateKey, enc: bytes, ciphertext: bytes, *, info: bytes, aad: bytes) -> bytes:
        key, nonce = self._scheduled(self._decapsulated(private, enc), info)
        return AESGCM(key).decrypt(nonce, ciphertext, aad)

    def seal(
        self, public: X25519PublicKey, plaintext: bytes, *, info: bytes, ephemeral: X25519PrivateKey
    ) -> bytes:
        """Encapsulated key and ciphertext; with a fixed ephemeral key, for vectors only."""
        enc = ephemeral.public_key().public_bytes_raw()
        shared = self._shared(ephemeral.exchange(public), enc + public.public_bytes_raw())
        key, nonce = self._scheduled(shared, info)
        return enc + AESGCM(key).encrypt(nonce, plaintext, b"")

    def _scheduled(self, shared: bytes, info: bytes) -> tuple[bytes, bytes]:
        suite = b"HPKE" + (0x20).to_bytes(2) + (1).to_bytes(2) + self.aead_id.to_bytes(2)
        psk_id_hash = extract(b"", b"HPKE-v1" + suite + b"psk_id_hash")
        info_hash = extract(b"", b"HPKE-v1" + suite + b"info_hash" + info)
        context = b"\0" + psk_id_hash + info_hash
        secret = extract(shared, b"HPKE-v1" + suite + b"secret")
        key = expand(secret, suite, b"key", context, self.key_bytes)
        return key, expand(secret, suite, b"base_nonce", context, 12)

    def _decapsulated(self, private: X25519PrivateKey, enc: bytes) -> bytes:
        dh = private.exchange(X25519PublicKey.from_public_bytes(enc))
        return self._shared(dh, enc + private.public_key().public_bytes_raw())

    def _shared(self, dh: bytes, context: bytes) -> bytes:
        suite = b"KEM" + (0x20).to_bytes(2)
        eae_prk = extract(b"", b"HPKE-v1" + suite + b"eae_prk" + dh)
        return expand(eae_prk, suite, b"shared_secret", context, 32)


def extract(salt: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), ikm, "sha256")


def expand(prk: bytes, suite: bytes, label: bytes, info: bytes, length: int) -> bytes:
    """LabeledExpand for at most one block of the hash."""
    labeled = length.to_bytes(2) + b"HPKE-v1" + suite + label + info
    return hmac.digest(prk, labeled + b"\x01", "sha256")[:length]
