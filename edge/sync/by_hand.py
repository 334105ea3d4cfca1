"""Uplink without a wire: what comes is read from a parcel, and what would go is left for the next export."""

from __future__ import annotations

from edge.core.delivery import WireOutcome
from edge.core.errors import SyncError
from edge.core.protocol import Channel, UnitStatus


class NoWire:
    """There is no link, and no record is ever handed to it; confirmations can be made again at any time."""

    def connect(self) -> None:
        raise SyncError("there is no link, only what is carried by hand")

    def publish(self, content: bytes, channel: Channel = Channel.RECORDS) -> None:
        if channel is Channel.RECORDS:
            raise SyncError("there is no link, only what is carried by hand")

    def received(self, timeout_s: float) -> list[bytes]:
        return []

    def outcomes(self) -> list[WireOutcome]:
        return []

    def announce(self, status: UnitStatus) -> None:
        return None

    def close(self) -> None:
        return None
