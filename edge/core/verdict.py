"""What a verification came to: numbered steps for each record and for the chain, and one verdict over all.

A step that could not be made (no key, an unknown format) accuses nobody: it ends in could_not_be_checked.
A step that does not apply (a record alone has no neighbours) is not_checked too, but weighs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge.core.chain import ChainFault, ChainHead, Finding


class StepState(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"


class Verdict(StrEnum):
    VERIFIES = "verifies"
    DOES_NOT_VERIFY = "does_not_verify"
    COULD_NOT_BE_CHECKED = "could_not_be_checked"


RECORD_STEPS = {
    1: "format", 2: "type", 3: "key", 4: "signature", 5: "payload", 6: "columns", 7: "place", 10: "workers"
}  # fmt: skip
CHAIN_STEPS = {8: "head", 9: "receipts"}
STEP_NAMES = RECORD_STEPS | CHAIN_STEPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step. `detail` says what was expected and found; `wanting`: it should have been made and could not."""

    number: int
    state: StepState
    detail: str = ""
    wanting: bool = False

    @property
    def name(self) -> str:
        return STEP_NAMES[self.number]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCheck:
    """The steps of one record. `sequence` and `record_id` are what it claims, None and "" when unreadable."""

    position: int
    sequence: int | None
    record_id: str
    sha256: str
    steps: tuple[Step, ...]
    faults: tuple[ChainFault, ...] = ()

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.steps)

    @property
    def failure(self) -> Step | None:
        """The first step that failed, or else the first that was wanting."""
        failed = [s for s in self.steps if s.state is StepState.FAILED]
        return next(iter(failed or [s for s in self.steps if s.wanting]), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A chain, or a stretch of one, checked whole. `last` is the newest record that is there."""

    unit_id: str | None
    records: tuple[RecordCheck, ...]
    chain: tuple[Step, ...]
    findings: tuple[Finding, ...]
    last: ChainHead

    @property
    def verdict(self) -> Verdict:
        return verdict_of([s for r in self.records for s in r.steps] + list(self.chain))

    @property
    def faults(self) -> frozenset[ChainFault]:
        return frozenset(f.fault for f in self.findings if f.fault)


def verdict_of(steps: list[Step] | tuple[Step, ...]) -> Verdict:
    """One failed step decides; after that, one that is wanting."""
    if any(s.state is StepState.FAILED for s in steps):
        return Verdict.DOES_NOT_VERIFY
    return Verdict.COULD_NOT_BE_CHECKED if any(s.wanting for s in steps) else Verdict.VERIFIES
