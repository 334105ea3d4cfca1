"""A document as a series of QR codes, for a screen and a camera where no stick may pass.

Each part is `DP1:`, four hex digits of the document's SHA-256, `:`, its number, `/`, how many there are, `:`, and
base32 without padding of a piece of the compressed document. Parts may be read in any order, and twice.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Iterable

from edge.core.errors import InputError

PREFIX = "DP1:"
PIECE_BYTES = 300
MOST_PARTS = 64
MAX_DOCUMENT_BYTES = 256 * 1024
_PART = re.compile(r"DP1:([0-9A-F]{4}):([0-9]{1,2})/([0-9]{1,2}):([A-Z2-7]+)")


def split(document: bytes) -> list[str]:
    """The texts of the QR codes, in order."""
    packed = zlib.compress(document, 9)
    pieces = [packed[i : i + PIECE_BYTES] for i in range(0, len(packed), PIECE_BYTES)]
    if len(pieces) > MOST_PARTS:
        raise InputError(f"{len(document)} bytes are too many for QR codes", remedy="Use a stick.")
    name = hashlib.sha256(document).hexdigest()[:4].upper()
    texts = (base64.b32encode(piece).decode().rstrip("=") for piece in pieces)
    return [f"{PREFIX}{name}:{number}/{len(pieces)}:{text}" for number, text in enumerate(texts, 1)]


def join(texts: Iterable[str]) -> bytes:
    """The document of which these are the parts. Raises InputError, naming the parts that are wanting."""
    found: dict[int, bytes] = {}
    names: set[tuple[str, int]] = set()
    for text in texts:
        match = _PART.fullmatch(text.strip())
        if match is None:
            raise InputError(f"this QR code is no part of a document: {text[:24]!r}")
        names.add((match[1], int(match[3])))
        found[int(match[2])] = _decoded(match[4])
    if len(names) != 1:
        raise InputError("the QR codes are of different documents", remedy="Read those of one document only.")
    (name, count) = names.pop()
    wanting = sorted(set(range(1, count + 1)) - set(found))
    if wanting:
        raise InputError(f"part {', '.join(map(str, wanting))} of {count} is wanting", remedy="Read those codes too.")
    document = _unpacked(b"".join(found[number] for number in range(1, count + 1)))
    if hashlib.sha256(document).hexdigest()[:4].upper() != name:
        raise InputError("the QR codes do not fit together", remedy="Read them again.")
    return document


def _decoded(text: str) -> bytes:
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error as e:
        raise InputError("this QR code was read wrongly", remedy="Read it again.") from e


def _unpacked(packed: bytes) -> bytes:
    machine = zlib.decompressobj()
    try:
        document = machine.decompress(packed, MAX_DOCUMENT_BYTES)
    except zlib.error as e:
        raise InputError("the QR codes do not fit together", remedy="Read them again.") from e
    if not machine.eof:
        raise InputError("the QR codes hold no whole document", remedy="Read them again.")
    return document
