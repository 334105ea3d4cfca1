"""What a demonstration came to, as values: for the exit code, `--json`, the table and the HTML report."""

from __future__ import annotations

import msgspec

from edge.core.record import FaceFindings
from edge.core.visit import Outcome, OutcomeKind, Reason

FORMAT = "doorstep.demo/1"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What central answered about one record; `state` as the outbox names it, receipt_id empty until then."""

    state: str
    receipt_id: str = ""
    issued_utc: str = ""


class VisitSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One visit: what should have come, what came, how long the capture window ran (seconds of work)."""

    key: str
    expected: OutcomeKind
    expected_reason: Reason
    outcome: Outcome
    record_id: str
    sequence: int
    sha256: str
    payload_type: str
    broker_up: bool
    begun_utc: str
    seconds: float
    face: FaceFindings | None = None
    delivery: Delivery = Delivery(state="pending")

    @property
    def as_described(self) -> bool:
        return self.outcome.kind is self.expected and self.expected_reason in self.outcome.reasons


class ChainCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One end's own verification of the whole chain."""

    verdict: str
    records: int


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The whole demonstration. genuine_refusal: why the genuine central refused a simulated record, or empty."""

    seed: int
    unit_id: str
    central_id: str
    bundle_sha256: str
    runtime: str
    visits: tuple[VisitSummary, ...]
    unit_chain: ChainCheck
    central_chain: ChainCheck
    genuine_refusal: str
    seconds: float
    report: str = ""
    format: str = FORMAT

    @property
    def faults(self) -> tuple[str, ...]:
        """Everything that is not as described, in words; empty when the demonstration succeeded."""
        count = len(self.visits)
        checks = [(v.as_described, f"{v.key}: ended {v.outcome.kind.value}, not as described") for v in self.visits]
        checks += [(v.delivery.state == "receipted", f"{v.key}: no receipt") for v in self.visits]
        for end, chain in (("unit", self.unit_chain), ("central", self.central_chain)):
            whole = chain.verdict == "verifies" and chain.records == count
            checks.append((whole, f"{end}: chain of {chain.records} records {chain.verdict}, expected {count} whole"))
        checks.append((bool(self.genuine_refusal), "the genuine central took a simulated record"))
        return tuple(fault for good, fault in checks if not good)


def encode_summary(summary: Summary) -> bytes:
    """JSON for programs, with what follows from the values beside them."""
    document = msgspec.to_builtins(summary)
    for written, visit in zip(document["visits"], summary.visits, strict=True):
        written["as_described"] = visit.as_described
    document |= {"faults": list(summary.faults), "passed": not summary.faults}
    return msgspec.json.encode(document)
