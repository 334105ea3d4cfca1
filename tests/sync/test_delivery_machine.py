"""Any order of losses, repeats and reordering on the wire ends with every record receipted, and stored once."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.core.delivery import (
    DeliveryEvent,
    DeliveryState,
    OutboxEntry,
    Timing,
    advance,
    apply_receipt,
    overdue,
    select,
)
from edge.core.receipt import Receipt, ReceiptItem, Verdict

TIMING = Timing(base_s=1.0, cap_s=8.0, receipt_s=5.0)
WINDOW = 3
POISON = 5


class LossyWire(RuleBasedStateMachine):
    """A unit, a central and a wire in memory. Every record whose sequence is a multiple of POISON is refused."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.outbox: dict[int, OutboxEntry] = {}
        self.up: list[OutboxEntry] = []
        self.down: list[Receipt] = []
        self.central: dict[int, str] = {}

    @rule()
    def visit(self) -> None:
        n = len(self.outbox) + 1
        self.outbox[n] = OutboxEntry(sequence=n, sha256=f"{n:064x}", state=DeliveryState.PENDING)

    @rule(random01=st.floats(0, 1))
    def send(self, random01: float) -> None:
        entries = list(self.outbox.values())
        for entry in overdue(entries, now_utc_s=self.now_s, timing=TIMING):
            self.move(entry, DeliveryEvent.OVERDUE, random01)
        for entry in select(entries, now_utc_s=self.now_s, window=WINDOW, timing=TIMING):
            self.move(entry, DeliveryEvent.SEND)
            self.up.append(entry)

    @rule(seconds=st.floats(0.1, 20))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    @rule(seconds=st.floats(1, 1e6))
    def clock_is_set_back(self, seconds: float) -> None:
        self.now_s -= seconds

    @precondition(lambda self: self.up)
    @rule(data=st.data(), doubled=st.booleans())
    def message_arrives(self, data: st.DataObject, doubled: bool) -> None:
        at = data.draw(st.integers(0, len(self.up) - 1))
        entry = self.up[at] if doubled else self.up.pop(at)
        self.central_takes(entry)

    @precondition(lambda self: self.up)
    @rule(data=st.data())
    def message_is_dropped(self, data: st.DataObject) -> None:
        self.up.pop(data.draw(st.integers(0, len(self.up) - 1)))

    @precondition(lambda self: self.down)
    @rule(data=st.data(), doubled=st.booleans(), dropped=st.booleans())
    def receipt_comes(self, data: st.DataObject, doubled: bool, dropped: bool) -> None:
        at = data.draw(st.integers(0, len(self.down) - 1))
        receipt = self.down[at] if doubled else self.down.pop(at)
        if not dropped:
            self.take(receipt)

    @rule(event=st.sampled_from([DeliveryEvent.LOST, DeliveryEvent.UNHEARD, DeliveryEvent.DENIED]))
    def link_breaks(self, event: DeliveryEvent) -> None:
        for entry in list(self.outbox.values()):
            if entry.state is DeliveryState.SENT:
                self.move(entry, event)
        self.up.clear()

    @precondition(lambda self: self.central)
    @rule(kept=st.integers(0, 5))
    def central_is_restored_from_a_backup(self, kept: int) -> None:
        self.central = {n: sha for n, sha in self.central.items() if n <= kept}

    @invariant()
    def settled_only_by_central(self) -> None:
        for entry in self.outbox.values():
            refused = entry.sequence % POISON == 0
            assert entry.state is not (DeliveryState.RECEIPTED if refused else DeliveryState.QUARANTINED)

    def teardown(self) -> None:
        """The wire gets well, one more visit is made, and all must come through."""
        if len(self.outbox) % POISON == POISON - 1:
            self.visit()
        self.visit()
        for _ in range(40 + 4 * len(self.outbox)):
            self.now_s += TIMING.longest_s
            self.send(1.0)
            while self.up:
                self.central_takes(self.up.pop(0))
            while self.down:
                self.take(self.down.pop(0))
        wanted = {n for n in self.outbox if n % POISON}
        assert {n for n, e in self.outbox.items() if e.state is DeliveryState.RECEIPTED} == wanted
        assert all(self.outbox[n].state is DeliveryState.QUARANTINED for n in self.outbox if n not in wanted)
        first_refused = min((n for n in self.outbox if n % POISON == 0), default=len(self.outbox) + 1)
        assert {n for n in wanted if n < first_refused} <= self.central.keys()

    def move(self, entry: OutboxEntry, event: DeliveryEvent, random01: float = 1.0) -> None:
        moved = advance(entry, event, now_utc_s=self.now_s, timing=TIMING, random01=random01)
        self.outbox[entry.sequence] = moved

    def central_takes(self, entry: OutboxEntry) -> None:
        refused = entry.sequence % POISON == 0
        if not refused:
            assert self.central.setdefault(entry.sequence, entry.sha256) == entry.sha256
        gap_free = 0
        while gap_free + 1 in self.central:
            gap_free += 1
        verdict = Verdict.REFUSED if refused else Verdict.STORED
        item = ReceiptItem(sha256=entry.sha256, verdict=verdict, sequence=entry.sequence)
        self.down.append(
            Receipt(
                receipt_id=str(len(self.down)),
                central_id="c",
                unit_id="u",
                issued_utc="",
                gap_free_sequence=gap_free,
                items=(item,),
            )
        )

    def take(self, receipt: Receipt) -> None:
        gap = receipt.gap_free_sequence
        above = [e for n, e in self.outbox.items() if gap < n <= gap + WINDOW and e.state is DeliveryState.RECEIPTED]
        applied = apply_receipt(
            receipt,
            known={e.sha256: e for e in self.outbox.values()},
            above_gap=above,
            now_utc_s=self.now_s,
            timing=TIMING,
        )
        assert not applied.unknown and not applied.contradicted
        for entry in applied.changed:
            self.outbox[entry.sequence] = entry


LossyWire.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestLossyWire = LossyWire.TestCase
