"""A simulated unit's link: gives records to the broker, takes receipts. Driven by one thread.

Far simpler than a unit's own: what is lost here is sent again by the simulation, which keeps no state on a disk.
"""

from __future__ import annotations

from pathlib import Path

from edge.core.errors import SyncError
from edge.core.protocol import receipts_topic, records_topic
from edge.wire.link import Answered, Calling, Incoming, Link
from edge.wire.tls import tls_context

KEEPALIVE_S = 60


class UnitWire:
    """One connection in the name of one unit. `acknowledged` counts the broker's own answers."""

    def __init__(self, unit_id: str, *, host: str, port: int, ca: Path, certificate: Path, key: Path) -> None:
        self._unit_id = unit_id
        self._calling = Calling(host=host, port=port, keepalive_s=KEEPALIVE_S)
        self._link = Link(
            client_id="", context=tls_context(ca, certificate, key), on_message=self._take, on_answer=self._count
        )
        self._receipts: list[bytes] = []
        self.acknowledged = 0

    def connect(self) -> None:
        """Raises SyncError."""
        try:
            self._link.open(self._calling, [receipts_topic(self._unit_id)])
        except SyncError as e:
            raise SyncError(f"{self._unit_id}: {e.message}") from e

    def send(self, content: bytes) -> None:
        """One record, or a batch. Raises SyncError."""
        self._link.publish(records_topic(self._unit_id), content)

    def pump(self, timeout_s: float) -> list[bytes]:
        """Let the link work, and give the receipts that came. Raises SyncError when it is gone."""
        self._link.turn(timeout_s)
        if not self._link.up:
            raise SyncError(f"{self._unit_id}: {self._link.why_down}")
        taken, self._receipts = self._receipts, []
        return taken

    def close(self) -> None:
        self._link.close()

    def _take(self, message: Incoming) -> None:
        self._receipts.append(message.content)

    def _count(self, _answer: Answered) -> None:
        self.acknowledged += 1
