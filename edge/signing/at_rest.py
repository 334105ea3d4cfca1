"""Encryption of what lies on the unit (names, numbers, references): AES-256-GCM under the unit's data key.

The data key is a line of text: a systemd credential where the service has one (sealed to this machine's TPM or host
key, docs/threat-model.md), else `data.key` in the folder of keys, mode 0600. Beside it `data.id` names the key, so
that a lost key is told from one that was never made: a new key over old data would hide the loss.
A sealed value: 4 bytes `DSR1`, 8 bytes of the key's id, 12 random bytes, ciphertext and tag. The context is
authenticated with it: moved to another place it does not open. With random nonces a key is good for 2^32 values.
"""

from __future__ import annotations

import errno
import hashlib
import re
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edge.core.errors import DoesNotVerify, SigningError
from edge.signing.keyfile import read_credential, read_private, write_new

CREDENTIAL = "doorstep-data-key"
_MAGIC = b"DSR1"
_ID_BYTES, _NONCE_BYTES, _TAG_BYTES = 8, 12, 16
_LINE = re.compile(rb"doorstep-data-key/1 ([0-9a-f]{64})\n")
_LOST = (
    "What was encrypted with it stays closed; signed records are not touched. Restore the key if a credential of it "
    "was kept, else retire this unit and found it anew; central sends the list again."
)


class AtRestKey:
    """AtRest (edge/ports.py) over one data key."""

    __slots__ = ("_cipher", "key_id")

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self.key_id = hashlib.sha256(b"doorstep data key\n" + key).digest()[:_ID_BYTES]

    def seal(self, plain: bytes, *, context: bytes) -> bytes:
        """`plain`, encrypted for this place. No two results are alike."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        header = _MAGIC + self.key_id
        return header + nonce + self._cipher.encrypt(nonce, plain, header + context)

    def open(self, sealed: bytes, *, context: bytes) -> bytes:
        """What was sealed under the same context. Raises DoesNotVerify (step `at_rest`), SigningError (other key)."""
        header, rest = sealed[: len(_MAGIC) + _ID_BYTES], sealed[len(_MAGIC) + _ID_BYTES :]
        if not header.startswith(_MAGIC) or len(rest) < _NONCE_BYTES + _TAG_BYTES:
            raise DoesNotVerify("not a value that this unit encrypted", step="at_rest")
        if header[len(_MAGIC) :] != self.key_id:
            raise SigningError("encrypted under another data key than this unit's", remedy=_LOST)
        try:
            return self._cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], header + context)
        except InvalidTag as e:
            raise DoesNotVerify("an encrypted value was altered, or moved from another place", step="at_rest") from e

    def __repr__(self) -> str:
        return f"<AtRestKey {self.key_id.hex()}>"


def make_data_key(folder: Path) -> AtRestKey:
    """Make `data.key` and `data.id` in `folder`. Never overwrites, never replaces a lost one. Raises SigningError."""
    key = secrets.token_bytes(32)
    made = AtRestKey(key)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if (folder / "data.id").exists():
            raise FileExistsError(errno.EEXIST, "exists", str(folder / "data.id"))
        write_new(folder / "data.key", b"doorstep-data-key/1 %s\n" % key.hex().encode(), 0o600)
        write_new(folder / "data.id", made.key_id.hex().encode() + b"\n", 0o644)
    except FileExistsError as e:
        raise SigningError(f"this unit has had a data key: {e.filename} is there", remedy=_LOST) from e
    except OSError as e:
        raise SigningError(f"cannot write the data key in {folder}: {e.strerror}") from e
    return made


def load_data_key(folder: Path, credentials: Path | None) -> AtRestKey:
    """The data key from `credentials` (what systemd gave this service), else from `folder`.

    Raises SigningError when it is missing, open to others, broken, or not the one that `data.id` names.
    """
    given = credentials / CREDENTIAL if credentials else None
    raw = read_credential(given) if given and given.exists() else read_private(folder / "data.key")
    match = _LINE.fullmatch(raw)
    if match is None:
        raise SigningError(f"what should be the data key is none ({given or folder / 'data.key'})", remedy=_LOST)
    key = AtRestKey(bytes.fromhex(match[1].decode()))
    try:
        named = (folder / "data.id").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return key  # the service may be shut out of the folder, and the values name their key anyway
    if named != key.key_id.hex():
        raise SigningError(f"the data key is not the one that {folder / 'data.id'} names", remedy=_LOST)
    return key


def has_had_data_key(folder: Path, credentials: Path | None) -> bool:
    """Whether a data key was ever made for the unit of this folder."""
    places = [folder / "data.id", folder / "data.key"] + ([credentials / CREDENTIAL] if credentials else [])
    return any(place.exists() for place in places)
