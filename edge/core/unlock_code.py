"""A technician's signed code that ends a worker's lock, without a network.

The unit shows a challenge drawn for this one lock; the technician, anywhere, signs unit, worker and challenge; the
code is that signature, to be typed or scanned. Both sides know all that is signed, so nothing else travels: the code
is the 64 bytes of a DSSE signature in base32, in groups of four. A lifted lock's challenge is gone: no code works
twice.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

import msgspec
from securesystemslib.dsse import Envelope
from securesystemslib.signer import Signature, Signer

from edge.core.envelope import check_signature
from edge.core.errors import CouldNotBeChecked, DoesNotVerify
from edge.core.keys import KeyPurpose, KeyRole, PublicKeyDocument

UNLOCK_TYPE = "application/vnd.doorstep.unlock.v1+json"
SIGNATURE_BYTES = 64
_MISREAD = str.maketrans("018", "OIB")


class Unlock(msgspec.Struct, frozen=True, kw_only=True):
    unit_id: str
    worker_id: str
    challenge: str
    format: str = "doorstep.unlock/1"


def challenge_of(random_bytes: bytes) -> str:
    """A challenge as it is shown: ten bytes make sixteen characters."""
    return _grouped(random_bytes)


def sign_code(unlock: Unlock, signer: Signer) -> str:
    signature = signer.sign(_envelope(unlock, {}).pae())
    return _grouped(bytes.fromhex(signature.signature))


def check_code(code: str, unlock: Unlock, trusted: Sequence[PublicKeyDocument], purpose: KeyPurpose) -> str:
    """Whose code it is. Raises CouldNotBeChecked (no technician is trusted), DoesNotVerify (not for this lock)."""
    technicians = [d for d in trusted if d.role is KeyRole.TECHNICIAN and d.purpose is purpose]
    if not technicians:
        raise CouldNotBeChecked(
            "this unit trusts no technician's key",
            step="key",
            remedy="Add one with `doorstep unit trust`, or have central send the unlock command.",
        )
    signature = _read(code).hex()
    for document in technicians:
        envelope = _envelope(unlock, {document.keyid: Signature(document.keyid, signature)})
        try:
            check_signature(envelope, document.key())
        except DoesNotVerify:
            continue
        return document.owner
    raise DoesNotVerify(
        "the code is not by a trusted technician for this lock",
        step="signature",
        remedy="Read unit, worker and challenge to the technician again: a new lock has a new challenge.",
    )


def plain(text: str) -> str:
    """A challenge or code as typed, without groups; 0, 1 and 8, which base32 has not, become what they look like."""
    return "".join(c for c in text.upper() if c.isalnum()).translate(_MISREAD)


def _envelope(unlock: Unlock, signatures: dict[str, Signature]) -> Envelope:
    named = msgspec.structs.replace(unlock, challenge=plain(unlock.challenge))
    return Envelope(msgspec.json.encode(named, order="deterministic"), UNLOCK_TYPE, signatures)


def _read(code: str) -> bytes:
    text = plain(code)
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError) as e:
        raise DoesNotVerify("the code has characters that none has", step="signature") from e
    if len(raw) != SIGNATURE_BYTES:
        raise DoesNotVerify(f"a code has 103 characters, got {len(text)}", step="signature")
    return raw


def _grouped(raw: bytes) -> str:
    text = base64.b32encode(raw).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))
