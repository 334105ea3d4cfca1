"""Ed25519 private keys on disk: `NAME.key` and, for everybody to read, `NAME.pub.json` beside it.

NAME.key is RFC 7468 text: lines `role:`, `purpose:` and `owner:` (explanatory text, section 5.2), then the key in
PKCS #8 PEM; mode 0600. Role, purpose and owner are read from there and nowhere else: whoever edits the public
document alone is found out, and whoever can edit the private file could sign anyway (docs/adr/0003).
Nothing of the private half appears in a repr, a log line or an error.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner, Signer

from edge.core.errors import CouldNotBeChecked, SigningError
from edge.core.keys import KeyPurpose, KeyRole, PublicKeyDocument, decode_public_key

_BEGIN = b"-----BEGIN PRIVATE KEY-----"
_MAX_BYTES = 4096
_FORBIDDEN_MODE = stat.S_IRWXG | stat.S_IRWXO


class KeyFile:
    """RecordSigner (or central's, or a publisher's) over a private key file, loaded once."""

    __slots__ = ("_public", "_signer")

    def __init__(self, private_key: Ed25519PrivateKey, public: PublicKeyDocument) -> None:
        self._public = public
        self._signer = CryptoSigner(private_key, CryptoSigner(private_key).public_key)

    @property
    def public(self) -> PublicKeyDocument:
        return self._public

    @property
    def signer(self) -> Signer:
        return self._signer

    def __repr__(self) -> str:
        return f"<KeyFile {self._public.role.value} {self._public.purpose.value} {self._public.keyid[:16]}>"


def generate(folder: Path, name: str, *, role: KeyRole, purpose: KeyPurpose, owner: str) -> KeyFile:
    """Make a key pair `folder/name.key` and `.pub.json`. Never overwrites. Raises SigningError."""
    return keep(folder, name, Ed25519PrivateKey.generate(), role=role, purpose=purpose, owner=owner)


def keep(
    folder: Path, name: str, private_key: Ed25519PrivateKey, *, role: KeyRole, purpose: KeyPurpose, owner: str
) -> KeyFile:
    """Write a given private key as `generate` does."""
    if not owner or any(c in owner for c in "\r\n"):
        raise SigningError(f"the owner of a key is one line of text, got {owner!r}")
    key = KeyFile(private_key, public_document(private_key, role=role, purpose=purpose, owner=owner))
    lines = f"role: {role.value}\npurpose: {purpose.value}\nowner: {owner}\n\n"
    signer = key.signer
    assert isinstance(signer, CryptoSigner)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if (folder / f"{name}.pub.json").exists():
            raise FileExistsError(errno.EEXIST, "exists", str(folder / f"{name}.pub.json"))
        write_new(folder / f"{name}.key", lines.encode() + signer.private_bytes, 0o600)
        write_new(folder / f"{name}.pub.json", encode_public(key.public), 0o644)
    except FileExistsError as e:
        raise SigningError(
            f"there is already a key {e.filename}",
            remedy="Keep it: records signed with it need it. Make a new unit in another folder.",
        ) from e
    except OSError as e:
        raise SigningError(f"cannot write the key pair {folder / name}: {e.strerror}") from e
    return key


def load(folder: Path, name: str, credential: Path | None = None) -> KeyFile:
    """The key pair `folder/name`, its private half from `credential` where systemd placed one there.

    Raises SigningError when it is missing, exposed, broken or does not agree.
    """
    given = credential is not None and credential.exists()
    path = credential if credential is not None and given else folder / f"{name}.key"
    text, pem = split_statement(path, read_credential(path) if given else read_private(path))
    private_key = _parse(path, pem)
    statement = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    try:
        role, purpose = KeyRole(statement["role"]), KeyPurpose(statement["purpose"])
        public = public_document(private_key, role=role, purpose=purpose, owner=statement["owner"])
    except (KeyError, ValueError) as e:
        raise SigningError(f"{path} does not say role, purpose and owner of the key") from e
    _compare(folder / f"{name}.pub.json", public)
    return KeyFile(private_key, public)


def public_document(
    private_key: Ed25519PrivateKey, *, role: KeyRole, purpose: KeyPurpose, owner: str
) -> PublicKeyDocument:
    """The public half as a document; the key id is securesystemslib's, a digest of the public key."""
    public = CryptoSigner(private_key).public_key
    return PublicKeyDocument(
        role=role, purpose=purpose, owner=owner, keyid=public.keyid, public_hex=public.keyval["public"]
    )


def encode_public(document: PublicKeyDocument) -> bytes:
    """The bytes of a `.pub.json` file."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def read_private(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError as e:
        raise SigningError(f"no private key at {path}") from e
    except OSError as e:
        raise SigningError(f"cannot open the private key {path}: {e.strerror}") from e
    try:
        _check_private(path, os.fstat(descriptor))
        return os.read(descriptor, _MAX_BYTES)
    except OSError as e:
        raise SigningError(f"cannot read the private key {path}: {e.strerror}") from e
    finally:
        os.close(descriptor)


def read_credential(path: Path) -> bytes:
    """A credential that systemd placed: root's, readable by the service through an access list, whose mask shows as
    the group's bits; so the group may read here, and nobody else may."""
    try:
        status = path.stat()
        if status.st_uid not in (0, os.geteuid()) or status.st_mode & (stat.S_IWGRP | stat.S_IRWXO):
            raise SigningError(f"the credential {path.name} is open to others (mode {status.st_mode & 0o7777:04o})")
        return path.read_bytes()[:_MAX_BYTES]
    except OSError as e:
        raise SigningError(f"cannot read the credential {path.name}: {e.strerror}") from e


def _check_private(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SigningError(f"the private key {path} is not a plain file")
    if status.st_mode & _FORBIDDEN_MODE:
        raise SigningError(
            f"the private key {path} is open to others (mode {stat.S_IMODE(status.st_mode):04o}, expected 0600)",
            remedy=f"If nobody else had access, run `chmod 600 {path}`; otherwise provision the unit again.",
        )
    # Root works on the bench with the keys of the unit's own users.
    if os.geteuid() != 0 and status.st_uid not in (os.geteuid(), 0):
        raise SigningError(f"the private key {path} belongs to user {status.st_uid}, not to this one")


def split_statement(path: Path, raw: bytes) -> tuple[str, bytes]:
    text, begin, rest = raw.partition(_BEGIN)
    if not begin:
        raise SigningError(f"{path} holds no PKCS #8 private key")
    return text.decode("utf-8", "replace"), begin + rest


def _parse(path: Path, pem: bytes) -> Ed25519PrivateKey:
    try:
        private_key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # `from None`: what the parser has to say may quote the file.
        raise SigningError(f"the private key in {path} cannot be read") from None
    if not isinstance(private_key, Ed25519PrivateKey):
        raise SigningError(f"the private key in {path} is not an Ed25519 key")
    return private_key


def _compare(path: Path, public: PublicKeyDocument) -> None:
    """The public document is a copy for others; where it is missing nothing is lost, where it differs it lies."""
    try:
        found = decode_public_key(path.read_bytes())
    except FileNotFoundError:
        return
    except (OSError, CouldNotBeChecked) as e:
        raise SigningError(f"the public key document {path} cannot be read: {e}") from e
    for field in PublicKeyDocument.__struct_fields__:
        if getattr(found, field) != getattr(public, field):
            raise SigningError(
                f"{path.name} says {field} {str(getattr(found, field))!r}, "
                f"the private key says {str(getattr(public, field))!r}",
                remedy="Somebody edited the public document or mixed two keys. Find out who; then delete the "
                ".pub.json only, and run `doorstep unit show`.",
            )


def write_new(path: Path, content: bytes, mode: int) -> None:
    """Write a file that is not there yet, whole and durable, or not at all. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
    except OSError:
        path.unlink(missing_ok=True)  # half a key would stand in the way of a whole one
        raise


def replace_whole(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file in the place of the one before, which stays until the new one is whole. Raises OSError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        write_new(draft, content, mode)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
