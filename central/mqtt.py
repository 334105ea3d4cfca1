"""Central's wire: takes records from the shared subscription, gives receipts back.

Driven by one thread. The session is clean: a broker that queued for an ingest which is gone would hide from the units
that nobody listens (reason 16). A record is acknowledged to the broker only after its receipt was handed over, so at
most RECEIVE_MAXIMUM packets are in memory.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from central.config import BrokerConfig
from edge.core.errors import DoesNotVerify, SyncError
from edge.core.protocol import (
    MAX_PACKET_BYTES,
    Channel,
    channel_of_topic,
    ingest_filter,
    messages_topic,
    receipts_topic,
    split_records,
    unit_of_topic,
)
from edge.wire.link import Calling, Incoming, Link, Pairs
from edge.wire.tls import tls_context

PROPERTIES_BYTES = 8 * 1024
MOST_AT_ONCE = 400
"""Where one batch of deliveries ends; a packet more may bring in as many records as it holds."""
LINGER_S = 0.002
"""A packet takes several reads; the more go in one batch, the fewer commits and receipts there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An envelope from the broker; `token` acknowledges it."""

    unit_id: str
    raw: bytes
    token: int
    channel: Channel = Channel.RECORDS
    retained: bool = False
    protocol: str = ""


class MqttIntake:
    """One ingest process's link; the configuration's paths are relative to `folder`."""

    def __init__(self, *, client_id: str, config: BrokerConfig, folder: Path) -> None:
        self._client_id, self._config = client_id, config
        self._files = [folder / name for name in (config.ca_file, config.cert_file, config.key_file)]
        self._link: Link | None = None
        self._why_down = ""
        self._deliveries: list[Delivery] = []

    def connect(self) -> None:
        """Connect and subscribe. Raises SyncError, or ConfigError for unusable TLS files."""
        self.close()
        self._deliveries = []
        config = self._config
        self._link = link = Link(
            client_id=self._client_id,
            context=tls_context(*self._files),
            on_message=self._take_message,
            on_down=self._lose,
            acknowledge_by_hand=True,
        )
        calling = Calling(
            host=config.host,
            port=config.port,
            keepalive_s=config.keepalive_s,
            largest_packet=MAX_PACKET_BYTES + PROPERTIES_BYTES,
        )
        link.open(calling, [ingest_filter(config.share, channel) for channel in Channel])

    def take(self, timeout_s: float, *, at_least: int = 1) -> list[Delivery]:
        """What has come in; waits for so many, then for more as long as they come within LINGER_S of one another.

        Nothing when fewer came in time: they are kept for the next call. Raises SyncError when the link is gone.
        """
        if self._filled(at_least, timeout_s):
            while len(self._deliveries) < MOST_AT_ONCE and self._filled(len(self._deliveries) + 1, LINGER_S):
                pass
        if self._link is None:
            # Unacknowledged, they are sent again; without a link no receipt could be given.
            self._deliveries = []
        self._linked()
        if len(self._deliveries) < at_least:
            return []
        taken, self._deliveries = self._deliveries, []
        return taken

    def _filled(self, count: int, timeout_s: float) -> bool:
        """Let the link work until so many deliveries are there."""
        deadline = time.monotonic() + timeout_s
        while len(self._deliveries) < count and self._link is not None:
            left_s = deadline - time.monotonic()
            self._link.turn(max(0.0, left_s))
            if left_s <= 0:
                break
        return len(self._deliveries) >= count

    def answer(self, unit_id: str, receipt: bytes) -> None:
        """Hand a receipt to the wire; one that is lost is asked for again by the unit's resending."""
        self._linked().publish(receipts_topic(unit_id), receipt)

    def send(self, unit_id: str, message: bytes, *, expiry_s: int) -> None:
        """Hand a message to the wire. After `expiry_s` the broker drops it, since by then it is sent again."""
        self._linked().publish(messages_topic(unit_id), message, expiry_s=expiry_s)

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        for token in dict.fromkeys(delivery.token for delivery in deliveries):
            if self._link is not None:
                self._link.acknowledge(token)

    def close(self) -> None:
        if self._link is not None:
            self._link.close()

    def _linked(self) -> Link:
        if self._link is None:
            raise SyncError(f"lost the broker: {self._why_down}")
        return self._link

    def _lose(self, why: str) -> None:
        self._link, self._why_down = None, why

    def _take_message(self, message: Incoming) -> None:
        try:
            unit_id, channel = unit_of_topic(message.topic), channel_of_topic(message.topic)
        except DoesNotVerify:
            if self._link is not None:
                self._link.acknowledge(message.token)
            return
        told: dict[str, Any] = {"retained": message.retained, "protocol": _protocol(message.user_properties)}
        records = channel is Channel.RECORDS
        for raw in split_records(message.content) if records else [message.content]:
            self._deliveries.append(Delivery(unit_id=unit_id, raw=raw, token=message.token, channel=channel, **told))


def _protocol(pairs: Pairs) -> str:
    """The user property of that name; whatever else stands among them is left aside."""
    return next((str(value)[:16] for name, value in pairs if name == "protocol"), "")
