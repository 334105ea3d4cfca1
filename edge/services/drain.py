"""Drain the outbox: send what is due, take receipts, believe only those that verify.

Rules: checkpoint, then send (an entry is saved as sent before the wire gets it); a receipt's signature, owner,
type and unit are checked before anything is saved, and receipt and states are saved in one transaction; no
trouble with the link leaves `step` as an exception, it becomes a wait. A lossy link narrows the window to one
record, so that a record that breaks links is found out alone; each receipt doubles it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import msgspec

from edge.core.confirmation import ConfirmedMessage
from edge.core.delivery import (
    DeliveryEvent,
    DeliveryState,
    OutboxEntry,
    Timing,
    advance,
    apply_receipt,
    backoff_s,
    overdue,
    select,
)
from edge.core.downward_apply import DownwardState
from edge.core.envelope import digest
from edge.core.errors import SyncError, VerificationError
from edge.core.evidence import is_evidence_receipt
from edge.core.keys import PublicKeyDocument
from edge.core.pacing import after_reconnect
from edge.core.protocol import Channel, LinkState, UnitStatus, in_batches, join_records
from edge.core.receipt_check import open_receipt
from edge.ports import Clock, Outbox, RecordStore, Uplink
from edge.services.evidence import EvidenceSender
from edge.services.inbox import Inbox
from edge.services.progress import Backlog, Progress, ProgressKind, count, of_change, of_message, outcome_text

RECORDS_PER_S, BURST = 200.0, 100.0
"""What one unit sends at most for long: a province that comes back at once must not drown central."""


class Drain:
    """The unit's side of delivery over its ports. `random01` gives uniform numbers over 0..1."""

    def __init__(
        self,
        *,
        unit_id: str,
        store: RecordStore,
        outbox: Outbox,
        uplink: Uplink,
        clock: Clock,
        trusted: Iterable[PublicKeyDocument],
        random01: Callable[[], float],
        software: str = "",
        window: int = 20,
        timing: Timing | None = None,
        inbox: Inbox | None = None,
        evidence: EvidenceSender | None = None,
        free_mb: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._free_mb = free_mb
        self._inbox, self._evidence = inbox, evidence
        self._renewer = inbox.renewer if inbox else None
        self._unit_id, self._software = unit_id, software
        self._store, self._outbox, self._uplink, self._clock = store, outbox, uplink, clock
        self._trusted = list(trusted)
        self._random01 = random01
        self._window, self._largest_window = window, window
        self._timing = timing or Timing()
        self._connected = False
        self._setbacks = 0
        self._pause_until_s = 0.0
        self._announced: UnitStatus | None = None
        self._greeting: set[str] | None = None
        self._bucket = after_reconnect(RECORDS_PER_S, BURST, clock.monotonic_s())

    def backlog(self) -> Backlog:
        """What is still in the outbox. Raises StoreError."""
        return count(self._outbox.entries())

    def step(self, wait_s: float) -> list[Progress]:
        """Do what can be done now, waiting for receipts at most `wait_s`. Raises StoreError only.

        While `pause_s` is above 0 it does nothing and returns at once: the caller waits.
        """
        told: list[Progress] = []
        try:
            if self.pause_s() > 0:
                return []
            told += self._renew() + self._connect()
            if not self._held_back_s():
                told += self._send()
            told += self._take_all(self._uplink.received(wait_s))
        except SyncError as e:
            return told + list(self._take_outcomes()) + self._link_down(e)
        told += self._take_outcomes()
        return told

    def apply(self, envelopes: Iterable[bytes]) -> list[Progress]:
        """Take receipts and messages that came by hand, as if by wire. Raises StoreError."""
        return self._take_all(envelopes)

    def pause_s(self) -> float:
        """How long until there is something to do, in seconds; 0 while the link is up or may be tried."""
        return 0.0 if self._connected else self._held_back_s()

    def _held_back_s(self) -> float:
        return max(0.0, self._pause_until_s - self._clock.monotonic_s())

    def release(self) -> int:
        """Offer the quarantined records again, at a technician's word. Gives their number."""
        held = [e for e in self._outbox.entries() if e.state is DeliveryState.QUARANTINED]
        self._outbox.save_all([self._advanced(entry, DeliveryEvent.RELEASE) for entry in held])
        return len(held)

    def close(self) -> None:
        self._connected = False
        self._uplink.close()

    def _connect(self) -> list[Progress]:
        if self._connected:
            return []
        self._uplink.connect()
        self._connected, self._announced, self._greeting = True, None, None
        if self._evidence is not None:
            self._evidence.link_lost(self._now_utc_s())
        self._bucket = after_reconnect(RECORDS_PER_S, BURST, self._clock.monotonic_s())
        return [Progress(kind=ProgressKind.CONNECTED)]

    def _renew(self) -> list[Progress]:
        """Try a certificate that has come; once it is in force the link begins anew under it."""
        if self._renewer is None:
            return []
        remark, switched = self._renewer.try_out(connected=self._connected)
        if switched and self._connected:
            self._connected = False
            self._uplink.close()
        return [Progress(kind=ProgressKind.CERTIFICATE, detail=remark)] if remark else []

    def _greet(self) -> None:
        """Once per link; again when nobody heard it."""
        if self._inbox is None or self._greeting is not None:
            return
        envelopes = self._inbox.greeting()
        self._greeting = {digest(envelope) for envelope in envelopes}
        for envelope in envelopes:
            self._uplink.publish(envelope, Channel.CONFIRMATIONS)

    def _send(self) -> Iterator[Progress]:
        self._greet()
        now, entries = self._now_utc_s(), self._outbox.entries()
        late = overdue(entries, now_utc_s=now, timing=self._timing)
        if late:
            self._outbox.save_all([self._advanced(e, DeliveryEvent.OVERDUE, "no receipt in time") for e in late])
            yield from (Progress(kind=ProgressKind.RETRY, sequence=e.sequence, detail="no receipt") for e in late)
        self._bucket = self._bucket.filled(self._clock.monotonic_s())
        due = select(entries, now_utc_s=now, window=self._window, timing=self._timing)[: int(self._bucket.tokens)]
        self._bucket = self._bucket.taken(len(due))
        sent = [self._advanced(e, DeliveryEvent.SEND) for e in due]
        if sent:
            self._outbox.save_all(sent)
        gone = 0
        for batch in in_batches(self._outbox.envelope(entry.sequence) for entry in sent):
            gone += len(batch)
            try:
                self._uplink.publish(join_records(batch))
            except SyncError:
                # The wire tells of these; those after them never reached it.
                self._outbox.save_all([self._advanced(e, DeliveryEvent.LOST) for e in sent[gone:]])
                raise
        yield from (Progress(kind=ProgressKind.SENT, sequence=entry.sequence) for entry in sent)
        self._announce(count(entries))
        if self._inbox is not None and not count(entries).open:
            for said in self._inbox.due():
                self._uplink.publish(said, Channel.CONFIRMATIONS)
        if self._evidence is not None and not count(entries).open:
            self._evidence.purge(now)
            for part in self._evidence.due(now):
                self._uplink.publish(part, Channel.EVIDENCE)

    def _announce(self, backlog: Backlog) -> None:
        status = self._status(backlog)
        # While a queue drains, its depth alone is not worth a message per step; nor is a megabyte.
        rounded = msgspec.structs.replace(status, free_mb=None, clock_uncertainty_s=None)
        if self._announced is None or (backlog.open == 0 and rounded != self._announced):
            self._uplink.announce(status)
            self._announced = rounded

    def _status(self, backlog: Backlog) -> UnitStatus:
        head, clock = self._store.head(), self._clock.state()
        come = self._inbox.state() if self._inbox else DownwardState()
        return UnitStatus(
            unit_id=self._unit_id,
            state=LinkState.ONLINE,
            software=self._software,
            head_sequence=head.sequence,
            head_sha256=head.sha256,
            outbox_open=backlog.open,
            outbox_quarantined=backlog.quarantined,
            evidence_open=self._evidence.open_count() if self._evidence else 0,
            applied_sequence=come.applied_sequence,
            list_version=come.list_version,
            free_mb=self._free_mb(),
            clock_source=clock.source,
            clock_uncertainty_s=clock.uncertainty_s,
        )

    def _take_outcomes(self) -> Iterator[Progress]:
        changed: list[OutboxEntry] = []
        for outcome in self._uplink.outcomes():
            entry = self._outbox.find(outcome.sha256)
            if outcome.sha256 in (self._greeting or ()):
                self._greeting = None
                self._hold_back()
            if entry is None or entry.state is not DeliveryState.SENT:
                continue
            changed.append(self._advanced(entry, outcome.event, outcome.detail))
            if outcome.event is not DeliveryEvent.LOST:
                self._hold_back()
            yield Progress(kind=ProgressKind.RETRY, sequence=entry.sequence, detail=outcome_text(outcome))
        if changed:
            self._outbox.save_all(changed)

    def _link_down(self, error: SyncError) -> list[Progress]:
        self._connected = False
        self._uplink.close()
        self._hold_back()
        if self._evidence is not None:
            self._evidence.link_lost(self._now_utc_s())
        hint = self._renewer.hint() if self._renewer else ""
        return [Progress(kind=ProgressKind.DISCONNECTED, detail=error.message + hint)]

    def _hold_back(self) -> None:
        """One record at a time, and a longer wait after each setback, until a receipt comes."""
        if self._held_back_s() > 0:
            return
        self._setbacks += 1
        self._window = 1
        timing, random01 = self._timing, self._random01()
        wait_s = backoff_s(self._setbacks, random01=random01, base_s=timing.base_s, cap_s=timing.cap_s)
        self._pause_until_s = self._clock.monotonic_s() + wait_s

    def _take_all(self, raws: Iterable[bytes]) -> list[Progress]:
        """Receipts and messages; what was settled is confirmed in one envelope, after all is saved."""
        told: list[Progress] = []
        settled: list[ConfirmedMessage] = []
        for raw in raws:
            if self._evidence is not None and is_evidence_receipt(raw):
                remark = self._evidence.take(raw, self._now_utc_s())
                told += [Progress(kind=ProgressKind.EVIDENCE, detail=remark)] if remark else []
                continue
            if self._inbox is None or not self._inbox.takes(raw):
                told += self._take_receipt(raw)
                continue
            taken = self._inbox.take(raw)
            settled += (*taken.settled, *taken.repeated)
            told += [of_message(item) for item in taken.settled]
            if taken.remark:
                told.append(Progress(kind=ProgressKind.MESSAGE_IGNORED, detail=taken.remark))
            if taken.news:
                told.append(Progress(kind=ProgressKind.BUNDLE, detail=taken.news))
        if self._inbox is not None and settled:
            self._uplink.publish(self._inbox.confirm(settled), Channel.CONFIRMATIONS)
        return told

    def _take_receipt(self, raw: bytes) -> list[Progress]:
        try:
            receipt = open_receipt(raw, self._trusted, unit_id=self._unit_id)
        except VerificationError as e:
            return [Progress(kind=ProgressKind.RECEIPT_IGNORED, detail=f"{e.step}: {e.message}")]
        if self._renewer is not None:
            self._renewer.heard(receipt.issued_utc)
        found = (self._outbox.find(item.sha256) for item in receipt.items)
        gap = receipt.gap_free_sequence
        applied = apply_receipt(
            receipt,
            known={e.sha256: e for e in found if e is not None},
            above_gap=self._outbox.receipted(gap + 1, gap + self._largest_window),
            now_utc_s=self._now_utc_s(),
            timing=self._timing,
        )
        if applied.changed:
            self._outbox.save_receipt(raw, receipt, applied.changed)
            self._setbacks, self._pause_until_s = 0, 0.0
            self._window = min(self._largest_window, self._window * 2)
        told = [of_change(entry) for entry in applied.changed]
        odd = [f"unknown digest {sha[:16]}…" for sha in applied.unknown]
        odd += [f"contradicts what central said before of {sha[:16]}…" for sha in applied.contradicted]
        return told + [Progress(kind=ProgressKind.RECEIPT_IGNORED, detail=d) for d in odd]

    def _advanced(self, entry: OutboxEntry, event: DeliveryEvent, reason: str = "") -> OutboxEntry:
        now, random01 = self._now_utc_s(), self._random01()
        return advance(entry, event, now_utc_s=now, timing=self._timing, random01=random01, reason=reason)

    def _now_utc_s(self) -> float:
        return datetime.fromisoformat(self._clock.now_utc()).timestamp()
