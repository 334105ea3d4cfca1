"""The bench sheet: what a technician examined on a unit and what was found, signed by the unit's record key.

A line that could not be examined here is skipped and says why; it is never a pass. A sheet passes when no line fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec
from securesystemslib.signer import Signer

from edge.core.envelope import seal
from edge.core.keys import PublicKeyDocument
from edge.core.unit_statement import open_statement

BENCH_SHEET_TYPE = "application/vnd.doorstep.bench-sheet.v1+json"
FORMAT = "doorstep.bench-sheet/1"


class LineState(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    SKIPPED = "skipped"


class SheetLine(msgspec.Struct, frozen=True, kw_only=True):
    """One examination. found: what was seen, or why it was skipped. figures: measured, units at the end of names."""

    check: str
    state: LineState
    found: str
    remedy: str = ""
    figures: dict[str, float] = {}


class BenchSheet(msgspec.Struct, frozen=True, kw_only=True):
    """key_sha256: of the unit's public record key, as its label shows it."""

    unit_id: str
    purpose: str
    key_sha256: str
    made_utc: str
    software: str
    lines: tuple[SheetLine, ...]
    format: str = FORMAT

    @property
    def passed(self) -> bool:
        return all(line.state is not LineState.FAIL for line in self.lines)

    def count(self, state: LineState) -> int:
        return sum(1 for line in self.lines if line.state is state)


def passed(check: str, found: str, **figures: float) -> SheetLine:
    return SheetLine(check=check, state=LineState.PASS, found=found, figures=figures)


def failed(check: str, found: str, remedy: str, **figures: float) -> SheetLine:
    return SheetLine(check=check, state=LineState.FAIL, found=found, remedy=remedy, figures=figures)


def skipped(check: str, why: str) -> SheetLine:
    return SheetLine(check=check, state=LineState.SKIPPED, found=why)


def sign_sheet(sheet: BenchSheet, signer: Signer) -> bytes:
    return seal(msgspec.json.encode(sheet, order="deterministic"), BENCH_SHEET_TYPE, [signer])


def open_sheet(raw: bytes, believed: Sequence[PublicKeyDocument]) -> BenchSheet:
    """The sheet in `raw`, signed by the unit it speaks of. Raises DoesNotVerify or CouldNotBeChecked."""
    what = "the bench sheet"
    return open_statement(raw, believed, BenchSheet, payload_type=BENCH_SHEET_TYPE, format_=FORMAT, what=what)
