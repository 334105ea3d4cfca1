"""A field worker's Ed25519 key, sealed under the PIN.

A PIN has about 20 bits, so what stands between a stolen card and the key is what one guess costs (Argon2id, RFC 9106)
and the unit's data key, under which the store keeps this once more (edge/signing/at_rest.py).
Parameters: 32 MiB, 4 passes, 1 lane. On a Pi Zero 2 W the visit daemon with its nets and one derivation must fit into
512 MB, which rules out RFC 9106's 2 GiB and makes its 64 MiB tight while a visit runs; 4 passes instead of 3 make
up for half of that in time. One lane, because more would gain the worker what they gain the thief. It is above
OWASP's least (19 MiB, 2 passes). The parameters stand beside the key, within bounds, so that they can grow without
locking anybody out.
"""

from __future__ import annotations

import secrets

import msgspec
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from securesystemslib.signer import CryptoSigner, Signer

from edge.core.document import read_json
from edge.core.errors import DoesNotVerify, SigningError
from edge.core.keys import KeyPurpose, KeyRole, PublicKeyDocument
from edge.ports import AtRest
from edge.signing.keyfile import public_document

FORMAT = "doorstep.worker-key/1"
MEMORY_KIB, PASSES, LANES = 32 * 1024, 4, 1
_MEMORY_KIB_BOUNDS, _PASSES_BOUNDS, _LANES_BOUNDS = (19 * 1024, 128 * 1024), (1, 16), (1, 4)


class SealedKey(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored: the private key under AES-256-GCM, whose key Argon2id makes of the PIN."""

    public: PublicKeyDocument
    salt: bytes
    nonce: bytes
    sealed: bytes
    memory_kib: int = MEMORY_KIB
    passes: int = PASSES
    lanes: int = LANES
    format: str = FORMAT


class PinBox:
    """WorkerKeyBox over Argon2id and the unit's data key."""

    def __init__(self, at_rest: AtRest) -> None:
        self._at_rest = at_rest

    def make(self, worker_id: str, pin: str, purpose: KeyPurpose) -> tuple[bytes, PublicKeyDocument, Signer]:
        private_key = Ed25519PrivateKey.generate()
        public = public_document(private_key, role=KeyRole.WORKER, purpose=purpose, owner=worker_id)
        return self._put(_sealed(private_key, public, pin)), public, CryptoSigner(private_key)

    def open(self, sealed: bytes, public: PublicKeyDocument, pin: str) -> Signer | None:
        private_key = _opened(self._get(sealed, public), pin)
        return CryptoSigner(private_key) if private_key else None

    def reseal(self, sealed: bytes, public: PublicKeyDocument, pin: str, new_pin: str) -> bytes | None:
        private_key = _opened(self._get(sealed, public), pin)
        return self._put(_sealed(private_key, public, new_pin)) if private_key else None

    def _put(self, key: SealedKey) -> bytes:
        plain = msgspec.json.encode(key, order="deterministic")
        return self._at_rest.seal(plain, context=_context(key.public))

    def _get(self, sealed: bytes, public: PublicKeyDocument) -> SealedKey:
        try:
            raw = self._at_rest.open(sealed, context=_context(public))
            found = read_json(raw, SealedKey, format_=FORMAT, what="the worker's key")
        except DoesNotVerify as e:
            raise SigningError(f"a worker's key cannot be read: {e.message}") from e
        _check_bounds(found)
        if found.public != public:
            raise SigningError("a worker's sealed key and its public document do not agree")
        return found


def _sealed(private_key: Ed25519PrivateKey, public: PublicKeyDocument, pin: str) -> SealedKey:
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    empty = SealedKey(public=public, salt=salt, nonce=nonce, sealed=b"")
    sealed = AESGCM(_derived(empty, pin)).encrypt(nonce, private_key.private_bytes_raw(), _bound_to(public))
    return msgspec.structs.replace(empty, sealed=sealed)


def _opened(found: SealedKey, pin: str) -> Ed25519PrivateKey | None:
    try:
        raw = AESGCM(_derived(found, pin)).decrypt(found.nonce, found.sealed, _bound_to(found.public))
    except InvalidTag:
        return None
    private_key = Ed25519PrivateKey.from_private_bytes(raw)
    if private_key.public_key().public_bytes_raw().hex() != found.public.public_hex:
        raise SigningError("a worker's private key and its public document do not agree")
    return private_key


def _derived(key: SealedKey, pin: str) -> bytes:
    try:
        kdf = Argon2id(salt=key.salt, length=32, iterations=key.passes, lanes=key.lanes, memory_cost=key.memory_kib)
        return kdf.derive(pin.encode())
    except UnsupportedAlgorithm as e:
        raise SigningError(
            "this machine's OpenSSL has no Argon2id", remedy="Install `cryptography` from its own wheel."
        ) from e
    except MemoryError as e:
        raise SigningError(
            f"{key.memory_kib // 1024} MiB of memory are not free to open a worker's key",
            remedy="Close other programs on the unit and try again; the attempt is not counted.",
        ) from e


def _bound_to(public: PublicKeyDocument) -> bytes:
    return msgspec.json.encode(public, order="deterministic")


def _context(public: PublicKeyDocument) -> bytes:
    return f"worker key\n{public.owner}\n{public.keyid}".encode()


def _check_bounds(key: SealedKey) -> None:
    bounds = (
        (key.memory_kib, _MEMORY_KIB_BOUNDS), (key.passes, _PASSES_BOUNDS), (key.lanes, _LANES_BOUNDS),
        (len(key.salt), (16, 64)), (len(key.nonce), (12, 12)),
    )  # fmt: skip
    if any(not least <= value <= most for value, (least, most) in bounds):
        raise SigningError("a worker's key asks for more memory or passes than any this software makes")
