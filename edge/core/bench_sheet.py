"""The bench sheet: what a technician examined on a unit and what was found, signed by the unit's record key.

A line that could not be examined here is skipped and says why; it is never a pass. A sheet passes when no line fails.
What was found is a code, with what belongs to it; the words for it are the catalogue's (edge/gate/bench_words.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

import msgspec
from securesystemslib.signer import Signer

from edge.core.envelope import seal
from edge.core.errors import DoorstepError
from edge.core.keys import PublicKeyDocument
from edge.core.unit_statement import open_statement

BENCH_SHEET_TYPE = "application/vnd.doorstep.bench-sheet.v1+json"
FORMAT = "doorstep.bench-sheet/2"
ERROR = "error"
"""The code of a line that an error of ours ended; its details are the error's kind and message."""

NOTHING: Mapping[str, str] = MappingProxyType({})


class LineState(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    SKIPPED = "skipped"


class SheetLine(msgspec.Struct, frozen=True, kw_only=True):
    """One examination. code: what was found, or why it was skipped; stable, and of the check it stands in.

    details: what the words for it name. figures: measured, units at the end of names.
    """

    check: str
    state: LineState
    code: str
    details: dict[str, str] = {}
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


def passed(check: str, code: str = "ok", details: Mapping[str, str] = NOTHING, **figures: float) -> SheetLine:
    return SheetLine(check=check, state=LineState.PASS, code=code, details=dict(details), figures=figures)


def failed(check: str, code: str, details: Mapping[str, str] = NOTHING, **figures: float) -> SheetLine:
    return SheetLine(check=check, state=LineState.FAIL, code=code, details=dict(details), figures=figures)


def skipped(check: str, code: str, details: Mapping[str, str] = NOTHING) -> SheetLine:
    return SheetLine(check=check, state=LineState.SKIPPED, code=code, details=dict(details))


def ended_by(check: str, error: DoorstepError) -> SheetLine:
    """The line of a check that `error` ended. Its remedy is a detail where it is not that of its kind."""
    details = {"kind": type(error).__name__, "message": error.message}
    if error.remedy != error.default_remedy:
        details["remedy"] = error.remedy
    return failed(check, ERROR, details)


def sign_sheet(sheet: BenchSheet, signer: Signer) -> bytes:
    return seal(msgspec.json.encode(sheet, order="deterministic"), BENCH_SHEET_TYPE, [signer])


def open_sheet(raw: bytes, believed: Sequence[PublicKeyDocument]) -> BenchSheet:
    """The sheet in `raw`, signed by the unit it speaks of. Raises DoesNotVerify or CouldNotBeChecked."""
    what = "the bench sheet"
    return open_statement(raw, believed, BenchSheet, payload_type=BENCH_SHEET_TYPE, format_=FORMAT, what=what)
