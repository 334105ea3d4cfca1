"""Fetch the release that central offered last, and tell central what became of it.

An offer is judged before a byte of it is fetched: by the publisher's signature, by what is in force, by the room
there is. Asking keeps to a rate in bytes, since a release is a hundred times a bundle. What is whole is handed over,
and judged again by whoever may change releases (edge/wiring/update.py); how that went is read back and told once.
"""

from __future__ import annotations

from collections.abc import Callable

from edge.core.bundle_fetch import (
    BundleEntry,
    BundleEvent,
    BundleStanding,
    BundleState,
    ReleaseOffer,
    advance_bundle,
    at_once,
    chunk_bytes,
)
from edge.core.downward_apply import MessageRefused
from edge.core.errors import DoorstepError, StoreError
from edge.core.pacing import TokenBucket
from edge.core.release import TrialState
from edge.ports import ReleaseStore
from edge.services.bundles import BundleFetcher

BYTES_PER_S, BURST_BYTES = 256.0 * 1024, 1024.0 * 1024
"""Some six minutes for a release of 90 MB where the network would do more."""
NEXT_STEP = "it is tried when no visit is under way"


class ReleaseFetcher(BundleFetcher):
    """Over its port. judge: raises a DoorstepError for an offer that this unit does not take."""

    def __init__(self, store: ReleaseStore, judge: Callable[[ReleaseOffer], None]) -> None:
        super().__init__(store, NEXT_STEP)
        self._releases, self._judge = store, judge
        self._bucket: TokenBucket | None = None

    def offered(self, sequence: int, offer: ReleaseOffer) -> None:
        """Take an offer in the place of the one before. Raises MessageRefused, StoreError."""
        try:
            self._judge(offer)
        except DoorstepError as e:
            raise MessageRefused("not_taken", e.message) from e
        known = self._releases.newest()
        if known is None or known.sequence < sequence:
            self._releases.note(BundleEntry(sequence=sequence, offer=offer))

    def take(self, raw: bytes, now_s: float) -> str:
        try:
            return super().take(raw, now_s)
        except StoreError as e:  # no room for it: records go on their way
            return e.message

    def due(self, now_s: float) -> BundleStanding | None:
        """As of a bundle; what became of a release that was handed over is noted first."""
        entry = self._releases.newest()
        if entry is None:
            return None
        if entry.state is BundleState.FETCHED:
            self._settle(entry)
        if entry.state is BundleState.FETCHING and not self._may_ask(entry, now_s):
            return None
        return super().due(now_s)

    def said(self, standing: BundleStanding, now_s: float) -> None:
        super().said(standing, now_s)
        entry = self._releases.newest()
        if entry is not None and self._bucket is not None and standing.state is BundleState.FETCHING:
            wanted = sum(last - first + 1 for first, last in standing.missing)
            self._bucket = self._bucket.taken(min(wanted, at_once(entry.offer)) * chunk_bytes(entry.offer))

    def _may_ask(self, entry: BundleEntry, now_s: float) -> bool:
        if self._bucket is None:
            self._bucket = TokenBucket(rate_per_s=BYTES_PER_S, burst=BURST_BYTES, tokens=BURST_BYTES, at_s=now_s)
        self._bucket = self._bucket.filled(now_s)
        return self._bucket.tokens > 0

    def _settle(self, entry: BundleEntry) -> None:
        outcome = self._releases.outcome()
        if outcome is None or outcome.sequence != entry.sequence:
            return
        if outcome.state is TrialState.INSTALLED:
            self._releases.save(advance_bundle(entry, BundleEvent.INSTALL))
        elif outcome.state is not TrialState.ON_TRIAL:
            reason = f"{outcome.state.value}: {outcome.reason}"
            self._releases.save(advance_bundle(entry, BundleEvent.REFUSE, reason))
