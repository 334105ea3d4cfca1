"""DSSE envelopes: seal bytes with a type, open them only when the signatures hold.

Source: the DSSE specification, protocol and envelope v1.0 (pre-authentication encoding), as implemented by
securesystemslib. On top of it, this file accepts exactly one byte string per envelope: parsing and writing
again must give the same bytes, so that no byte of a stored envelope can change unnoticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError as SignatureRefused
from securesystemslib.signer import Key, Signature, Signer

from edge.core.errors import CouldNotBeChecked, DoesNotVerify

VISIT_TYPE = "application/vnd.doorstep.visit.v1+json"
SIMULATED_VISIT_TYPE = "application/vnd.doorstep.simulated-visit.v1+json"
RECEIPT_TYPE = "application/vnd.doorstep.receipt.v1+json"
BUNDLE_TYPE = "application/vnd.doorstep.model-bundle.v1+json"
RECORD_TYPES = frozenset({VISIT_TYPE, SIMULATED_VISIT_TYPE})

MAX_ENVELOPE_BYTES = 256 * 1024


class _WrittenSignature(msgspec.Struct, frozen=True):
    keyid: str
    sig: bytes


class _Written(msgspec.Struct, frozen=True):
    """An envelope as it is written: members in this order, bytes in base64 with padding, and nothing besides. DSSE
    lets a signature carry fields that nobody signs, and signatures stand in any order; here they stand in that of
    their key ids. Either would be bytes free to change."""

    payload: bytes
    payloadType: str
    signatures: tuple[_WrittenSignature, ...]


_WRITTEN = msgspec.json.Decoder(_Written)

@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What an envelope held, once its signatures were found good by `key_ids`."""

    payload: bytes
    payload_type: str
    key_ids: tuple[str, ...]


def digest(raw: bytes) -> str:
    """SHA-256 in lower-case hex: the name of an envelope in chains and receipts."""
    return hashlib.sha256(raw).hexdigest()


def seal(payload: bytes, payload_type: str, signers: Sequence[Signer]) -> bytes:
    """Sign `payload` under `payload_type` with each signer; the result is stored as it is, for good."""
    envelope = Envelope(payload, payload_type, {})
    for signer in signers:
        envelope.sign(signer)
    return _encode(envelope)


def parse(raw: bytes) -> Envelope:
    """Read an envelope without trusting it. Raises DoesNotVerify (step `format`)."""
    if len(raw) > MAX_ENVELOPE_BYTES:
        raise DoesNotVerify(f"an envelope has at most {MAX_ENVELOPE_BYTES} bytes, got {len(raw)}", step="format")
    try:
        written = _WRITTEN.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise DoesNotVerify(f"not a DSSE envelope: {type(e).__name__}", step="format") from e
    signatures = {s.keyid: Signature(s.keyid, s.sig.hex()) for s in written.signatures}
    envelope = Envelope(written.payload, written.payloadType, signatures)
    if _encode(envelope) != raw:
        raise DoesNotVerify("the envelope is not written in its one permitted form", step="format")
    return envelope


def open_envelope(raw: bytes, *, keys: Mapping[str, Key], payload_types: Collection[str]) -> Opened:
    """Check form, type and every signature of `raw`, in this order, and give its payload.

    Every signature present must hold; at least one must be there. Raises DoesNotVerify (steps `format`,
    `type`, `signature`), or CouldNotBeChecked (step `key`) when the public key of a signature is not among `keys`.
    """
    envelope = parse(raw)
    if envelope.payload_type not in payload_types:
        raise DoesNotVerify(
            f"payload type {envelope.payload_type!r}, expected one of {sorted(payload_types)}", step="type"
        )
    if not envelope.signatures:
        raise DoesNotVerify("the envelope carries no signature", step="signature")
    unknown = sorted(keyid for keyid in envelope.signatures if keyid not in keys)
    if unknown:
        raise CouldNotBeChecked(f"no public key at hand for signature by {unknown[0][:16]}…", step="key")
    try:
        envelope.verify([keys[keyid] for keyid in envelope.signatures], len(envelope.signatures))
    except SignatureRefused as e:
        raise DoesNotVerify("a signature does not fit the content", step="signature") from e
    return Opened(
        payload=envelope.payload, payload_type=envelope.payload_type, key_ids=tuple(sorted(envelope.signatures))
    )


def check_signature(envelope: Envelope, key: Key) -> None:
    """Raises DoesNotVerify (step `signature`) unless the envelope carries a signature by `key` that holds."""
    try:
        envelope.verify([key], 1)
    except SignatureRefused as e:
        raise DoesNotVerify("a signature does not fit the content", step="signature") from e


def _encode(envelope: Envelope) -> bytes:
    signatures = sorted(envelope.signatures.items())
    written = _Written(
        payload=envelope.payload,
        payloadType=envelope.payload_type,
        signatures=tuple(_WrittenSignature(keyid, bytes.fromhex(s.signature)) for keyid, s in signatures),
    )
    return msgspec.json.encode(written)
