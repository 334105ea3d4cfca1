"""Status of units as it comes: kept when it is well formed and of the unit on whose topic it came.

It is not signed: the broker's ACL alone says who speaks, so nothing is decided by it; it is for people to look at.
A status that the broker kept (retained) says how it was when it was sent, not that the unit was seen just now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from central.rows import status as rows
from central.store import Transaction
from edge.core.errors import VerificationError
from edge.core.protocol import LinkState, UnitStatus, decode_status, encode_status

MOST_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A status message. `protocol`: the user property of that name, empty without one."""

    unit_id: str
    raw: bytes
    retained: bool
    protocol: str = ""


def hear_status(transaction: Transaction, heard: Sequence[Said], *, at_utc: str) -> list[str]:
    """Keep the last of each unit; gives remarks for the log. No content raises."""
    names = {said.unit_id for said in heard}
    taken, before = rows.active(transaction.connection, names), rows.known(transaction.connection, names)
    remarks: list[str] = []
    for said in heard:
        if said.unit_id not in taken:
            continue
        try:
            fresh = _row(said, _read(said), before.get(said.unit_id), at_utc)
        except VerificationError as e:
            remarks.append(f"{said.unit_id}: status: {e.message}")
            continue
        if fresh is not None:
            rows.save(transaction.connection, fresh)
            before[said.unit_id] = fresh
    return remarks


def last_status(row: dict[str, Any]) -> UnitStatus | None:
    """The last status of a unit that was there; None when it only ever said goodbye."""
    return decode_status(row["document"]) if row["document"] else None


def _read(said: Said) -> UnitStatus:
    if len(said.raw) > MOST_BYTES:
        raise VerificationError(f"{len(said.raw)} bytes, at most {MOST_BYTES} are read", step="format")
    status = decode_status(said.raw)
    if status.unit_id != said.unit_id:
        raise VerificationError("names another unit than its topic", step="unit")
    if not status.software.isprintable() or len(status.software) > 64:
        raise VerificationError("names no software", step="payload")
    return status


def _row(said: Said, status: UnitStatus, before: dict[str, Any] | None, at_utc: str) -> dict[str, Any] | None:
    document, protocol = encode_status(status), said.protocol if said.protocol.isprintable() else ""
    if status.state is LinkState.OFFLINE:
        document, protocol = (before["document"], before["protocol"]) if before else (b"", protocol)
    row = {
        "unit_id": said.unit_id,
        "state": status.state.value,
        "seen_utc": at_utc,
        "protocol": protocol,
        "document": document,
    }
    same = before is not None and (before["state"], before["document"]) == (row["state"], document)
    return None if said.retained and same else row
