"""Keep evidence, sealed and only under consent; send it after the results; purge it when its time is over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from edge.core.chain import StoredRecord
from edge.core.chunks import encode_chunk
from edge.core.delivery import Timing
from edge.core.envelope import parse
from edge.core.errors import InputError, VerificationError
from edge.core.evidence import (
    MAX_SEALED_BYTES,
    EvidenceKind,
    evidence_info,
    make_manifest,
    open_evidence_receipt,
    refusal_of,
    sealing_key_among,
    sign_manifest,
)
from edge.core.evidence_delivery import (
    TRANSITIONS,
    EvidenceEntry,
    EvidenceEvent,
    EvidenceState,
    advance_evidence,
    event_of,
    purge_is_due,
)
from edge.core.keys import PublicKeyDocument
from edge.core.record import decode_record
from edge.core.sealing import OVERHEAD_BYTES, seal_to
from edge.ports import EvidenceStore, RecordSigner

WINDOW_BYTES = 64 * 1024
"""Without a receipt at most; at 64 kbit/s that takes eight seconds."""
MOST_PIECES = 24
AHEAD = 2
"""Chunks that go with the manifest, unasked: a round trip is spared where a piece has no more."""
MANIFEST = -1


def keep_evidence(
    content: bytes,
    *,
    evidence_id: str,
    kind: EvidenceKind,
    record: StoredRecord,
    store: EvidenceStore,
    signer: RecordSigner,
    trusted: Sequence[PublicKeyDocument],
) -> None:
    """Seal `content` to central and keep it for sending; from here on this unit cannot read it.

    Raises InputError without consent to send (《人脸识别技术应用安全管理办法》) or when it is too large,
    CouldNotBeChecked when no evidence key is trusted, StoreError.
    """
    parsed = parse(record.envelope)
    visit = decode_record(parsed.payload, parsed.payload_type)
    refusal = refusal_of(kind, visit)
    if refusal:
        raise InputError(refusal, remedy="Ask for the consent, or go on without evidence.")
    if not content or len(content) + OVERHEAD_BYTES > MAX_SEALED_BYTES:
        raise InputError(f"evidence has 1 to {MAX_SEALED_BYTES - OVERHEAD_BYTES} bytes, got {len(content)}")
    key = sealing_key_among(trusted)
    sealed = seal_to(key.public_hex, content, info=evidence_info(visit.unit_id, evidence_id))
    manifest = make_manifest(
        sealed,
        evidence_id=evidence_id,
        unit_id=visit.unit_id,
        record_sha256=record.sha256,
        kind=kind,
        sealed_to=key.keyid,
    )
    raw = sign_manifest(manifest, signer.signer)
    store.keep(
        evidence_id, raw, sealed, chunks=len(manifest.chunks), person_id=visit.visit.person_served.person_id
    )


def everything_open(store: EvidenceStore) -> Iterator[bytes]:
    """All that is not receipted, to be carried by hand: each manifest with all its chunks after it."""
    for entry in store.under_way():
        yield store.manifest(entry.evidence_id)
        for number in range(entry.chunks):
            yield encode_chunk(entry.evidence_id, number, store.chunk(entry.evidence_id, number))


class EvidenceSender:
    """The sending side, over its ports: several pieces at a time, WINDOW_BYTES without an answer at most.

    A small piece goes with its manifest; of a large one a receipt first says what is missing.
    """

    def __init__(
        self,
        *,
        unit_id: str,
        store: EvidenceStore,
        trusted: Sequence[PublicKeyDocument],
        random01: Callable[[], float],
        timing: Timing,
        retention_s: float,
    ) -> None:
        self._unit_id, self._store, self._trusted = unit_id, store, list(trusted)
        self._random01, self._timing, self._retention_s = random01, timing, retention_s
        self._missing: dict[str, tuple[int, ...]] = {}
        self._in_flight: dict[tuple[str, int], int] = {}

    def due(self, now_utc_s: float) -> Iterator[bytes]:
        """What to send now; the states are saved before it is given."""
        for entry in self._store.next_up(MOST_PIECES):
            if self._full():
                return
            late = now_utc_s >= entry.next_try_utc_s or entry.next_try_utc_s - now_utc_s > self._timing.longest_s
            if entry.state is EvidenceState.WAITING and late:
                yield from self._offered(entry, now_utc_s)
            elif entry.state is not EvidenceState.WAITING and late:
                self._forget(entry.evidence_id)
                self._saved(entry, EvidenceEvent.OVERDUE, now_utc_s, "no receipt in time")
            elif entry.state is EvidenceState.SENDING:
                yield from self._chunks(entry.evidence_id, self._missing.get(entry.evidence_id, ()))

    def take(self, raw: bytes, now_utc_s: float) -> str:
        """Apply an evidence receipt; gives what is to be told, empty when a transfer just goes on."""
        try:
            receipt = open_evidence_receipt(raw, self._trusted, unit_id=self._unit_id)
        except VerificationError as e:
            return f"{e.step}: {e.message}"
        entry = self._store.find(receipt.evidence_id)
        event = event_of(receipt)
        if entry is None or (entry.state, event) not in TRANSITIONS:
            return f"receipt for evidence {receipt.evidence_id[:64]!r}, which is not on its way"
        if any(not 0 <= number < entry.chunks for number in receipt.missing):
            return f"receipt for evidence {receipt.evidence_id}: chunks that there are none of"
        self._forget(entry.evidence_id, but=receipt.missing)
        self._missing[entry.evidence_id] = receipt.missing
        self._saved(entry, event, now_utc_s, receipt.refused)
        if event is EvidenceEvent.LACKING:
            return ""
        del self._missing[entry.evidence_id]
        return f"evidence {entry.evidence_id}: {receipt.refused or 'complete'}"

    def link_lost(self, now_utc_s: float) -> None:
        """Nothing is on its way any more; also after this process was killed, and a new one connects."""
        self._missing.clear()
        self._in_flight.clear()
        for entry in self._store.next_up(MOST_PIECES):
            if entry.state is not EvidenceState.WAITING:
                self._saved(entry, EvidenceEvent.LOST, now_utc_s)

    def purge(self, now_utc_s: float) -> int:
        """Delete the content of what is receipted and past its retention time; gives how many pieces."""
        over = [
            e
            for e in self._store.settled()
            if purge_is_due(e, now_utc_s=now_utc_s, retention_s=self._retention_s)
        ]
        for entry in over:
            self._saved(entry, EvidenceEvent.PURGE, now_utc_s)
        return len(over)

    def open_count(self) -> int:
        return self._store.open_count()

    def _offered(self, entry: EvidenceEntry, now_utc_s: float) -> Iterator[bytes]:
        self._forget(entry.evidence_id)
        self._saved(entry, EvidenceEvent.OFFER, now_utc_s)
        manifest = self._store.manifest(entry.evidence_id)
        self._in_flight[entry.evidence_id, MANIFEST] = len(manifest)
        yield manifest
        if entry.attempts == 0 and entry.chunks <= AHEAD:
            yield from self._chunks(entry.evidence_id, range(entry.chunks))

    def _chunks(self, evidence_id: str, numbers: Iterable[int]) -> Iterator[bytes]:
        for number in numbers:
            if self._full():
                return
            if (evidence_id, number) not in self._in_flight:
                data = self._store.chunk(evidence_id, number)
                self._in_flight[evidence_id, number] = len(data)
                yield encode_chunk(evidence_id, number, data)

    def _full(self) -> bool:
        return sum(self._in_flight.values()) >= WINDOW_BYTES

    def _forget(self, evidence_id: str, but: Collection[int] = ()) -> None:
        """What was answered is no longer in flight; `but` what the answer still lacks."""
        for key in [k for k in self._in_flight if k[0] == evidence_id and k[1] not in but]:
            del self._in_flight[key]

    def _saved(self, entry: EvidenceEntry, event: EvidenceEvent, now_utc_s: float, reason: str = "") -> EvidenceEntry:
        after = advance_evidence(
            entry, event, now_utc_s=now_utc_s, timing=self._timing, random01=self._random01(), reason=reason
        )
        self._store.save(after)
        return after
