"""The proof that a unit is no more: what it held, that all of it was delivered, and which keys were erased.

The last thing that the record key ever signs; given out only after the files that it names were erased. Central takes
nothing from the unit afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from securesystemslib.signer import Signer

from edge.core.envelope import seal
from edge.core.keys import PublicKeyDocument
from edge.core.unit_statement import open_statement

RETIREMENT_TYPE = "application/vnd.doorstep.retirement.v1+json"
FORMAT = "doorstep.retirement/1"


class Retirement(msgspec.Struct, frozen=True, kw_only=True):
    """records, head_sha256: how far the chain came, all of it receipted. erased: paths within the unit's folder."""

    unit_id: str
    key_sha256: str
    made_utc: str
    software: str
    records: int
    head_sha256: str
    erased: tuple[str, ...]
    reason: str = ""
    format: str = FORMAT


def sign_retirement(retirement: Retirement, signer: Signer) -> bytes:
    return seal(msgspec.json.encode(retirement, order="deterministic"), RETIREMENT_TYPE, [signer])


def open_retirement(raw: bytes, believed: Sequence[PublicKeyDocument]) -> Retirement:
    """The proof in `raw`, by the unit it speaks of. Raises DoesNotVerify or CouldNotBeChecked."""
    return open_statement(raw, believed, Retirement, payload_type=RETIREMENT_TYPE, format_=FORMAT, what="the proof")
