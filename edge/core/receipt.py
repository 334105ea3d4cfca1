"""Central's signed answer to records: which digests it holds, which it refused and why, and what it lacks.

A record counts as delivered only by a receipt that verifies and names its digest; the broker's own
acknowledgement says nothing (docs/adr/0004).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from edge.core.document import read_json

FORMAT = "doorstep.receipt/1"


class Verdict(StrEnum):
    STORED = "stored"
    REFUSED = "refused"


class ReceiptItem(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one envelope. `reason` is a stable code, e.g. `simulated_input`; empty when stored."""

    sha256: str
    verdict: Verdict
    sequence: int | None = None
    reason: str = ""
    detail: str = ""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """One answer to one unit. `gap_free_sequence`: central holds 1..this without a hole."""

    receipt_id: str
    central_id: str
    unit_id: str
    issued_utc: str
    gap_free_sequence: int
    items: tuple[ReceiptItem, ...]
    format: str = FORMAT


def encode_receipt(receipt: Receipt) -> bytes:
    return msgspec.json.encode(receipt, order="deterministic")


def decode_receipt(payload: bytes) -> Receipt:
    """Read a verified receipt payload. Raises CouldNotBeChecked (unknown format), DoesNotVerify (broken)."""
    return read_json(payload, Receipt, format_=FORMAT, what="the receipt")
