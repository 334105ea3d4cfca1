"""A release of the software as it is offered: what its publisher signed, and whether this unit may take it.

The rules, in this order: it is for this distribution and architecture; it is newer than what is in force; its store
is not older than ours. On trial it stays when nothing that was there is missing, and no line of the bench sheet
fails that did not fail before.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import msgspec
from securesystemslib.signer import Signer

from edge.core.document import read_json
from edge.core.envelope import open_envelope, seal
from edge.core.errors import InputError
from edge.core.keys import KeyRole, PublicKeyDocument, keys_of

RELEASE_TYPE = "application/vnd.doorstep.release.v1+json"
FORMAT = "doorstep.release/1"
MOST_BYTES = 512 * 1024 * 1024


class ReleaseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a release says of itself, in `release.json` beside its code. serial grows with every commit."""

    version: str
    serial: int
    schema: int
    distribution: str
    architecture: str


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What a publisher signs: the release, and its package by size and digest."""

    facts: ReleaseFacts
    package: Annotated[str, msgspec.Meta(pattern=r"^doorstep_[0-9A-Za-z.+~]{1,60}_[a-z0-9]{1,12}\.deb\Z")]
    size_bytes: Annotated[int, msgspec.Meta(ge=1, le=MOST_BYTES)]
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    format: str = FORMAT


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a unit stands under one release: its chain's head, what is undelivered, and the bench lines that fail."""

    schema: int
    sequence: int
    head_sha256: str
    undelivered: tuple[int, ...]
    failing: tuple[str, ...]


class TrialState(StrEnum):
    REFUSED = "refused"  # it was never in force
    ON_TRIAL = "on_trial"
    INSTALLED = "installed"
    RETURNED = "returned"  # it was in force, on trial, and the one before is again


class TrialOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a release that came over the network, as whoever may change releases left it for the sync side.

    sequence: of the message that offered it. `reason` is for people.
    """

    sequence: int
    serial: int
    state: TrialState
    reason: str = ""


def settled(outcome: TrialOutcome, *, given_up: bool, serial_in_force: int) -> TrialOutcome | None:
    """What came of a trial that is over, also when nobody was left to note it: a release that did not start. None
    when it never began, since a cut came before it."""
    if serial_in_force == outcome.serial:
        return msgspec.structs.replace(outcome, state=TrialState.INSTALLED)
    why = "three starts went by without its being found sound"
    return msgspec.structs.replace(outcome, state=TrialState.RETURNED, reason=why) if given_up else None


def sign_offer(offer: Offer, signer: Signer) -> bytes:
    return seal(msgspec.json.encode(offer, order="deterministic"), RELEASE_TYPE, [signer])


def open_offer(raw: bytes, believed: Sequence[PublicKeyDocument]) -> Offer:
    """The offer in a signed envelope. Raises DoesNotVerify, CouldNotBeChecked (no key that may sign releases)."""
    opened = open_envelope(raw, keys=keys_of(believed, KeyRole.RELEASE), payload_types={RELEASE_TYPE})
    return read_json(opened.payload, Offer, format_=FORMAT, what="the release")


def check_takes(offered: ReleaseFacts, in_force: ReleaseFacts) -> None:
    """Raises InputError for a release that this unit does not take."""
    for what in ("distribution", "architecture"):
        wanted, got = getattr(in_force, what), getattr(offered, what)
        if wanted != got:
            raise InputError(f"this release is for {got}, the unit is {wanted}", remedy=f"Get the one for {wanted}.")
    if offered.serial <= in_force.serial:
        raise InputError(
            f"{offered.version} is not newer than {in_force.version}, which is in force",
            remedy="There is no way back to an older release; get a newer one.",
        )
    if offered.schema < in_force.schema:
        raise InputError(
            f"its store has schema {offered.schema}, this unit's {in_force.schema}", remedy="Get a newer release."
        )


def what_is_wrong(before: Standing, now: Standing) -> str:
    """Why a release must not stay, compared with the one before it; empty when it may."""
    if now.sequence < before.sequence:
        return f"the chain ended with record {before.sequence}, now with {now.sequence}"
    if now.sequence == before.sequence and now.head_sha256 != before.head_sha256:
        return f"record {now.sequence} is another than before"
    lost = set(before.undelivered) - set(now.undelivered)
    if lost:
        return f"undelivered records are missing from the outbox: {sorted(lost)[:5]}"
    worse = sorted(set(now.failing) - set(before.failing))
    return f"the bench sheet fails at {', '.join(worse)}, which it did not before" if worse else ""
