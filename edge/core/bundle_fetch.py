"""The way of a model bundle or a release to the unit: offered by a message, fetched in chunks, used after a trial.

The sync side fetches. What came is installed by whoever may: nets run only on the visit side, and only root changes
which release runs. A chunk counts when its digest is the one that the signed offer names, the whole when its digest
is. Who made it is shown by its publisher's own signature, which is checked again there. TRANSITIONS is the whole
machine; docs/protocol.md draws it from here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import msgspec

from edge.core.delivery import IllegalDeliveryEvent

CHUNK_BYTES = 32 * 1024
RELEASE_CHUNK_BYTES = 64 * 1024
"""A release is some 90 MB; at 64 kbit/s such a chunk takes eight seconds."""
AT_ONCE_BYTES = 256 * 1024
MAX_CHUNKS = 1800
"""So many digests go into one message."""
_DIGEST = re.compile(r"[0-9a-f]{64}")


class FileOffer(msgspec.Struct, frozen=True, kw_only=True):
    """Which file the unit is to fetch. file_sha256: of all of it; `chunks`: SHA-256 of each piece of it.

    manifest_sha256: of what its publisher signed; records name a bundle by it.
    """

    name: str
    manifest_sha256: str
    file_sha256: str
    size_bytes: int
    chunks: tuple[str, ...]


class BundleOffer(FileOffer, frozen=True, kw_only=True):
    """An exported bundle, whose manifest lies inside."""

    format: str = "doorstep.bundle-offer/1"


class ReleaseOffer(FileOffer, frozen=True, kw_only=True):
    """A package of the software, by its file's name. envelope: what its publisher signed (edge/core/release.py)."""

    envelope: bytes
    format: str = "doorstep.release-offer/1"


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
    """One offered file at the unit, by the message that offered it. `reason` is for people."""

    sequence: int
    offer: FileOffer
    state: BundleState = BundleState.FETCHING
    reason: str = ""


class BundleStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What a unit tells central of the bundle, or the release, offered last. missing: chunks it lacks, as stretches
    first..last."""

    file_sha256: str
    state: BundleState
    missing: tuple[tuple[int, int], ...] = ()
    reason: str = ""


def advance_bundle(entry: BundleEntry, event: BundleEvent, reason: str = "") -> BundleEntry:
    """The entry after `event`. Raises IllegalDeliveryEvent when the table has no such transition."""
    state = TRANSITIONS.get((entry.state, event))
    if state is None:
        raise IllegalDeliveryEvent(f"{entry.offer.name!r} is {entry.state}, which allows no {event!r}")
    return replace(entry, state=state, reason=reason)


def at_once(offer: FileOffer) -> int:
    """Chunks asked for, and sent, at a time: 256 KiB, which a link of 64 kbit/s carries in about half a minute."""
    return AT_ONCE_BYTES // chunk_bytes(offer)


def chunk_bytes(offer: FileOffer) -> int:
    return RELEASE_CHUNK_BYTES if isinstance(offer, ReleaseOffer) else CHUNK_BYTES


def offer_fault(offer: FileOffer) -> str:
    """Why an offer cannot be followed; empty when it can."""
    named = (offer.manifest_sha256, offer.file_sha256, *offer.chunks)
    if not all(_DIGEST.fullmatch(sha256) for sha256 in named):
        return "a digest is not 64 hexadecimal digits"
    if not 0 < len(offer.chunks) <= MAX_CHUNKS or len(offer.chunks) != -(-offer.size_bytes // chunk_bytes(offer)):
        return f"{offer.size_bytes} bytes in {len(offer.chunks)} chunks"
    return ""
