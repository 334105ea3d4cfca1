"""The way of a model bundle to the unit: offered by a message, fetched in chunks, installed after a self-test.

The sync side fetches, the visit side installs: only there may nets run. A chunk counts when its digest is the one
that the signed offer names, the whole when its digest is. Who made the bundle is shown by its own manifest, whose
publisher's key the unit must believe. TRANSITIONS is the whole machine; docs/protocol.md draws it from here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import msgspec

from edge.core.delivery import IllegalDeliveryEvent

CHUNK_BYTES = 32 * 1024
MAX_CHUNKS = 1800
"""So many digests go into one message."""
_DIGEST = re.compile(r"[0-9a-f]{64}")


class BundleOffer(msgspec.Struct, frozen=True, kw_only=True):
    """Which bundle the unit is to fetch. file_sha256: of the exported file; `chunks`: SHA-256 of each piece of it.

    manifest_sha256: of the manifest inside, as records name the bundle.
    """

    name: str
    manifest_sha256: str
    file_sha256: str
    size_bytes: int
    chunks: tuple[str, ...]
    format: str = "doorstep.bundle-offer/1"


class BundleState(StrEnum):
    FETCHING = "fetching"
    FETCHED = "fetched"  # whole; waits for the visit side
    INSTALLED = "installed"
    REFUSED = "refused"  # not its publisher's, or the self-test failed; the one before stays in use
    SUPERSEDED = "superseded"  # another was offered before this one was installed


class BundleEvent(StrEnum):
    COMPLETE = "complete"
    DAMAGED = "damaged"  # all chunks fit, the whole does not
    INSTALL = "install"
    REFUSE = "refuse"
    SUPERSEDE = "supersede"


_S, _E = BundleState, BundleEvent
TRANSITIONS: Mapping[tuple[BundleState, BundleEvent], BundleState] = {
    (_S.FETCHING, _E.COMPLETE): _S.FETCHED,
    (_S.FETCHING, _E.DAMAGED): _S.REFUSED,
    (_S.FETCHED, _E.INSTALL): _S.INSTALLED,
    (_S.FETCHED, _E.REFUSE): _S.REFUSED,
    (_S.FETCHING, _E.SUPERSEDE): _S.SUPERSEDED,
    (_S.FETCHED, _E.SUPERSEDE): _S.SUPERSEDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleEntry:
    """One offered bundle at the unit. `reason` is for people."""

    sequence: int
    offer: BundleOffer
    state: BundleState = BundleState.FETCHING
    reason: str = ""


class BundleStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What a unit tells central of the bundle offered last. missing: chunks it lacks, as stretches first..last."""

    file_sha256: str
    state: BundleState
    missing: tuple[tuple[int, int], ...] = ()
    reason: str = ""


def advance_bundle(entry: BundleEntry, event: BundleEvent, reason: str = "") -> BundleEntry:
    """The entry after `event`. Raises IllegalDeliveryEvent when the table has no such transition."""
    state = TRANSITIONS.get((entry.state, event))
    if state is None:
        raise IllegalDeliveryEvent(f"bundle {entry.offer.name!r} is {entry.state}, which allows no {event!r}")
    return replace(entry, state=state, reason=reason)


def offer_fault(offer: BundleOffer) -> str:
    """Why an offer cannot be followed; empty when it can."""
    named = (offer.manifest_sha256, offer.file_sha256, *offer.chunks)
    if not all(_DIGEST.fullmatch(sha256) for sha256 in named):
        return "a digest is not 64 hexadecimal digits"
    if not 0 < len(offer.chunks) <= MAX_CHUNKS or len(offer.chunks) != -(-offer.size_bytes // CHUNK_BYTES):
        return f"{offer.size_bytes} bytes in {len(offer.chunks)} chunks"
    return ""
