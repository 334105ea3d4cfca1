"""A wire in memory, with a real central behind it: an Uplink that loses, doubles and breaks on demand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from central.config import load_config
from central.downward import Downlink
from central.evidence import EvidenceIntake
from central.examination import Arrival
from central.founding import DEFAULT_DATABASE
from central.ingest import Ingest
from central.keys import message_signers
from central.post import Post
from central.receipts import load_issuer
from central.rows.messages import messages_of
from central.store import CentralStore
from edge.core.confirmation import CONFIRMATION_TYPE
from edge.core.delivery import DeliveryEvent, Timing, WireOutcome
from edge.core.downward_content import Content, ListedPerson, kind_of_content
from edge.core.envelope import digest, parse
from edge.core.errors import SyncError
from edge.core.protocol import Channel, UnitStatus, split_records
from edge.core.sealing import open_sealed
from edge.device.clock import ManualClock
from edge.services.drain import Drain
from edge.services.evidence import EvidenceSender
from edge.services.keep import keep_visit
from edge.services.progress import Progress, ProgressKind
from edge.store.evidence import SqliteEvidence
from edge.store.inbox import LISTED
from edge.wiring.sync import inbox_store, make_inbox, sync_keys
from edge.wiring.unit import Unit, open_unit
from tools.faults.scene import Scene, draft

ISSUED_UTC = "2026-03-02T02:00:00.000Z"
RETENTION_S = 7 * 86400.0
TIMING = Timing(base_s=1.0, cap_s=30.0, receipt_s=10.0)


@dataclass
class LoopbackWire:
    """Set a fault before a step; `lose_receipts` and `deny` count down or name digests, the rest stay as set."""

    unit_id: str
    ingest: Ingest
    broken: bool = False
    unheard: bool = False
    doubled: bool = False
    lose_receipts: int = 0
    deny: set[str] = field(default_factory=set)
    forge: Callable[[bytes], bytes] | None = None
    published: list[str] = field(default_factory=list)
    statuses: list[UnitStatus] = field(default_factory=list)
    down: deque[bytes] = field(default_factory=deque)
    told: list[WireOutcome] = field(default_factory=list)
    confirmed: list[bytes] = field(default_factory=list)
    post: Post | None = None
    lose_messages: int = 0
    evidence: list[bytes] = field(default_factory=list)
    lose_evidence: int = 0
    chunks: list[bytes] = field(default_factory=list)
    lose_other_chunks: bool = False

    def connect(self) -> None:
        if self.broken:
            raise SyncError("no route")

    def publish(self, content: bytes, channel: Channel = Channel.RECORDS) -> None:
        envelopes = split_records(content) if channel is Channel.RECORDS else [content]
        if self.broken:
            self.told += [WireOutcome(sha256=digest(envelope), event=DeliveryEvent.LOST) for envelope in envelopes]
            raise SyncError("the link broke")
        for envelope in envelopes:
            self._publish_one(envelope, channel)

    def _publish_one(self, envelope: bytes, channel: Channel) -> None:
        sha256 = digest(envelope)
        if channel is Channel.CONFIRMATIONS:
            self._confirm(envelope)
            return
        if channel is Channel.EVIDENCE:
            self.evidence.append(envelope)
            if self.lose_evidence:
                self.lose_evidence -= 1
                return
            assert self.post is not None
            _, answer = self.post.take_evidence(self.unit_id, envelope, at_utc="2026-03-02T02:00:00.000Z")
            if answer:
                self.down.append(answer)
            return
        self.published.append(sha256)
        if sha256 in self.deny:
            self.told.append(WireOutcome(sha256=sha256, event=DeliveryEvent.DENIED, detail="Not authorized"))
        elif self.unheard:
            self.told.append(WireOutcome(sha256=sha256, event=DeliveryEvent.UNHEARD))
        else:
            for _ in range(2 if self.doubled else 1):
                self._deliver(envelope)

    def _deliver(self, envelope: bytes) -> None:
        arrival = Arrival(unit_id=self.unit_id, raw=envelope)
        for answer in self.ingest.accept([arrival], at_utc="2026-03-02T02:00:00.000Z"):
            if self.lose_receipts:
                self.lose_receipts -= 1
            else:
                self.down.append(self.forge(answer.envelope) if self.forge else answer.envelope)

    def _confirm(self, envelope: bytes) -> None:
        self.confirmed.append(envelope)
        if self.unheard:
            self.told.append(WireOutcome(sha256=digest(envelope), event=DeliveryEvent.UNHEARD))
        elif self.post is not None:
            _, chunks = self.post.take(self.unit_id, envelope, at_utc="2026-03-02T02:00:00.000Z")
            self.chunks += chunks
            self.down.extend(chunks[::2] if self.lose_other_chunks else chunks)
            if parse(envelope).payload_type == CONFIRMATION_TYPE:
                self.send_due()

    def send_due(self) -> None:
        """What central's ingest does between batches."""
        assert self.post is not None
        for message, _ in self.post.due():
            if self.lose_messages:
                self.lose_messages -= 1
            else:
                self.down.append(message.envelope)

    def received(self, timeout_s: float) -> list[bytes]:
        if self.broken:
            raise SyncError("the link broke")
        taken = list(self.down)
        self.down.clear()
        return taken

    def outcomes(self) -> list[WireOutcome]:
        taken, self.told = self.told, []
        return taken

    def announce(self, status: UnitStatus) -> None:
        self.statuses.append(status)

    def close(self) -> None:
        return None


class Bench:
    """One unit and one central joined by a LoopbackWire, under a clock that the test moves."""

    def __init__(
        self, folder: Path, unit_id: str = "unit-a", *, register: bool = True, database: str = DEFAULT_DATABASE
    ) -> None:
        self.scene = Scene(folder, database=database)
        self.unit: Unit = open_unit(self.scene.add_unit(unit_id, register=register))
        self.clock = self.unit.clock = ManualClock()
        self.store: CentralStore = self.scene.store()
        config = load_config(self.scene.central)
        issuer = load_issuer(self.scene.central / config.receipt_key, central_id=config.central_id)
        self.ingest = Ingest(store=self.store, kind=config.kind, issuer=issuer)
        self.downlink = Downlink(message_signers(self.scene.central, config))
        post = Post(self.store, self.downlink, EvidenceIntake(issuer))
        self.wire = LoopbackWire(unit_id=unit_id, ingest=self.ingest, post=post)
        self.sync_keys = sync_keys(self.unit)
        self.inbox_store = inbox_store(self.unit, self.sync_keys)
        self.inbox = make_inbox(self.unit)
        self.evidence_store = SqliteEvidence(self.unit.store_file)
        self.drain = Drain(
            unit_id=unit_id,
            store=self.unit.store,
            outbox=self.unit.outbox,
            uplink=self.wire,
            clock=self.clock,
            trusted=self.unit.believed(),
            random01=lambda: 1.0,
            window=5,
            timing=TIMING,
            inbox=self.inbox,
            evidence=EvidenceSender(
                unit_id=unit_id,
                store=self.evidence_store,
                trusted=self.unit.believed(),
                random01=lambda: 1.0,
                timing=TIMING,
                retention_s=RETENTION_S,
            ),
        )

    def issue(self, *contents: Content) -> None:
        """Queue messages to the unit, in one transaction."""
        with self.store.transaction() as transaction:
            for content in contents:
                kind = kind_of_content(content)
                self.downlink.issue(transaction, self.unit.config.unit_id, kind, content, at_utc=ISSUED_UTC)

    def messages(self) -> list[dict[str, object]]:
        """Central's view of the messages to the unit."""
        with self.store.transaction() as transaction:
            return messages_of(transaction.connection, self.unit.config.unit_id)

    def listed(self) -> dict[str, ListedPerson]:
        """The unit's visit list, opened with its key."""
        rows = (open_sealed(self.sync_keys.sealing, raw, info=LISTED) for raw in self.inbox_store.listed())
        people = (msgspec.json.decode(row, type=ListedPerson) for row in rows)
        return {person.person_id: person for person in people}

    def visit(self, count: int = 1) -> list[str]:
        """Make visits; gives their records' digests."""
        unit, first = self.unit, self.unit.store.head().sequence
        made = []
        for n in range(first + 1, first + count + 1):
            record = draft(unit.config.unit_id, f"r-{n}")
            made.append(keep_visit(record, store=unit.store, signer=unit.record_key, clock=unit.clock).sha256)
        return made

    def run(self, steps: int = 1, advance_s: float = 0.0) -> list[Progress]:
        told: list[Progress] = []
        for _ in range(steps):
            told += self.drain.step(0.0)
            self.clock.advance(advance_s)
        return told

    def held(self) -> list[str]:
        """The digests at central, in order of sequence."""
        with self.store.transaction() as transaction:
            return [row["sha256"] for row in transaction.rows("records")]

    def close(self) -> None:
        self.unit.close()
        self.store.close()


def kinds(told: list[Progress]) -> list[ProgressKind]:
    return [p.kind for p in told]
