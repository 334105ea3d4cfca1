"""What goes between the wire and central's side of messages and evidence: each arrival is one transaction."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from central import renewals
from central.bundles import hear, to_carry
from central.clock import now_utc
from central.config import CentralConfig
from central.downward import Downlink
from central.evidence import EvidenceIntake
from central.keys import message_signers
from central.receipts import load_issuer
from central.rows.messages import QUEUED, Due, messages_of
from central.status import Said, hear_status
from central.store import CentralStore


class Post:
    """Takes what units say beside records, and gives what is to be sent to them."""

    def __init__(self, store: CentralStore, downlink: Downlink, evidence: EvidenceIntake | None = None) -> None:
        self._store, self._downlink, self._evidence = store, downlink, evidence

    def take(self, unit_id: str, raw: bytes, *, at_utc: str) -> tuple[str, list[bytes]]:
        """A remark for the log, empty when all is usual, and the chunks that are asked for.

        Raises StoreError; then nothing was taken.
        """
        with self._store.transaction() as transaction:
            if renewals.is_request(raw):
                return renewals.take_request(transaction, unit_id, raw, at_utc=at_utc), []
            remark, said = self._downlink.accept(transaction, unit_id, raw, at_utc=at_utc)
            if said is not None and said.certificate is not None:
                renewals.hear(transaction, unit_id, said.certificate, at_utc=at_utc)
            return remark, hear(transaction, unit_id, said, at_utc=at_utc) if said is not None else []

    def take_evidence(self, unit_id: str, raw: bytes, *, at_utc: str) -> tuple[str, bytes | None]:
        """A remark for the log, and the answer to send once this returns. Raises StoreError."""
        if self._evidence is None:
            return f"{unit_id}: evidence is not taken here", None
        with self._store.transaction() as transaction:
            return self._evidence.accept(transaction, unit_id, raw, at_utc=at_utc)

    def take_status(self, heard: Sequence[Said], *, at_utc: str) -> list[str]:
        """Remarks for the log. Raises StoreError; then nothing was taken."""
        with self._store.transaction() as transaction:
            return hear_status(transaction, heard, at_utc=at_utc)

    def waiting(self, unit_id: str) -> list[bytes]:
        """What is to be carried to a unit by hand: every message not confirmed, in order, then its bundle's chunks.

        Raises StoreError.
        """
        with self._store.transaction() as transaction:
            self._downlink.withdraw_from_revoked(transaction, at_utc=now_utc())
            found = messages_of(transaction.connection, unit_id)
            chunks = to_carry(transaction, unit_id)
        return [*(row["envelope"] for row in found if row["state"] == QUEUED), *chunks]

    def due(self) -> list[tuple[Due, int]]:
        """What to send now, each with the seconds until it is sent again. Raises StoreError."""
        with self._store.transaction() as transaction:
            self._downlink.withdraw_from_revoked(transaction, at_utc=now_utc())
            return self._downlink.due(transaction, now_s=_now_s())


def open_post(config: CentralConfig, store: CentralStore, folder: Path) -> Post:
    """Raises SigningError when a key is not there and cannot be made."""
    issuer = load_issuer(folder / config.receipt_key, central_id=config.central_id)
    return Post(store, Downlink(message_signers(folder, config)), EvidenceIntake(issuer))


def _now_s() -> float:
    """Seconds since the epoch, to compare with what other processes noted."""
    return time.time_ns() / 1e9
