"""What is carried by hand between unit and central: a first line that says what follows, then one envelope a line.

Nothing in a parcel is believed for being in it: every line is a signed envelope, judged as if it had come over the
wire. A parcel that was cut off is as good as its whole lines; the first line says how many there should be.
A chunk, which holds any bytes, stands there in base64.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum

import msgspec

from edge.core.chunks import is_chunk
from edge.core.config import UNIT_ID
from edge.core.document import read_json
from edge.core.envelope import MAX_ENVELOPE_BYTES
from edge.core.errors import DoesNotVerify

FORMAT = "doorstep.parcel/1"
MAX_LINE_BYTES = MAX_ENVELOPE_BYTES + 1
MAX_HEADER_BYTES = 4096


class Direction(StrEnum):
    TO_CENTRAL = "to-central"
    TO_UNIT = "to-unit"


class ParcelHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The first line; unsigned, for people and for finding the right file."""

    unit_id: str
    direction: Direction
    written_utc: str
    count: int
    format: str = FORMAT


def parcel_name(unit_id: str, direction: Direction) -> str:
    return f"{unit_id}.{direction.value}"


def parcel_lines(header: ParcelHeader, envelopes: Sequence[bytes]) -> Iterator[bytes]:
    """The parcel's bytes, line by line."""
    yield msgspec.json.encode(msgspec.structs.replace(header, count=len(envelopes)), order="deterministic") + b"\n"
    for envelope in envelopes:
        yield (base64.b64encode(envelope) if is_chunk(envelope) else envelope) + b"\n"


def read_parcel_header(line: bytes, direction: Direction) -> ParcelHeader:
    """Raises CouldNotBeChecked (another format), DoesNotVerify (cut off, broken, or going the other way)."""
    if not line.endswith(b"\n"):
        raise DoesNotVerify("the parcel is cut off in its first line", step="payload")
    header = read_json(line, ParcelHeader, format_=FORMAT, what="the parcel")
    if header.direction is not direction:
        raise DoesNotVerify(f"the parcel goes {header.direction}, expected {direction}", step="payload")
    if not UNIT_ID.fullmatch(header.unit_id):
        raise DoesNotVerify(f"the parcel names no unit: {header.unit_id[:80]!r}", step="payload")
    return header


def whole_lines(readline: Callable[[int], bytes]) -> Iterator[bytes]:
    """The envelopes that are there to their end; a last line without one was cut off.

    `readline(limit)` is a binary file's. Of an overlong line only its beginning is given, which is no envelope.
    """
    while line := readline(MAX_LINE_BYTES):
        piece = line
        while piece and not piece.endswith(b"\n"):
            piece = readline(MAX_LINE_BYTES)
        if piece and len(line) > 1:
            yield _message(line.removesuffix(b"\n"))


def _message(line: bytes) -> bytes:
    """What is neither envelope nor base64 goes on as it is, to be refused by whoever judges it."""
    if line.startswith(b"{"):
        return line
    try:
        return base64.b64decode(line, validate=True)
    except binascii.Error:
        return line
