"""What a unit answers to messages from central: applied or refused, and how far it has come without a hole."""

from __future__ import annotations

from enum import StrEnum

import msgspec
from securesystemslib.signer import Signer

from edge.core.bundle_fetch import BundleStanding
from edge.core.certificate_renewal import CertificateStanding
from edge.core.document import read_json
from edge.core.envelope import open_envelope, seal
from edge.core.errors import DoesNotVerify
from edge.core.keys import KeyRole, PublicKeyDocument, keys_of

CONFIRMATION_TYPE = "application/vnd.doorstep.confirmation.v1+json"
FORMAT = "doorstep.confirmation/1"


class Applied(StrEnum):
    APPLIED = "applied"
    REFUSED = "refused"


class ConfirmedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one message. `reason` is a stable code, e.g. `list_version`; empty when applied."""

    sequence: int
    sha256: str
    outcome: Applied
    reason: str = ""
    detail: str = ""


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """`applied_sequence`: all messages up to this one are settled. `greeting`: the unit has just connected, and asks
    for all above; the items are then those it refused lately, in case that was never heard. `bundle`: how far it is
    with the bundle offered last; what it lacks of it is asked for by this. `release`: likewise, of the release of the
    software offered last. `certificate`: until when the one in force is good, and what is under way."""

    unit_id: str
    made_utc: str
    applied_sequence: int
    list_version: int
    items: tuple[ConfirmedMessage, ...] = ()
    greeting: bool = False
    bundle: BundleStanding | None = None
    release: BundleStanding | None = None
    certificate: CertificateStanding | None = None
    format: str = FORMAT


def sign_confirmation(confirmation: Confirmation, signer: Signer) -> bytes:
    return seal(msgspec.json.encode(confirmation, order="deterministic"), CONFIRMATION_TYPE, [signer])


def open_confirmation(raw: bytes, key: PublicKeyDocument) -> Confirmation:
    """The confirmation in `raw`, by the owner of `key`. Raises DoesNotVerify or CouldNotBeChecked."""
    opened = open_envelope(raw, keys=keys_of([key], KeyRole.CONFIRMATION), payload_types={CONFIRMATION_TYPE})
    confirmation = read_json(opened.payload, Confirmation, format_=FORMAT, what="the confirmation")
    if confirmation.unit_id != key.owner:
        raise DoesNotVerify(f"made by unit {confirmation.unit_id!r}, signed by {key.owner!r}", step="unit")
    return confirmation
