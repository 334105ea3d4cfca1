"""The slip (凭条) that a family carries: one visit's outcome in a few signed bytes, short enough for a QR code.

Written as `DS1:` and base32 without padding, all characters of a QR code's alphanumeric mode:
  4 bytes    CRC-32 of all that follows, big-endian: tells a damaged slip from one of a unit that nobody here knows
  64 bytes   Ed25519 over the DSSE pre-authentication encoding of type and content, by the unit's record key
  the rest   the content: msgpack, the fields of Slip as an array, in this order
It names no person: the ID number is masked as in the record, and there is neither a name nor a 个人编号. Each slip
has one permitted spelling, so that no bit of it can change unnoticed. It is checked with the unit's public key alone.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import zlib
from collections.abc import Sequence

import msgspec
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import Signature, Signer

from edge.core.chain import StoredRecord
from edge.core.envelope import SIMULATED_VISIT_TYPE
from edge.core.errors import CouldNotBeChecked, DoesNotVerify
from edge.core.id_number import mask
from edge.core.keys import KeyPurpose, KeyRole, PublicKeyDocument
from edge.core.record import VisitRecord
from edge.core.visit import OutcomeKind

PREFIX = "DS1:"
SLIP_TYPE = "application/vnd.doorstep.slip.v1+msgpack"
SIMULATED_SLIP_TYPE = "application/vnd.doorstep.simulated-slip.v1+msgpack"
_CHECKSUM_BYTES, _SIGNATURE_BYTES = 4, 64
_DIGEST_BYTES = 32
# A QR code of version 20 at level M: larger ones are not read from a telephone's screen.
_MAX_CHARACTERS = 970


class Slip(msgspec.Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """record_sha256: 32 bytes, of the record's envelope. visited, next_due: YYYY-MM-DD, the latter may be empty."""

    unit_id: str
    simulated: bool
    sequence: int
    record_sha256: bytes
    id_number_masked: str
    outcome: OutcomeKind
    visited: str
    next_due: str


def slip_of(stored: StoredRecord, record: VisitRecord, *, next_due: str) -> Slip:
    """The slip of a stored record, `record` being what its envelope holds."""
    number = record.visit.person_served.id_number_masked
    return Slip(
        unit_id=record.unit_id,
        simulated=stored.payload_type == SIMULATED_VISIT_TYPE,
        sequence=record.sequence,
        record_sha256=bytes.fromhex(stored.sha256),
        id_number_masked=number if "*" in number else mask(number),
        outcome=record.outcome.kind,
        visited=record.visit.date,
        next_due=next_due,
    )


def sign_slip(slip: Slip, signer: Signer) -> str:
    """The text of the QR code, signed with the unit's record key."""
    content = msgspec.msgpack.encode(slip)
    signature = bytes.fromhex(Envelope(content, _type_of(slip), {}).sign(signer).signature)
    signed = signature + content
    return PREFIX + _base32(zlib.crc32(signed).to_bytes(_CHECKSUM_BYTES, "big") + signed)


def open_slip(text: str, keys: Sequence[PublicKeyDocument]) -> Slip:
    """The slip in `text`, by a unit whose record key is among `keys`.

    Raises DoesNotVerify (steps `format`, `payload`, `key`, `signature`), or CouldNotBeChecked (step `key`) when the
    unit's public key is not at hand.
    """
    signature, content = _parts(text)
    slip = _read(content)
    own = [k for k in keys if k.role is KeyRole.RECORD and k.owner == slip.unit_id]
    if not own:
        raise CouldNotBeChecked(f"no public key of unit {slip.unit_id!r} at hand", step="key")
    purpose = KeyPurpose.DEMONSTRATION if slip.simulated else KeyPurpose.PROVISIONED
    fitting = [k for k in own if k.purpose is purpose]
    if not fitting:
        raise DoesNotVerify(f"unit {slip.unit_id!r} has no {purpose.value} key", step="key")
    if not any(_signed_by(key, signature, content, slip) for key in fitting):
        raise DoesNotVerify("the signature does not fit the content", step="signature")
    return slip


def _type_of(slip: Slip) -> str:
    return SIMULATED_SLIP_TYPE if slip.simulated else SLIP_TYPE


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=")


def _parts(text: str) -> tuple[bytes, bytes]:
    """Signature and content."""
    body = text.removeprefix(PREFIX)
    if body == text or len(text) > _MAX_CHARACTERS:
        raise DoesNotVerify(f"no slip: one begins with {PREFIX} and is not longer than a QR code", step="format")
    try:
        raw = base64.b32decode(body + "=" * (-len(body) % 8))
    except (binascii.Error, ValueError) as e:
        raise DoesNotVerify("the slip is not written in base32", step="format") from e
    signed = raw[_CHECKSUM_BYTES:]
    if _base32(raw) != body or zlib.crc32(signed) != int.from_bytes(raw[:_CHECKSUM_BYTES], "big"):
        raise DoesNotVerify("the slip is damaged or altered", step="format")
    return signed[:_SIGNATURE_BYTES], signed[_SIGNATURE_BYTES:]


def _read(content: bytes) -> Slip:
    try:
        slip = msgspec.msgpack.decode(content, type=Slip)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise DoesNotVerify(f"the slip breaks its format: {e}", step="payload") from e
    days = _is_day(slip.visited) and (not slip.next_due or _is_day(slip.next_due))
    if not days or len(slip.record_sha256) != _DIGEST_BYTES or msgspec.msgpack.encode(slip) != content:
        raise DoesNotVerify("the slip breaks its format", step="payload")
    return slip


def _is_day(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _signed_by(key: PublicKeyDocument, signature: bytes, content: bytes, slip: Slip) -> bool:
    try:
        key.key().verify_signature(Signature(key.keyid, signature.hex()), Envelope(content, _type_of(slip), {}).pae())
    except UnverifiedSignatureError:
        return False
    return True
