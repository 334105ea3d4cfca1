"""Fetch the bundle, or the release, that central offered last: ask for a few chunks at a time, keep those that fit.

What is asked for is said in a confirmation (edge/services/inbox.py), so that it is signed and needs no answer of its
own. Installing is others'; its result is told to central here, once.
"""

from __future__ import annotations

from edge.core.bundle_fetch import BundleEntry, BundleEvent, BundleStanding, BundleState, advance_bundle, at_once
from edge.core.chunks import decode_chunk, fits, stretches
from edge.core.errors import VerificationError
from edge.ports import BundleStore

WAIT_S = 90.0


class BundleFetcher:
    """The receiving side, over its port. `now_s` is a clock that is never set."""

    def __init__(
        self, store: BundleStore, next_step: str = "the next visit's start, or `doorstep models update`, installs it"
    ) -> None:
        self._store, self._next_step = store, next_step
        self._asked: set[int] = set()
        self._ask_again_s = 0.0
        self._told: BundleStanding | None = None

    def take(self, raw: bytes, now_s: float) -> str:
        """Keep a chunk; gives what is to be told, empty when the transfer just goes on."""
        entry = self._store.newest()
        try:
            chunk = decode_chunk(raw)
        except VerificationError as e:
            return f"{e.step}: {e.message}"
        if entry is None or entry.state is not BundleState.FETCHING or chunk.chunk_of != entry.offer.file_sha256:
            return ""  # late, of a bundle that is here or no longer wanted
        if not fits(chunk, entry.offer.chunks):
            return f"{entry.offer.name}: chunk {chunk.number} is not the one that was offered"
        self._store.keep_chunk(entry, chunk.number, chunk.data)
        self._asked.discard(chunk.number)
        self._ask_again_s = now_s + WAIT_S
        return self._completed(entry) if not self._missing(entry) else ""

    def due(self, now_s: float) -> BundleStanding | None:
        """What is to be said to central now: the next chunks wanted, or a result that it has not heard."""
        entry = self._store.newest()
        if entry is None:
            return None
        if entry.state is not BundleState.FETCHING:
            standing = self._standing(entry)
            return standing if standing != self._told else None
        if self._asked and now_s < self._ask_again_s:
            return None
        return self._standing(entry)

    def said(self, standing: BundleStanding, now_s: float) -> None:
        """It went to the wire. What is lost of it is said again after WAIT_S, or with the next greeting."""
        self._told, self._ask_again_s = standing, now_s + WAIT_S
        entry = self._store.newest()
        wanted = [n for first, last in standing.missing for n in range(first, last + 1)]
        self._asked = set(wanted[: at_once(entry.offer)]) if entry else set()

    def standing(self) -> BundleStanding | None:
        """For the greeting and for a stick: how it stands, and all that is missing."""
        entry = self._store.newest()
        return None if entry is None else self._standing(entry)

    def _standing(self, entry: BundleEntry) -> BundleStanding:
        missing = stretches(self._missing(entry)) if entry.state is BundleState.FETCHING else ()
        return BundleStanding(
            file_sha256=entry.offer.file_sha256, state=entry.state, missing=missing, reason=entry.reason
        )

    def _missing(self, entry: BundleEntry) -> set[int]:
        return set(range(len(entry.offer.chunks))) - self._store.numbers(entry)

    def _completed(self, entry: BundleEntry) -> str:
        name = entry.offer.name
        if self._store.whole_sha256(entry) == entry.offer.file_sha256:
            self._store.save(advance_bundle(entry, BundleEvent.COMPLETE))
            return f"{name} is here; {self._next_step}"
        why = "the chunks do not make the file that was offered"
        self._store.save(advance_bundle(entry, BundleEvent.DAMAGED, why))
        return f"{name}: {why}"
