"""What a unit says of itself under its record key, for whoever believes it: a bench sheet, a proof of its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from edge.core.document import read_json
from edge.core.envelope import open_envelope
from edge.core.errors import DoesNotVerify
from edge.core.keys import KeyRole, PublicKeyDocument, keys_of


class OfUnit(Protocol):
    @property
    def unit_id(self) -> str: ...


S = TypeVar("S", bound=OfUnit)


def open_statement(
    raw: bytes, believed: Sequence[PublicKeyDocument], kind: type[S], *, payload_type: str, format_: str, what: str
) -> S:
    """The statement in `raw`, signed by the unit it speaks of. what: its name in messages.

    Raises DoesNotVerify (a key of another unit: step `unit`) or CouldNotBeChecked.
    """
    opened = open_envelope(raw, keys=keys_of(believed, KeyRole.RECORD), payload_types={payload_type})
    statement = read_json(opened.payload, kind, format_=format_, what=what)
    signers = {d.owner for d in believed if d.role is KeyRole.RECORD and d.keyid in opened.key_ids}
    if statement.unit_id not in signers:
        raise DoesNotVerify(f"{what} is of {statement.unit_id!r}, signed by another unit", step="unit")
    return statement
