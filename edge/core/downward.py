"""Messages from central to one unit: which kinds there are, who may sign each, and in what order they are applied.

Every message is a DSSE envelope. All kinds share one sequence per unit, 1, 2, 3, …: what central said first is
done first. Steps of the check: 1 form, type and signature, by a key whose role fits the kind; 2 a format this version
knows; 3 the kind that the type says; 4 signed by the central it names; 5 made for this unit; 6 genuine for genuine
units. Content that is personal is sealed to the unit, bound by `seal_info` to its unit, place and kind.
A message of a later version, by its kind or its format, is checked in the same steps as far as its place in the
sequence, so that the unit can refuse it in its turn and go on to those behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from securesystemslib.signer import Signer

from edge.core.document import read_any_version, read_json
from edge.core.envelope import open_envelope, parse, seal
from edge.core.errors import CouldNotBeChecked, DoesNotVerify, InputError
from edge.core.keys import KeyPurpose, KeyRole, PublicKeyDocument, keys_of
from edge.core.sealing import open_sealed, seal_to

FORMAT = "doorstep.downward/1"
MAX_CONTENT_BYTES = 128 * 1024
"""Base64 twice, once for the content and once for the payload, must leave an envelope below MAX_ENVELOPE_BYTES."""


class MessageKind(StrEnum):
    VISIT_LIST = "visit_list"
    DECISION = "decision"
    POLICY = "policy"
    COMMAND = "command"
    BUNDLE = "bundle"
    RELEASE = "release"
    CERTIFICATE = "certificate"


_K = MessageKind
PAYLOAD_TYPES: Mapping[MessageKind, str] = {
    _K.VISIT_LIST: "application/vnd.doorstep.visit-list.v1+json",
    _K.DECISION: "application/vnd.doorstep.decision.v1+json",
    _K.POLICY: "application/vnd.doorstep.policy.v1+json",
    _K.COMMAND: "application/vnd.doorstep.command.v1+json",
    _K.BUNDLE: "application/vnd.doorstep.bundle-offer.v1+json",
    _K.RELEASE: "application/vnd.doorstep.release-offer.v1+json",
    _K.CERTIFICATE: "application/vnd.doorstep.certificate.v1+json",
}
ROLES: Mapping[MessageKind, KeyRole] = {
    _K.VISIT_LIST: KeyRole.LIST,
    _K.DECISION: KeyRole.DECISION,
    _K.POLICY: KeyRole.POLICY,
    _K.COMMAND: KeyRole.COMMAND,
    # To fetch a bundle or a release is a command; who made it, its publisher's key shows.
    _K.BUNDLE: KeyRole.COMMAND,
    _K.RELEASE: KeyRole.COMMAND,
    # Central passes it on; whether it is good, the authority's own signature shows.
    _K.CERTIFICATE: KeyRole.COMMAND,
}
SEALED_KINDS = frozenset({_K.VISIT_LIST, _K.DECISION, _K.COMMAND})
_KINDS = {payload_type: kind for kind, payload_type in PAYLOAD_TYPES.items()}
_FAMILY = "doorstep.downward/"


class Downward(msgspec.Struct, frozen=True, kw_only=True):
    """What central signs. `content`: a struct of edge/core/downward_content.py as bytes, sealed or open by kind."""

    message_id: str
    central_id: str
    unit_id: str
    sequence: int
    kind: MessageKind
    issued_utc: str
    content: bytes
    format: str = FORMAT


class Later(msgspec.Struct, frozen=True, kw_only=True):
    """What stays where it is in every version's messages. It can be settled, as refused, and not be read."""

    central_id: str
    unit_id: str
    sequence: int
    format: str
    kind: str = ""


class Turn(StrEnum):
    """When a message is to be applied, seen from the last one that was."""

    NOW = "now"
    REPEATED = "repeated"  # applied before: confirmed again, not applied again
    WAITS = "waits"  # one before it has not come yet


def turn_of(sequence: int, *, applied: int) -> Turn:
    """`applied`: the last sequence that was applied or refused for good; 0 before the first."""
    if sequence <= applied:
        return Turn.REPEATED
    return Turn.NOW if sequence == applied + 1 else Turn.WAITS


def is_downward(raw: bytes) -> bool:
    """Whether an envelope claims to be such a message, or one that only a later version knows."""
    try:
        envelope = parse(raw)
        return envelope.payload_type in _KINDS or bool(_later(envelope.payload))
    except (CouldNotBeChecked, DoesNotVerify):
        return False


def seal_info(unit_id: str, sequence: int, kind: MessageKind) -> bytes:
    """HPKE's `info` for a sealed content."""
    return f"{PAYLOAD_TYPES[kind]}\n{unit_id}\n{sequence}".encode()


def protect(content: bytes, message: Downward, sealing_public_hex: str) -> Downward:
    """`message` with its content, sealed to the unit where its kind asks for that. Raises InputError: too large."""
    if len(content) > MAX_CONTENT_BYTES:
        raise InputError(
            f"{len(content)} bytes of content, at most {MAX_CONTENT_BYTES} go down in one message",
            remedy="Split it: a visit list goes as a snapshot and deltas after it.",
        )
    if message.kind in SEALED_KINDS:
        info = seal_info(message.unit_id, message.sequence, message.kind)
        content = seal_to(sealing_public_hex, content, info=info)
    return msgspec.structs.replace(message, content=content)


def content_of(message: Downward, private_key: X25519PrivateKey) -> bytes:
    """The content as central wrote it. Raises DoesNotVerify (step `seal`) when it was sealed to another key."""
    if message.kind not in SEALED_KINDS:
        return message.content
    return open_sealed(
        private_key, message.content, info=seal_info(message.unit_id, message.sequence, message.kind)
    )


def sign_message(message: Downward, signer: Signer) -> bytes:
    payload = msgspec.json.encode(message, order="deterministic")
    return seal(payload, PAYLOAD_TYPES[message.kind], [signer])


def open_message(
    raw: bytes, trusted: Sequence[PublicKeyDocument], *, unit_id: str, purpose: KeyPurpose
) -> Downward | Later:
    """The message in `raw`, its content still sealed. Raises DoesNotVerify or CouldNotBeChecked, naming the step."""
    payload_type = parse(raw).payload_type
    kind = _KINDS.get(payload_type)
    roles = {ROLES[kind]} if kind else set(ROLES.values())
    able = [document for document in trusted if document.role in roles]
    keys = {keyid: key for role in roles for keyid, key in keys_of(able, role).items()}
    opened = open_envelope(raw, keys=keys, payload_types={payload_type})
    message = _read(opened.payload, kind)
    signers = [document for document in able if document.keyid in opened.key_ids]
    if any(d.owner != message.central_id for d in signers):
        raise DoesNotVerify(f"signed by another than {message.central_id!r}", step="issuer")
    if message.unit_id != unit_id:
        raise DoesNotVerify(f"made for unit {message.unit_id!r}, not {unit_id!r}", step="unit")
    if any(d.purpose is not purpose for d in signers):
        raise DoesNotVerify(f"signed by a key that is not for {purpose.value} units", step="purpose")
    if message.sequence < 1:
        raise DoesNotVerify(f"sequence starts at 1, got {message.sequence}", step="payload")
    return message


def _read(payload: bytes, kind: MessageKind | None) -> Downward | Later:
    if kind is None:
        return _later(payload)
    try:
        message = read_json(payload, Downward, format_=FORMAT, what="the message")
    except CouldNotBeChecked:
        return _later(payload)
    if message.kind is not kind:
        raise DoesNotVerify(f"says it is {message.kind}, signed as {kind}", step="type")
    return message


def _later(payload: bytes) -> Later:
    return read_any_version(payload, Later, family=_FAMILY, what="the message")
