"""Public keys that this machine believes: a folder of public key documents, one file each.

Whoever may write the folder decides who is believed, so it is written by a technician only. Two different keys
under one key id, or a document that cannot be read, refuse the whole folder: a silent gap would show up as
"could not be checked" much later, and far from its cause.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from edge.core.errors import CouldNotBeChecked, SigningError
from edge.core.keys import KeyRole, PublicKeyDocument, decode_public_key
from edge.signing.keyfile import encode_public, replace_whole

_SUFFIX = ".pub.json"
_MAX_BYTES = 4096


def read_document(path: Path) -> PublicKeyDocument:
    """A public key document from a file. Raises CouldNotBeChecked (step `key`)."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
    except OSError as e:
        raise CouldNotBeChecked(
            f"cannot read the public key {path}: {e.strerror}", step="key", remedy="Check the path."
        ) from e
    try:
        return decode_public_key(raw)
    except CouldNotBeChecked as e:
        raise CouldNotBeChecked(
            f"{path}: {e.message}", step="key", remedy="Give a NAME.pub.json as `doorstep unit show` prints it."
        ) from e


def read_folder(folder: Path) -> list[PublicKeyDocument]:
    """All documents in `folder`, by file name; none when there is no such folder."""
    if not folder.is_dir():
        return []
    return merged(read_document(path) for path in sorted(folder.glob(f"*{_SUFFIX}")))


def merged(documents: Iterable[PublicKeyDocument]) -> list[PublicKeyDocument]:
    """The documents without repeats. Raises SigningError for two that claim one key id."""
    by_keyid: dict[str, PublicKeyDocument] = {}
    for document in documents:
        if by_keyid.setdefault(document.keyid, document) != document:
            raise SigningError(
                f"two public key documents differ under the key id {document.keyid[:16]}…",
                remedy="One of them is forged or edited. Get the right one from its owner and remove the other.",
            )
    return list(by_keyid.values())


def add(folder: Path, document: PublicKeyDocument) -> Path:
    """Keep `document` in the trust folder; the same again changes nothing. Raises SigningError."""
    merged([*read_folder(folder), document])
    # The name is made of what cannot carry a path: the owner is somebody else's text.
    name = hashlib.sha256(document.keyid.encode()).hexdigest()[:16]
    path = folder / f"{document.role.value}-{name}{_SUFFIX}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        replace_whole(path, encode_public(document))
    except OSError as e:
        raise SigningError(
            f"cannot write {path}: {e.strerror}", remedy="Run as the user who owns the unit's folder."
        ) from e
    return path


def owners(documents: Iterable[PublicKeyDocument], role: KeyRole) -> list[str]:
    """Who may sign as `role`."""
    return sorted({d.owner for d in documents if d.role is role})
